/** The exchanges, as they go over the wire. */
import { find, make, shortened } from "./dom.js";

export function wireLog() {
  const list = find("wire");
  const clear = find("wire-clear");
  const show = () => {
    clear.hidden = !list.children.length;
    find("wire-empty").hidden = !clear.hidden;
  };
  clear.addEventListener("click", () => {
    list.replaceChildren();
    show();
    find("result").focus();
  });

  function add({ request, answer, milliseconds }) {
    const url = new URL(request.url, location.href);
    const status = answer.fault ? "no whole answer" : `${answer.status} ${answer.statusText}`.trim();
    const { outcome = "", description = "" } = answer.row;
    const number = list.children.length + 1;
    const summary = make(
      "summary",
      {},
      make("span", { class: "method" }, request.method),
      make("span", { class: "path" }, url.pathname),
      make("span", { class: "status", "data-class": answer.fault ? "0" : String(answer.status)[0] }, status),
      make("span", { class: "time" }, `${milliseconds} ms`),
    );
    const meaning = make("p", { class: "meaning" }, make("b", {}, outcome.replaceAll("_", " ")), ` ${description}`);
    for (const other of list.querySelectorAll("details[open]")) other.open = false;
    list.prepend(
      make(
        "li",
        {},
        make("details", { open: true }, summary, meaning, part(`Request ${number}`, asked(request, url)), part(`Answer ${number}`, answered(answer))),
      ),
    );
    show();
  }

  return { add };
}

const part = (title, text) => make("div", {}, make("h3", {}, title), make("pre", { tabindex: "0", role: "region", "aria-label": title }, text));

function asked({ method, headers, body }, url) {
  const lines = Object.entries({ Host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${url.pathname}${url.search} HTTP/1.1`, ...lines, "", pretty(body ?? "")].join("\n").trimEnd();
}

function answered({ status, statusText, headers, text, error, fault }) {
  if (status === undefined) return `(no answer: ${error})`;
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const rest = fault ? `(the rest did not come: ${error})` : pretty(text ?? "");
  return [`HTTP/1.1 ${status} ${statusText}`.trim(), ...lines, "", rest].join("\n").trimEnd();
}

function pretty(text) {
  try {
    return JSON.stringify(shortened(JSON.parse(text)), null, 2);
  } catch {
    return text;
  }
}
