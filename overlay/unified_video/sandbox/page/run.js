/** One run at a time: from the create to the playing video, with its progress. */
import { find, make, say } from "./dom.js";
import { Ended } from "./service.js";

export function runner(client, { ended }) {
  let stopping;
  find("stop").addEventListener("click", () => stopping?.abort(new Stopped()));

  async function start(body) {
    if (stopping) return;
    stopping = new AbortController();
    begin();
    try {
      tell("Sent");
      const taskId = await client.started(body, stopping.signal);
      tell("Accepted");
      const done = await client.waited(taskId, stopping.signal);
      tell("Loading the video");
      play(await client.reachable(done, stopping.signal), body);
      finish("The video is there.", "good");
      showEarlier();
    } catch (error) {
      const calm = error instanceof Stopped;
      finish(error.message, calm ? "calm" : error.uncertain ? "uncertain" : "bad");
      if (!calm && !(error instanceof Ended)) throw error;
    }
    ended();
  }

  function begin() {
    find("made").replaceChildren();
    find("made").hidden = find("outcome").hidden = true;
    find("stage").hidden = false;
    find("progress").hidden = find("stop").hidden = false;
    find("send").disabled = true;
    find("bar").removeAttribute("value");
  }

  function finish(text, kind) {
    stopping = undefined;
    find("progress").hidden = find("stop").hidden = true;
    find("send").disabled = false;
    Object.assign(find("outcome"), { hidden: kind === "good", textContent: text }).dataset.kind = kind;
    say(text);
  }

  function tell(text) {
    find("status").textContent = text;
    say(text);
  }

  function watch({ task, state, pause }) {
    if (!stopping) return;
    if (task) {
      tell(`${task.status} (${state})`);
      const percent = Number.parseFloat(task.progress);
      if (Number.isFinite(percent)) find("bar").value = percent;
    }
    if (pause) {
      const before = task ? "" : find("status").textContent.split(" · ")[0];
      find("status").textContent = `${before} · ${pause.text}`;
    }
  }

  return { start, watch };
}

class Stopped extends Error {
  constructor() {
    super("Stopped asking. The task goes on at the service, and can be asked for again by its id.");
  }
}

function play({ video, last, task }, body) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const player = make("video", { controls: true, loop: true, playsinline: true, src: video, "aria-label": `Video: ${body.prompt}` });
  player.muted = true; // else a browser refuses to start it by itself
  player.autoplay = !still;
  player.addEventListener("error", () => {
    const words = `The video does not play: ${player.error?.message || "this browser cannot read it"}.`;
    Object.assign(find("outcome"), { hidden: false, textContent: words }).dataset.kind = "bad";
  });
  const frame = last && make("figure", {}, make("img", { src: last, alt: "The last frame of the video" }), make("figcaption", {}, make("a", { href: last, download: "" }, "Last frame"), " (PNG, no watermark)"));
  const tokens = task.data?.usage?.total_tokens;
  const facts = make(
    "p",
    { class: "facts" },
    make("code", {}, task.task_id),
    tokens ? ` ${tokens.toLocaleString("en")} tokens ` : " ",
    make("a", { href: video, download: `${task.task_id}.mp4` }, "Download"),
  );
  find("stage").hidden = true;
  find("made").replaceChildren(player, facts, ...(frame ? [frame] : []));
  find("made").hidden = false;
}

/** The list of all tasks is made by the sandbox itself. */
async function showEarlier() {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  find("earlier").replaceChildren(...page.getElementById("earlier").children);
}
