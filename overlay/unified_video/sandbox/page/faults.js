/** Faults to switch on: what the sandbox has to come is the truth, and the switches show it. */
import { find, make } from "./dom.js";

const ROUTE = "/sandbox/faults";
const SWITCHES = [
  ["429: too many requests", "The create is refused, with Retry-After: 2.", { operation: "create", status: 429, retry_after: 2 }],
  // In the middle of the answer: a browser sends a request again by itself where the connection ends before it.
  ["A lost answer", "The create is accepted and charged, and its answer breaks off.", { operation: "create", drop: "answer", accepted: true }],
  ["504 with a page of HTML", "The create is accepted and charged, and a gateway times out.", { operation: "create", status: 504, body: "html", accepted: true }],
  ["The task fails", "At its end, for its content.", { operation: "create", reason: "[OutputVideoSensitiveContentDetected] the video may hold sensitive content" }],
  ["A success without a video", "For one answer; the next has it.", { operation: "query", task_status: "SUCCESS", link: "none" }],
  ["429 while polling", "One query is refused, with Retry-After: 3.", { operation: "query", status: 429, retry_after: 3 }],
  ["An expired link", "The video is gone; the task is asked for a new link.", { operation: "media", expired: true }],
  ["A slow answer", "Three seconds pass before the create is answered.", { operation: "create", delay: 3 }],
];

export function faultPanel() {
  const boxes = SWITCHES.map(([title, hint, fault], index) => {
    const box = make("input", { type: "checkbox", role: "switch", id: `fault-${index}`, "aria-describedby": `fault-${index}-hint` });
    box.addEventListener("change", () => (box.checked ? send("POST", fault) : without(fault)));
    return { box, fault, row: make("div", { class: "switch" }, box, make("label", { for: box.id }, title), make("p", { class: "hint", id: `fault-${index}-hint` }, hint)) };
  });
  find("fault-switches").replaceChildren(...boxes.map(({ row }) => row));
  find("fault-clear").addEventListener("click", () => send("DELETE"));
  find("fault-add").addEventListener("click", () => send("POST", find("fault-json").value));
  find("fault-json").addEventListener("keydown", (event) => event.key === "Enter" && find("fault-add").click());

  async function send(method, fault) {
    const body = typeof fault === "string" ? fault : JSON.stringify(fault);
    const answer = await (await fetch(ROUTE, { method, body })).json();
    find("fault-answer").textContent = answer.error?.message ?? "";
    if (answer.faults) show(answer.faults);
  }

  async function without(fault) {
    const { faults } = await (await fetch(ROUTE)).json();
    const index = faults.findIndex((one) => same(one, fault));
    await fetch(ROUTE, { method: "DELETE" });
    await send("POST", faults.filter((_, other) => other !== index));
  }

  function show(faults) {
    for (const { box, fault } of boxes) box.checked = faults.some((one) => same(one, fault));
    find("fault-count").textContent = faults.length ? `${faults.length} to come` : "";
    find("fault-clear").hidden = !faults.length;
    find("fault-list").replaceChildren(...faults.map((fault) => make("li", {}, make("code", {}, JSON.stringify(fault)))));
  }

  async function refresh() {
    show((await (await fetch(ROUTE)).json()).faults);
  }

  refresh();
  return { refresh };
}

const sorted = (fault) => JSON.stringify(Object.entries(fault).sort());
const same = (one, other) => sorted(one) === sorted(other);
