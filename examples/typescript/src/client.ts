/** Create, query and wait, over the generated types and openapi-fetch. */
import createClient, { type Client } from "openapi-fetch";
import { operations, polling, type Operation, type Row } from "./document.js";
import type { paths, VideoGenerationRequest } from "./generated/api.js";
import { mayRetry, outcomeOf, read, rowFor, taskIdOf, type Answer, type Reading } from "./reading.js";
import { taskOf, type Task } from "./task.js";

/** `name` is the document's class of error. */
export class ServiceError extends Error {
  constructor(
    override readonly name: string,
    readonly reading: Reading,
    readonly task: Task | null = null,
  ) {
    super(`${name}: ${reading.message || reading.fault || `HTTP ${reading.status}`}`);
  }
}

export interface Clock {
  /** Seconds from a point of its own. */
  now(): number;
  sleep(seconds: number): Promise<void>;
  /** 0 to 1. */
  jitter(): number;
}

export const clock: Clock = {
  now: () => performance.now() / 1000,
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  jitter: Math.random,
};

export class Service {
  readonly #client: Client<paths>;

  constructor(baseUrl: string, key: string) {
    this.#client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` }, redirect: "manual" });
  }

  async createOnce(body: VideoGenerationRequest): Promise<Reading> {
    return read(await answered(() => this.#client.POST("/v2/videos/generations", { body, parseAs: "text" })));
  }

  async queryOnce(task_id: string): Promise<Reading> {
    const path = { params: { path: { task_id } }, parseAs: "text" } as const;
    return read(await answered(() => this.#client.GET("/v2/videos/generations/{task_id}", path)));
  }

  /** Sends once, and again only what was surely not accepted. */
  async create(body: VideoGenerationRequest, time: Clock = clock): Promise<string> {
    const policy = operations.create["x-retry"];
    for (let attempt = 1; ; attempt += 1) {
      const reading = await this.createOnce(body);
      const row = rowFor("create", reading);
      if (row.outcome === "accepted" && reading.task) return taskIdOf(reading.task);
      if (attempt >= policy.attempts || !mayRetry("create", row, reading, false)) throw failed(row, reading);
      const pause = Math.min(policy.cap_seconds, policy.base_seconds * policy.factor ** (attempt - 1));
      await time.sleep(Math.max(pause * (1 + policy.jitter * time.jitter()), reading.retryAfter ?? 0));
    }
  }

  wait(taskId: string, options: WaitOptions = {}): Promise<Task> {
    return wait(() => this.queryOnce(taskId), options);
  }
}

export interface WaitOptions {
  timeout?: number;
  /** Whether the task was created just now. */
  fresh?: boolean;
  time?: Clock;
  onUpdate?: (task: Task, reading: Reading) => void;
}

/** Asks until the task has ended; `x-polling` says when. */
export async function wait(query: () => Promise<Reading>, options: WaitOptions): Promise<Task> {
  const { timeout = polling.timeout_seconds, fresh = false, time = clock, onUpdate } = options;
  const began = time.now();
  let seen: Task | null = null;
  let missing = 0;
  for (let poll = 1; ; poll += 1) {
    const reading = await query();
    const row = rowFor("query", reading);
    const isFresh = fresh && time.now() - began < polling.fresh_seconds;
    if (row.outcome === "answered" && reading.task) {
      seen = taskOf(reading.task);
      onUpdate?.(seen, reading);
    } else if (outcomeOf(row, isFresh) !== "transient") {
      throw failed(row, reading, seen);
    }
    const left = began + timeout - time.now();
    if (seen?.done) return ended(seen, reading);
    if (seen?.state === "succeeded" && (++missing > polling.queries_for_missing_video || left <= 0)) {
      throw new ServiceError("ResultMissing", reading, seen);
    }
    if (left <= 0) throw new ServiceError("WaitTimeout", reading, seen);
    const pauses = polling.pauses_seconds;
    const pause = (pauses[Math.min(poll, pauses.length) - 1] ?? 0) * (1 + polling.jitter * time.jitter());
    await time.sleep(Math.min(Math.max(pause, reading.retryAfter ?? 0), left));
  }
}

function ended(task: Task, reading: Reading): Task {
  if (task.state !== "succeeded") throw new ServiceError("TaskFailed", reading, task);
  return task;
}

function failed(row: Row, reading: Reading, task: Task | null = null): ServiceError {
  return new ServiceError(row.error ?? "APIError", reading, task);
}

/** What went over the wire: the body word for word, or how it broke. */
async function answered(call: () => Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<Answer> {
  try {
    const { data, error, response } = await call();
    const body = data ?? error ?? "";
    // openapi-fetch parses the bodies of errors where it can.
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return { status: response.status, header: (name) => response.headers.get(name), body: text };
  } catch (error) {
    return { fault: isUnconnected(error) ? "not_connected" : "broken" };
  }
}

function isUnconnected(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"].includes(code);
}

export type { Operation };
