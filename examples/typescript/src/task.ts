/** An answer to a query as a task: only `task_id` and `status` can be relied on. */
import { finalStates, links, states, type Json, type State } from "./document.js";
import { object, plainAndCode, taskIdOf } from "./reading.js";

export interface Task {
  task_id: string;
  status: string;
  state: State;
  done: boolean;
  progress: number | null;
  fail_reason: string | null;
  fail_code: string | null;
  submitted_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  video_url: string | null;
  last_frame_url: string | null;
  usage: Json | null;
}

export function taskOf(payload: Json): Task {
  const data = object(payload["data"]) ?? { output: payload["data"] };
  const found = "status" in payload ? payload["status"] : (data as Json)["status"];
  const status = found === undefined || found === null ? "" : String(found);
  const state = states[status.trim().toUpperCase()] ?? "unknown";
  const succeeded = state === "succeeded";
  const [lastFrame, video] = succeeded ? linksOf(payload, data) : [null, null];
  const [reason, code] = succeeded ? [null, null] : reasonOf(payload["fail_reason"]);
  return {
    task_id: taskIdOf(payload),
    status,
    state,
    done: finalStates.includes(state) && (!succeeded || video !== null),
    progress: progressOf(payload["progress"]),
    fail_reason: reason,
    fail_code: code,
    submitted_at: moment(payload["submit_time"]),
    started_at: moment(payload["start_time"]),
    finished_at: moment(payload["finish_time"]),
    video_url: video,
    last_frame_url: lastFrame,
    usage: object((data as Json)["usage"]) ?? object(payload["usage"]),
  };
}

function progressOf(value: unknown): number | null {
  const found = /^\s*(\d{1,9}(?:\.\d{1,9})?)\s*%?\s*$/.exec(typeof value === "boolean" ? "" : String(value));
  return found?.[1] === undefined ? null : Math.min(Number(found[1]) / 100, 1);
}

/** Unix seconds; 0 means not yet. */
function moment(value: unknown): number | null {
  const seconds = typeof value === "number" || typeof value === "string" ? Number(value) : 0;
  return seconds > 0 ? Math.trunc(seconds) : null;
}

function reasonOf(value: unknown): [string | null, string | null] {
  const [text, code] = typeof value === "string" ? plainAndCode(value.trim()) : ["", null];
  const coded = /^\s*\[([^\]]{1,200})\]\s*(.*)$/s.exec(text);
  if (coded?.[1] !== undefined) return [coded[2]?.trim() || coded[1], coded[1]];
  return [text || null, code];
}

function linksOf(payload: Json, data: Json): [string | null, string | null] {
  const { data: _, ...beside } = payload;
  const [name = "", ...places] = links.last_frame;
  const holders = [data, beside, ...objectsIn(data, places), ...objectsIn(beside, places)];
  const lastFrame = holders.flatMap((holder) => linksIn(holder[name], ["url"]))[0] ?? null;
  const videos = [...linksIn(data, links.video), ...linksIn(beside, links.video), ...linksIn(payload["fail_reason"], [])];
  return [lastFrame, videos.find((link) => link !== lastFrame && !isPicture(link)) ?? null];
}

function objectsIn(holder: Json, places: string[]): Json[] {
  const values = places.map((place) => holder[place]).flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
  return values.map(object).filter((one) => one !== null);
}

function linksIn(value: unknown, names: string[]): string[] {
  if (typeof value === "string") return /^https?:\/\/\S+$/i.test(value.trim()) ? [value.trim()] : [];
  if (Array.isArray(value)) return value.flatMap((item) => linksIn(item, names));
  const found = object(value);
  return found ? names.flatMap((name) => linksIn(found[name], names)) : [];
}

function isPicture(link: string): boolean {
  return /\.(png|jpe?g|webp|gif|bmp)$/i.test(link.split(/[?#]/, 1)[0] ?? "");
}
