/** The file behind a link, as `x-download` says: resumed, checked, and under its name only when it is whole. */
import { open, rename, type FileHandle } from "node:fs/promises";
import { clock, type Clock } from "./client.js";
import { downloads, operations, type Row } from "./document.js";
import { retryAfter, statusFits } from "./reading.js";
import { fault } from "./mp4.js";

export interface Got {
  status: number;
  header: (name: string) => string | null;
  /** Throws where the connection breaks. */
  body: AsyncIterable<Uint8Array>;
}

/** One request, without the key; follows no redirect, and throws where no answer came. */
export type Send = (url: string, headers: Record<string, string>) => Promise<Got>;

export class DownloadError extends Error {
  constructor(override readonly name: string, reason: string) {
    super(`${name}: ${reason}`);
  }
}

export interface DownloadOptions {
  /** Asks the task for its link again; null for none. */
  newLink?: () => Promise<string | null>;
  send?: Send;
  time?: Clock;
}

export async function download(link: string, path: string, options: DownloadOptions = {}): Promise<void> {
  const { newLink = () => Promise.resolve(null), send = overFetch, time = clock } = options;
  const file = await open(`${path}.part`, "w+");
  try {
    await tryAgain(link, new Part(file), newLink, send, time);
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}

class Part {
  size = 0;
  /** What tells this file from another one at the same place. */
  validator: string | null = null;
  announced: number | null = null;

  constructor(readonly file: FileHandle) {}

  async restart(validator: string | null, announced: number | null): Promise<void> {
    [this.size, this.validator, this.announced] = [0, validator, announced];
    await this.file.truncate(0);
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.file.write(chunk, 0, chunk.length, this.size);
    this.size += chunk.length;
  }
}

interface Try { row: Row; reason: string; retryAfter?: number | null }

async function tryAgain(link: string, part: Part, newLink: () => Promise<string | null>, send: Send, time: Clock): Promise<void> {
  const policy = operations.query["x-retry"];
  let queries = 0;
  for (let attempt = 1; ; ) {
    const found = await once(link, part, send);
    if (found.row.outcome === "received") return;
    const fresh = found.row.outcome === "link_expired" && queries++ < downloads.queries_for_new_link ? await newLink() : null;
    if (fresh !== null) {
      link = fresh;
      continue;
    }
    const mayTry = ["transient", "restart"].includes(found.row.outcome) && attempt < policy.attempts;
    const asked = found.retryAfter ?? 0;
    if (!mayTry || asked > policy.longest_retry_after_seconds) throw new DownloadError(found.row.error ?? "DownloadFailed", found.reason);
    if (found.row.outcome === "restart") await part.restart(null, null);
    const pause = Math.min(policy.cap_seconds, policy.base_seconds * policy.factor ** (attempt - 1));
    await time.sleep(Math.max(pause * (1 + policy.jitter * time.jitter()), asked));
    attempt += 1;
  }
}

async function once(link: string, part: Part, send: Send): Promise<Try> {
  let url = link;
  for (let redirects = 0; ; redirects += 1) {
    const got = await send(url, rangeOf(part)).catch(() => null);
    if (got === null) return { row: rowOf("broken"), reason: "no answer" };
    const row = downloads.outcomes.find((one) => statusFits(one, String(got.status))) ?? rowOf("refused");
    if (row.outcome === "received") return take(got, part);
    const wait = retryAfter(got.header("retry-after"), got.header("date"));
    if (row.outcome !== "redirected") return { row, reason: `HTTP ${got.status}`, retryAfter: wait };
    const next = addressIn(got.header("location"), url);
    if (!next || redirects >= downloads.most_redirects || isWorse(url, next)) {
      return { row: rowOf("refused"), reason: "a redirect that is not followed" };
    }
    url = next.href;
  }
}

function rangeOf(part: Part): Record<string, string> {
  return part.size && part.validator ? { Range: `bytes=${part.size}-`, "If-Range": part.validator } : {};
}

function rowOf(name: "broken" | "refused" | "received" | "restart"): Row {
  const found = downloads.outcomes.find((one) => one.fault === name || (one.fault === undefined && one.outcome === name));
  if (!found) throw new Error(`the document has no row ${name}`);
  return found;
}

function addressIn(location: string | null, from: string): URL | null {
  return location !== null && URL.canParse(location, from) ? new URL(location, from) : null;
}

function isWorse(from: string, to: URL): boolean {
  return !["http:", "https:"].includes(to.protocol) || (from.startsWith("https:") && to.protocol === "http:");
}

async function take(got: Got, part: Part): Promise<Try> {
  if (got.status === 206 && !isTheRest(got, part)) return { row: rowOf("restart"), reason: "a part of another file" };
  if (got.status !== 206) await part.restart(validatorOf(got), Number(got.header("content-length") ?? Number.NaN));
  try {
    for await (const chunk of got.body) await part.append(chunk);
  } catch {
    return { row: rowOf("broken"), reason: "the connection broke" };
  }
  if (part.size < (part.announced ?? 0)) return { row: rowOf("broken"), reason: "the end is missing" };
  const wrong = await fault(part.file, part.size);
  return wrong ? { row: rowOf("refused"), reason: wrong } : { row: rowOf("received"), reason: "" };
}

function isTheRest(got: Got, part: Part): boolean {
  return (got.header("content-range") ?? "").startsWith(`bytes ${part.size}-`) && validatorOf(got) === part.validator;
}

/** A weak ETag does not tell one byte from another. */
function validatorOf(got: Got): string | null {
  const tag = got.header("etag");
  return tag?.startsWith('"') ? tag : got.header("last-modified");
}

async function overFetch(url: string, headers: Record<string, string>): Promise<Got> {
  const response = await fetch(url, { headers: { "Accept-Encoding": "identity", ...headers }, redirect: "manual" });
  return { status: response.status, header: (name) => response.headers.get(name), body: chunks(response) };
}

async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) yield part.value;
}
