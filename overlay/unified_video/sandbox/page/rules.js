/** The document's own rules, evaluated by the vendored JSON Schema library. Nothing about the service stands here. */
import { loadValidator } from "./library.js";

const STRICT = "error_when_strict";
const ROOT = { base: "https://document.invalid/" }; // the library looks references up under an absolute name only

/** What the page asks of the document. */
export async function reading(document) {
  const Validator = await loadValidator();
  const { schemas } = document.components;
  const resolve = (schema) => {
    while (schema?.$ref) schema = schema.$ref.slice(2).split("/").reduce((found, key) => found[key], document);
    return schema ?? {};
  };
  // References are looked up from the root, so each schema that is evaluated gets the document's components.
  const breaches = (body, schema) =>
    new Validator().validate(body, { ...schema, components: document.components }, ROOT).errors.filter((one) => one.name !== "allOf");

  const request = schemas.VideoGenerationRequest;
  const parts = request.allOf ?? [];
  const plain = { ...request, allOf: parts.filter((part) => !(part.title && part.if)) };
  const rules = parts.filter((part) => part.title && part.if).map((rule) => ({ ...rule, severity: "error" }));
  const warnings = request["x-warnings"] ?? [];
  const options = resolve(parts.find((part) => part.$ref)).properties ?? {};
  const fields = Object.fromEntries(
    Object.entries({ ...request.properties, ...options }).map(([name, schema]) => [name, resolve(schema)]),
  );
  const optional = Object.keys(options);

  /** Every violation, errors first: `{field, rule, message, severity, strict}`. */
  function violations(body) {
    const wrong = new Map();
    for (const breach of breaches(body, plain)) {
      const found = ofWord(breach, fields);
      if (!wrong.has(found.field)) wrong.set(found.field, found); // one mistake is told once
    }
    const broken = [...rules, ...warnings].flatMap((rule) => ofRule(rule, breaches(body, rule), wrong));
    const all = [...wrong.values(), ...broken];
    return [...all.filter((one) => one.severity === "error"), ...all.filter((one) => one.severity !== "error")];
  }

  /** The request that a careful client sends: the document's client defaults fill what was left out. */
  function filled(given) {
    const added = {};
    for (const { field, value, ...wanted } of request["x-client-defaults"] ?? []) {
      const now = { ...given, ...added };
      const applies = new Validator().validate(now, { ...wanted.if, components: document.components }, ROOT).valid;
      if (!(field in now) && applies) added[field] = value;
    }
    const known = { ...given, ...added };
    const order = Object.keys(fields).filter((name) => name in known);
    return Object.fromEntries(order.map((name) => [name, known[name]]));
  }

  return { document, schemas, fields, optional, violations, filled, resolve };
}

function ofWord(breach, fields) {
  const path = breach.name === "required" ? [...breach.path, breach.argument] : breach.path;
  const field = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("").replace(/^\./, "");
  const about = firstSentence(fields[path[0]]);
  return { field, rule: breach.name, message: `${sentence(breach)} ${about}`.trim(), severity: "error", strict: false };
}

function sentence(breach) {
  if (breach.name === "pattern" && !String(breach.instance).trim()) return "Is blank: write something.";
  const words = breach.message.replace(/^requires property .*/, "is missing, and required");
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}

/** A titled rule is one sentence for a field, however many of its words are broken. */
function ofRule(rule, breaches, wrong) {
  const names = breaches.map((breach) => (breach.name === "required" ? breach.argument : breach.path[0]));
  const message = oneLine(rule.description);
  return [...new Set(names)]
    .filter((field) => !wrong.has(field))
    .map((field) => ({
      field,
      rule: rule.title,
      message,
      severity: rule.severity === "error" ? "error" : "warning",
      strict: rule.severity === STRICT,
    }));
}

export const oneLine = (text) => (text ?? "").split(/\s+/).join(" ").trim();
export const firstSentence = (schema) => oneLine(schema?.description).split(/(?<=[.!?])\s/)[0].replaceAll("`", "");
