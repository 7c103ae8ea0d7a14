/** A group of radio buttons for the values of a field, each marked where it would be refused, and why below them. */
import { make } from "./dom.js";

const MANY = 6;
const RATIO = /^(\d{1,4}):(\d{1,4})$/;

/** `values`: `{value, label, detail, tags}`, the first stands for "not set". Gives `{element, value, set, mark}`. */
export function choices({ name, title, hint, values, cards, onchange }) {
  const inputs = values.map((one, index) =>
    make("input", { type: "radio", name, id: `${name}-${index}`, value: String(index), checked: index === 0, onchange }),
  );
  const marks = values.map(() => make("span", { class: "mark" }));
  const labels = values.map((one, index) =>
    make(
      "label",
      { for: inputs[index].id, class: "choice" },
      shape(one.value),
      make("span", { class: "value" }, one.label),
      one.detail && make("span", { class: "detail" }, one.detail),
      one.tags && make("span", { class: "tags" }, ...one.tags.map((tag) => make("span", {}, tag))),
      marks[index],
    ),
  );
  const why = make("ul", { class: "why", id: `${name}-why` });
  const words = make("p", { class: "hint", id: `${name}-hint` }, hint);
  const pairs = values.map((_, index) => make("div", { class: "pair" }, inputs[index], labels[index]));
  const element = make(
    "fieldset",
    { class: cards ? "cards" : values.length > MANY ? "chips many" : "chips", "aria-describedby": `${words.id} ${why.id}` },
    make("legend", {}, title),
    words,
    make("div", { class: "set" }, ...pairs),
    why,
  );

  /** `found`: for each value the violations that it would bring. */
  function mark(found) {
    const reasons = new Map();
    found.forEach((violations, index) => {
      const worst = violations[0]?.severity ?? "";
      labels[index].dataset.mark = worst;
      marks[index].textContent = worst && (worst === "error" ? "refused" : "warning");
      for (const { message } of violations) {
        reasons.set(message, [...(reasons.get(message) ?? []), values[index].label]);
      }
    });
    const lines = [...reasons].map(([message, names]) =>
      make("li", {}, !message.startsWith(names[0]) && make("b", {}, `${names.join(", ")}: `), message),
    );
    why.replaceChildren(...lines);
  }

  return { element, mark, values, value: () => values[inputs.findIndex((input) => input.checked)].value };
}

/** A drawing of what is a ratio in numbers. */
function shape(value) {
  const found = RATIO.exec(String(value));
  if (!found || !Number(found[1]) || !Number(found[2])) return null;
  const drawing = make("span", { class: "shape", "aria-hidden": "true" });
  const scale = 18 / Math.max(found[1], found[2]);
  drawing.style.width = `${found[1] * scale}px`; // not as an attribute, which the policy of the page forbids
  drawing.style.height = `${found[2] * scale}px`;
  return drawing;
}
