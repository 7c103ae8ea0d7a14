/** Asks the service as the document prescribes: what an answer means, what is sent again, when, and when to give up. */

const KEY = "any";
const OWN = { CREATE: "create_video_generation", QUERY: "get_video_generation" };

/** `watch(event)`: told of each exchange and of each pause. `signal`: ends the wait. */
export function serviceOf(reading, base, watch) {
  const operations = Object.fromEntries(
    Object.entries(reading.document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => [operation.operationId, { ...operation, path }]),
    ),
  );
  const create = operations[OWN.CREATE];
  const query = operations[OWN.QUERY];
  const { VideoTask, VideoTaskData, TaskStatus, TaskError } = reading.schemas;
  const polling = query["x-polling"];
  const headers = { Authorization: `Bearer ${KEY}` };

  async function exchange(kind, rows, request) {
    const { url, ...init } = request;
    const started = performance.now();
    const answer = { fault: "broken" };
    try {
      const response = await fetch(url, { ...init, cache: "no-store" });
      const { status, statusText } = response;
      Object.assign(answer, { status, statusText, headers: [...response.headers] });
      answer.text = kind === "media" ? await mediaText(response) : await response.text();
      answer.json = parsed(answer.text);
      answer.fault = undefined;
    } catch (error) {
      answer.error = error.message; // a browser does not tell a refused connection from a broken one
    }
    answer.row = rows.find((row) => fits(row, answer)) ?? {};
    watch({ exchange: { kind, request, answer, milliseconds: Math.round(performance.now() - started) } });
    return answer;
  }

  function fits(row, answer) {
    if (row.fault || answer.fault) return row.fault === answer.fault;
    const body = taskOf(answer.json) ? "task" : errorOf(answer.json) ? "error" : "other";
    const error = errorOf(answer.json) ?? {};
    const code = String(error.code ?? "").toLowerCase();
    const says =
      !row.says ||
      row.says.codes?.includes(code) ||
      (row.says.message && new RegExp(row.says.message, "i").test(error.message ?? ""));
    const listed = row.statuses.some((one) => one === String(answer.status) || (one.endsWith("XX") && one[0] === String(answer.status)[0]));
    return listed && (!row.body || row.body === body) && says;
  }

  const named = (value) => (value && typeof value === "object" && typeof value.task_id === "string" && value.task_id ? value : undefined);
  /** The task of an answer, flat or in an envelope. */
  const taskOf = (json) => named(json) ?? named(json?.data);

  function errorOf(json) {
    if (!json || typeof json !== "object") return undefined;
    if (json.error) return typeof json.error === "string" ? { message: json.error } : json.error;
    const good = TaskError["x-success-codes"].includes(String(json.code ?? "").toLowerCase());
    return "code" in json && !good ? json : undefined;
  }

  /** Sends a create, and again where it was surely not accepted. */
  async function started(body, signal) {
    const retry = create["x-retry"];
    for (let attempt = 1; ; attempt++) {
      const answer = await exchange("create", create["x-outcomes"], {
        url: base + create.path,
        method: "POST",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      const { outcome } = answer.row;
      if (outcome === "accepted") return taskOf(answer.json).task_id;
      if (outcome !== "not_accepted" || attempt === retry.attempts) throw new Ended(answer);
      const pause = Math.max(backOff(retry, attempt), retryAfter(answer));
      if (pause > retry.longest_retry_after_seconds) throw new Ended(answer);
      await paused(pause, signal, `It was surely not accepted, so it is sent again: attempt ${attempt + 1} of ${retry.attempts}`);
    }
  }

  /** Polls to the end; gives the task that ended well, with its links. */
  async function waited(taskId, signal) {
    const begun = performance.now();
    const passed = () => (performance.now() - begun) / 1000;
    let missing = 0;
    for (let asked = 0; ; asked++) {
      const answer = await asking(taskId);
      const task = taskOf(answer.json);
      const fresh = passed() < polling.fresh_seconds;
      const outcome = (fresh && answer.row.while_fresh) || answer.row.outcome;
      if (outcome === "refused") throw new Ended(answer);
      if (outcome === "answered") {
        const state = stateOf(task);
        watch({ task, state });
        if (state === "failed" || state === "cancelled") throw new Ended(answer, `TaskFailed: ${task.fail_reason || task.status}`);
        if (state === "succeeded") {
          const found = linksOf(task);
          if (found.video) return { task, ...found };
          if (missing++ === polling.queries_for_missing_video) throw new Ended(answer, "ResultMissing: the task succeeded, and its answer has no video.");
        }
      }
      const pauses = polling.pauses_seconds;
      const left = polling.timeout_seconds - passed();
      if (left <= 0) throw new Ended(answer, `WaitTimeout: the wait ended after ${polling.timeout_seconds} s. Task ${taskId} goes on at the service.`);
      const pause = Math.max(pauses[Math.min(asked, pauses.length - 1)], retryAfter(answer));
      await paused(Math.min(pause, left), signal, outcome === "transient" ? `${answer.row.description} Asked again` : "Next query");
    }
  }

  const asking = (taskId) =>
    exchange("query", query["x-outcomes"], {
      url: base + query.path.replace("{task_id}", encodeURIComponent(taskId)),
      method: "GET",
      headers,
    });

  /** Looks at the first bytes of a file, which the player then loads: an expired link is asked for anew. */
  async function reachable(found, signal) {
    const { outcomes, queries_for_new_link: most } = query["x-download"];
    const retry = query["x-retry"];
    let renewed = 0;
    for (let attempt = 1, links = found; ; attempt++) {
      const answer = await exchange("media", outcomes, { url: links.video, method: "GET", headers: { Range: "bytes=0-1" } });
      const { outcome } = answer.row;
      if (outcome === "received") return links;
      if (outcome === "link_expired" && renewed++ < most) {
        watch({ pause: { text: "The link has expired: the task is asked once for a new one." } });
        const task = taskOf((await asking(links.task.task_id)).json);
        links = { task, ...linksOf(task) };
      } else if (outcome === "transient" && attempt < retry.attempts) {
        await paused(Math.max(backOff(retry, attempt), retryAfter(answer)), signal, "Loaded again");
      } else {
        throw new Ended(answer);
      }
    }
  }

  async function paused(seconds, signal, text) {
    watch({ pause: { seconds, text: `${text} in ${Number(seconds.toFixed(1))} s.` } });
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, seconds * 1000);
      const stop = () => (clearTimeout(timer), reject(signal.reason));
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  const stateOf = (task) => TaskStatus["x-states"][task.status?.toUpperCase?.()] ?? "unknown";

  function linksOf(task) {
    const names = VideoTaskData["x-links"];
    const within = (list) => link(task.data, list) ?? link(task, list.filter((name) => name !== "data"));
    const last = within(names.last_frame.slice(0, 1)) ?? link(task.data?.content, names.last_frame.slice(0, 1));
    const video = within(names.video) ?? link([task.fail_reason], names.video);
    return { video, last };
  }

  return { started, waited, reachable, createPath: create.path, polling, states: TaskStatus["x-states"], links: VideoTaskData["x-links"].video, lifetime: VideoTask["x-link-lifetime-seconds"] };
}

/** Why it ended: the row of the document that fits the last answer, or words of our own. */
export class Ended extends Error {
  constructor({ row, json, error }, words) {
    const said = json?.error?.message ?? (typeof json?.message === "string" ? json.message : "") ?? error ?? "";
    super(words ?? `${row.error ?? "Error"}: ${row.description ?? "an answer that the document does not list."}${said ? ` It says: ${said}` : ""}`);
    this.uncertain = row.outcome === "uncertain";
  }
}

/** The first link under one of the names, in lists and objects too. */
function link(value, names) {
  if (typeof value === "string") return /^https?:\/\//i.test(value) ? value : undefined;
  if (Array.isArray(value)) return first(value, (item) => link(item, names));
  if (!value || typeof value !== "object") return undefined;
  return first(names.filter((name) => name in value), (name) => link(value[name], names));
}

const first = (items, of) => items.reduce((found, item) => found ?? of(item), undefined);
const backOff = (retry, attempt) => Math.min(retry.cap_seconds, retry.base_seconds * retry.factor ** (attempt - 1));

function retryAfter({ headers = [] }) {
  const text = new Map(headers).get("retry-after") ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  return Math.max(0, (Date.parse(text) - Date.now()) / 1000) || 0;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A file is no text: only an error's words are shown. */
async function mediaText(response) {
  if (!response.ok) return response.text();
  const size = (await response.arrayBuffer()).byteLength;
  return `(${size} bytes)`;
}
