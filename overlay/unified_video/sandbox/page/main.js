/** The playground: a form made from the document, its rules, the call in other languages, and a run of it. */
import { choices } from "./choices.js";
import { LANGUAGES, written } from "./calls.js";
import { copy, find, make } from "./dom.js";
import { faultPanel } from "./faults.js";
import { fieldOf, UNSET } from "./fields.js";
import { imagesField } from "./images.js";
import { firstSentence, reading } from "./rules.js";
import { runner } from "./run.js";
import { serviceOf } from "./service.js";
import { tabs } from "./tabs.js";
import { wireLog } from "./wire.js";

const BASE = location.origin;
const document_ = await (await fetch("/sandbox/document")).json();
const service = await reading(document_);
const { fields } = service;

const wire = wireLog();
const faults = faultPanel();
const prompt = find("prompt");
const model = modelChoices();
const images = imagesField(fields.images ?? {}, changed);
const options = service.optional.map((name) => fieldOf(name, fields[name], changed));
const calls = tabs(find("call-tabs"), find("call"), LANGUAGES, showCall);
const client = serviceOf(service, BASE, watch);
const run = runner(client, { ended: () => faults.refresh() });

prompt.value = fields.prompt.examples?.[0] ?? "";
find("prompt-hint").textContent = firstSentence(fields.prompt);
find("base-url").textContent = BASE;
find("model").append(model.element);
find("images").append(images.element);
find("options").append(...options.map((one) => one.element));
prompt.addEventListener("input", changed);
find("copy-base-url").addEventListener("click", (event) => copy(BASE, event.target));
find("copy-call").addEventListener("click", (event) => copy(call().copied, event.target));
find("request").addEventListener("submit", (event) => {
  event.preventDefault();
  run.start(body());
});
prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) find("request").requestSubmit();
});
changed();
document.documentElement.dataset.ready = "yes";

function modelChoices() {
  const { enum: names = [], "x-models": known = {} } = fields.model;
  const automatic = { value: UNSET, label: "Chosen by the client", detail: " " };
  const values = names.map((name) => ({ value: name, label: name, detail: known[name]?.title, tags: (known[name]?.modes ?? []).map((mode) => mode.replaceAll("_", " ")) }));
  return choices({ name: "model-choice", title: "Model", hint: firstSentence(fields.model), values: [automatic, ...values], cards: true, onchange: changed });
}

/** What was set, under the names of the document; the pictures as data URIs. */
function given(others = {}) {
  const pictures = images.images().map((image) => image.uri);
  const all = {
    prompt: prompt.value,
    model: model.value(),
    images: pictures.length ? pictures : UNSET,
    ...Object.fromEntries(options.map((one) => [one.name, one.value()])),
    ...others,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== UNSET));
}

function body() {
  return service.filled(given());
}

function call() {
  const { polling, states, links, createPath: path } = client;
  return written(calls.chosen(), { base: BASE, path, body: body(), given: given(), images: images.images(), polling, states, links });
}

function showCall() {
  find("call").textContent = call().shown;
}

function changed() {
  const found = [...service.violations(body()), ...images.limits()];
  found.sort((one, other) => one.severity.localeCompare(other.severity)); // errors before warnings
  showProblems(found);
  markChoices();
  showEffective();
  showCall();
}

function showProblems(found) {
  const errors = found.filter((one) => one.severity === "error").length;
  const lines = found.map((one) =>
    make(
      "li",
      { class: one.severity },
      make("b", {}, one.severity === "error" ? "Error" : "Warning", " ", make("code", {}, one.field)),
      ` ${one.message} `,
      make("small", {}, one.rule, one.strict ? ", an error in strict mode" : ""),
    ),
  );
  find("problems").replaceChildren(...(lines.length ? [make("ul", {}, ...lines)] : []));
  find("send").textContent = errors ? "Send it all the same" : "Make the video";
  find("send").classList.toggle("refused", errors > 0);
}

/** What each choice would bring, that the same request without it would not. Pictures are stood in for: they are long. */
function markChoices() {
  const pictures = images.images().map(() => "data:,");
  const without = pictures.length ? { images: pictures } : {};
  const broken = (name, value) => service.violations(service.filled(given({ ...without, [name]: value })));
  const key = (one) => `${one.field} ${one.rule}`;
  for (const [name, group] of [["model", model], ...options.filter((one) => one.mark).map((one) => [one.name, one])]) {
    const plain = new Set(broken(name, UNSET).map(key));
    group.mark(group.values.map(({ value }) => (value === UNSET ? [] : broken(name, value).filter((one) => !plain.has(key(one))))));
  }
}

/** The shape of what comes, and what the client fills in. */
function showEffective() {
  const sent = body();
  const value = (name) => sent[name] ?? fields[name]?.default;
  const size = fields.resolution?.["x-frame-sizes"]?.[value("resolution")]?.[value("ratio")];
  find("stage").style.aspectRatio = size ? `${size[0]} / ${size[1]}` : "16 / 9";
  const length = value("duration") ? `, ${value("duration")} s` : "";
  find("frame-size").textContent = size ? `${size[0]} × ${size[1]}${length}` : `${value("ratio") ?? ""}: follows the picture${length}`;
  model.element.querySelector(".detail").textContent = model.value() === UNSET ? `now ${sent.model}` : "fits the pictures";
  const words = prompt.value.trim().split(/\s+/).filter(Boolean).length;
  find("prompt-count").textContent = `${counted([...prompt.value].length, "character")}, ${counted(words, "word")}`;
}

function counted(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function watch(event) {
  if (event.exchange) {
    wire.add(event.exchange);
    faults.refresh();
  }
  run.watch(event);
}
