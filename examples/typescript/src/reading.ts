/** One answer, or none, in plain data; and the row of `x-outcomes` that decides what it means. */
import { operations, requestIdHeaders, successCodes, type Json, type Operation, type Row } from "./document.js";

export type Answer =
  | { fault: "not_connected" | "broken" }
  | { status: number; header: (name: string) => string | null; body: string };

export interface Reading {
  fault: "not_connected" | "broken" | null;
  status: number | null;
  payload: Json | null;
  /** The object that holds the task id: the payload, or the `data` in it. */
  task: Json | null;
  isError: boolean;
  code: string | null;
  message: string;
  requestId: string | null;
  retryAfter: number | null;
}

const NOTHING: Reading = {
  fault: null, status: null, payload: null, task: null, isError: false, code: null, message: "", requestId: null, retryAfter: null,
};

export function read(answer: Answer): Reading {
  if ("fault" in answer) return { ...NOTHING, fault: answer.fault };
  const payload = object(parsed(answer.body));
  const named = requestIdHeaders.map(answer.header).find((value) => value !== null);
  return {
    ...NOTHING,
    ...errorIn(payload),
    status: answer.status,
    payload,
    task: withTaskId(payload),
    requestId: named ?? null,
    retryAfter: retryAfter(answer.header("retry-after"), answer.header("date")),
  };
}

export function object(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function words(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

export function taskIdOf(task: Json): string {
  const found = words(task["task_id"]) ?? "";
  return found.trim() === "" || found === "." || found === ".." ? "" : found;
}

function withTaskId(payload: Json | null): Json | null {
  const candidates = [payload, object(payload?.["data"])];
  return candidates.find((one) => one !== null && taskIdOf(one) !== "") ?? null;
}

function errorIn(payload: Json | null): Pick<Reading, "code" | "message" | "isError"> {
  const inner = payload?.["error"];
  const nested = object(inner);
  if (nested) {
    const code = words(nested["code"]);
    const message = plain((words(nested["message"]) || words(nested["type"])) ?? "");
    return { code, message, isError: Boolean(code || message) };
  }
  const code = words(payload?.["code"]);
  if (typeof inner === "string" && inner !== "") return { code, message: plain(inner), isError: true };
  const message = words(payload?.["message"]);
  const isError = code !== null && message !== null && !successCodes.includes(code.toLowerCase());
  return { code: isError ? code : null, message: plain(message ?? ""), isError };
}

/** The words in a message that may be the upstream's JSON as a string. */
export function plain(text: string): string {
  return plainAndCode(text)[0];
}

/** The same, and the code that stands beside the words. */
export function plainAndCode(text: string): [string, string | null] {
  let code: string | null = null;
  for (let depth = 0; depth < 3 && text.trimStart().startsWith("{"); depth += 1) {
    const found = object(parsed(text));
    const inner = object(found?.["error"]);
    const holder = [found, inner].find((one) => typeof one?.["message"] === "string");
    const next = holder?.["message"] ?? found?.["error"];
    if (typeof next !== "string") break;
    code = words((holder ?? found)?.["code"]) ?? code;
    text = next;
  }
  return [text, code];
}

export function retryAfter(value: string | null, date: string | null): number | null {
  const text = (value ?? "").trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const until = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until)) return null;
  const sent = Date.parse(date ?? "");
  return Math.max(0, (until - (Number.isNaN(sent) ? Date.now() : sent)) / 1000);
}

/** The first row that fits. */
export function rowFor(operation: Operation, reading: Reading): Row {
  const rows = operations[operation]["x-outcomes"];
  const found = rows.find((row) => fits(row, reading)) ?? rows.find((row) => row.fault === "broken");
  if (!found) throw new Error("the document has no row for this answer");
  return found;
}

function fits(row: Row, reading: Reading): boolean {
  if (reading.fault !== null || row.fault !== undefined) return reading.fault === (row.fault ?? null);
  return statusFits(row, String(reading.status)) && bodyFits(row, reading) && saysSo(row, reading);
}

export function statusFits(row: Row, status: string): boolean {
  return (row.statuses ?? []).some((one) => one === status || one === `${status.charAt(0)}XX`);
}

function bodyFits(row: Row, reading: Reading): boolean {
  return row.body === undefined || (row.body === "task" ? reading.task !== null : reading.isError);
}

function saysSo(row: Row, reading: Reading): boolean {
  if (!row.says) return true;
  if (row.says.codes.includes((reading.code ?? "").toLowerCase())) return true;
  return row.says.message !== undefined && new RegExp(row.says.message, "is").test(reading.message.slice(0, 2000));
}

export function outcomeOf(row: Row, fresh: boolean): string {
  return (fresh ? row.while_fresh : undefined) ?? row.outcome;
}

/** Whether a client with tries left sends the request again. */
export function mayRetry(operation: Operation, row: Row, reading: Reading, fresh: boolean): boolean {
  const longest = operations[operation]["x-retry"].longest_retry_after_seconds;
  const passing = operation === "create" ? "not_accepted" : "transient";
  return outcomeOf(row, fresh) === passing && (reading.retryAfter ?? 0) <= longest;
}
