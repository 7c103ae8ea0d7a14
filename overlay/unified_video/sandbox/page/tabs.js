/** Tabs for one panel, by arrow keys too. */
import { make } from "./dom.js";

export function tabs(list, panel, titles, onchange) {
  const names = Object.keys(titles);
  let chosen = names[0];
  const buttons = names.map((name) =>
    make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": panel.id, onclick: () => choose(name) }, titles[name].title),
  );

  function choose(name) {
    chosen = name;
    mark();
    onchange();
  }

  function mark() {
    names.forEach((name, index) => {
      buttons[index].setAttribute("aria-selected", String(name === chosen));
      buttons[index].tabIndex = name === chosen ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `tab-${chosen}`);
  }

  const MOVES = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  list.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const now = names.indexOf(chosen);
    const next = Number.isFinite(move) ? (now + move + names.length) % names.length : move < 0 ? 0 : names.length - 1;
    choose(names[next]);
    buttons[next].focus();
  });

  list.append(...buttons);
  mark();
  return { chosen: () => chosen };
}
