/** The optional fields of the document as inputs, each after its schema: a new one shows with no change here. */
import { choices } from "./choices.js";
import { make } from "./dom.js";
import { firstSentence } from "./rules.js";

export const UNSET = undefined;

/** Gives `{name, element, value}`, and `mark` and `values` where there are choices. */
export function fieldOf(name, schema, onchange) {
  const kinds = [schema.type ?? []].flat().filter((kind) => kind !== "null");
  const common = { name, title: name, hint: firstSentence(schema), onchange };
  if (schema.enum) return { name, ...choices({ ...common, values: [unset(schema), ...schema.enum.map(plain)] }) };
  if (kinds[0] === "boolean") return { name, ...choices({ ...common, values: [unset(schema), plain(true), plain(false)] }) };
  return { name, ...textField(common, schema, READERS[kinds[0]] ?? ((text) => text)) };
}

const plain = (value) => ({ value, label: String(value) });
const unset = (schema) => ({
  value: UNSET,
  label: "not set",
  detail: "default" in schema ? `service: ${schema.default}` : undefined,
});

function textField({ name, title, hint, onchange }, schema, read) {
  const numeric = ["integer", "number"].includes(schema.type);
  const range = "minimum" in schema && "maximum" in schema ? ` From ${schema.minimum} to ${schema.maximum}.` : "";
  const input = make("input", {
    id: name,
    type: "text",
    inputmode: numeric ? "decimal" : "text",
    autocomplete: "off",
    placeholder: "not set",
    "aria-describedby": `${name}-hint`,
    oninput: onchange,
  });
  const element = make(
    "div",
    { class: "field" },
    make("label", { for: name }, title),
    make("p", { class: "hint", id: `${name}-hint` }, hint + (hint.includes(String(schema.maximum)) ? "" : range)),
    input,
  );
  return { element, value: () => (input.value === "" ? UNSET : read(input.value)) };
}

// What does not read as its type goes on as text, and the rules say so.
const number = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
const json = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
const READERS = { integer: number, number, array: json, object: json };
