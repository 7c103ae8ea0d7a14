/** Runs the conformance vectors over a socket, and the requests through ajv. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Service, ServiceError, wait, type Clock } from "./client.js";
import { download, DownloadError, type Got } from "./download.js";
import { document, type Json, type Operation } from "./document.js";
import { mayRetry, outcomeOf, rowFor, taskIdOf, type Reading } from "./reading.js";
import { taskOf, type Task } from "./task.js";

const { VECTORS_FOLDER = "", VECTORS_URL = "", VECTORS_CLOSED = "" } = process.env as Record<string, string>;

interface Breach { field: string; rule: string }
interface RequestCase { name: string; sent: Json; valid: boolean; errors: Breach[]; warnings: Breach[] }
interface QueryCase { name: string; task: Task }
interface ErrorCase {
  name: string; operation: Operation; fresh: boolean; answer: Json; outcome: string; error: string | null; send_again: boolean;
  code: string | null; message: string | null; request_id: string | null; retry_after: number | null; task_id: string | null;
}
interface PollingCase {
  name: string; timeout_seconds: number; fresh: boolean; answers: Json[]; queries: number; delays: number[]; outcome: string;
  error: string | null; state: string | null;
}

interface Wanted { url: string; range: string | null; if_range: string | null }
interface Served { fault?: string; status: number; headers: Record<string, string>; file: string; first: number; stop: number }
interface DownloadCase {
  name: string; url: string; steps: { request: Wanted; answer: Served }[]; new_link: string | null; queries: number; delays: number[];
  error: string | null; content: string | null;
}
interface File<T> { task_id: string; files: Record<string, string>; cases: T[] }

function load<T>(kind: string): File<T> {
  return JSON.parse(readFileSync(`${VECTORS_FOLDER}/${kind}.json`, "utf8")) as File<T>;
}

function at(kind: string, index: number, step: number, answer: Json = {}): Service {
  const isClosed = answer["fault"] === "not_connected";
  return new Service(isClosed ? VECTORS_CLOSED : `${VECTORS_URL}/${kind}/${index}/${step}`, "sk-of-the-vectors");
}

const results: boolean[] = [];
function check(name: string, found: unknown, wanted: unknown): void {
  const fine = isDeepStrictEqual(found, wanted);
  results.push(fine);
  if (!fine) console.error(`${name}\n  found  ${JSON.stringify(found)}\n  wanted ${JSON.stringify(wanted)}`);
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, "document");
const isValid = ajv.compile({ $ref: "document#/components/schemas/VideoGenerationRequest" });
const { allOf, "x-warnings": warnings } = document.components.schemas.VideoGenerationRequest;
const rules = [...allOf, ...warnings].filter((rule) => "if" in rule);
const titled = rules.map((rule) => ({ title: String(rule["title"]), holds: ajv.compile({ if: rule["if"], then: rule["then"] }) }));

for (const one of load<RequestCase>("requests").cases) {
  const broken = new Set(titled.filter((rule) => !rule.holds(one.sent)).map((rule) => rule.title));
  const wanted = [...one.errors, ...one.warnings].map((breach) => breach.rule).filter((rule) => rule.includes("_"));
  check(`requests: ${one.name}`, [isValid(one.sent), wanted.filter((title) => !broken.has(title))], [one.valid, []]);
}

for (const [index, one] of load<QueryCase>("queries").cases.entries()) {
  const reading = await at("queries", index, 0).queryOnce(one.task.task_id);
  check(`queries: ${one.name}`, reading.task && taskOf(reading.task), one.task);
}

for (const [index, one] of load<ErrorCase>("errors").cases.entries()) {
  const service = at("errors", index, 0, one.answer);
  const reading = one.operation === "create"
    ? await service.createOnce({ prompt: "dance", model: "doubao-seedance-1-0-pro-250528" })
    : await service.queryOnce("cgt-1");
  const row = rowFor(one.operation, reading);
  check(
    `errors: ${one.name}`,
    {
      outcome: outcomeOf(row, one.fresh), error: row.error ?? null, send_again: mayRetry(one.operation, row, reading, one.fresh),
      code: reading.code, message: one.message === null ? null : reading.message, request_id: reading.requestId,
      retry_after: reading.retryAfter, task_id: one.operation === "create" && reading.task ? taskIdOf(reading.task) : null,
    },
    {
      outcome: one.outcome, error: one.error, send_again: one.send_again, code: one.code, message: one.message,
      request_id: one.request_id, retry_after: one.retry_after, task_id: one.task_id,
    },
  );
}

class JumpingClock implements Clock {
  readonly slept: number[] = [];
  now(): number {
    return this.slept.reduce((sum, seconds) => sum + seconds, 0);
  }
  sleep(seconds: number): Promise<void> {
    this.slept.push(seconds);
    return Promise.resolve();
  }
  jitter(): number {
    return 0;
  }
}

const scripts = load<PollingCase>("polling");
for (const [index, one] of scripts.cases.entries()) {
  const time = new JumpingClock();
  let asked = 0;
  const query = (): Promise<Reading> => {
    const step = Math.min(asked, one.answers.length - 1);
    asked += 1;
    return at("polling", index, step, one.answers[step]).queryOnce(scripts.task_id);
  };
  const [error, task] = await wait(query, { timeout: one.timeout_seconds, fresh: one.fresh, time }).then(
    (found) => [null, found] as const,
    (raised: unknown) => {
      if (!(raised instanceof ServiceError)) throw raised;
      return [raised.name, raised.task] as const;
    },
  );
  check(
    `polling: ${one.name}`,
    { delays: time.slept, queries: asked, error, state: task?.state ?? null },
    { delays: one.delays, queries: one.queries, error: one.error, state: one.state },
  );
}

const fetched = load<DownloadCase>("downloads");
const bytes = new Map(Object.entries(fetched.files).map(([name, text]) => [name, Buffer.from(text, "base64")]));
const folder = mkdtempSync(join(tmpdir(), "downloads-"));

async function* body(answer: Served): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes.get(answer.file)?.subarray(answer.first, answer.stop) ?? Buffer.of();
  const announced = answer.headers["Content-Length"];
  if (announced !== undefined && answer.stop - answer.first < Number(announced)) throw new Error("the connection ended");
}

for (const [index, one] of fetched.cases.entries()) {
  const time = new JumpingClock();
  const asked: Wanted[] = [];
  let queries = 0;
  const send = (url: string, headers: Record<string, string>): Promise<Got> => {
    asked.push({ url, range: headers["Range"] ?? null, if_range: headers["If-Range"] ?? null });
    const answer = one.steps[asked.length - 1]?.answer;
    if (!answer || answer.fault) return Promise.reject(new Error(answer?.fault ?? "one request too many"));
    const named = new Headers(answer.headers);
    return Promise.resolve({ status: answer.status, header: (name) => named.get(name), body: body(answer) });
  };
  const newLink = (): Promise<string | null> => {
    queries += 1;
    return Promise.resolve(one.new_link);
  };
  const path = join(folder, `${index}.mp4`);
  const error = await download(one.url, path, { send, newLink, time }).then(
    () => null,
    (raised: unknown) => {
      if (!(raised instanceof DownloadError)) throw raised;
      return raised.name;
    },
  );
  check(
    `downloads: ${one.name}`,
    { asked, delays: time.slept, queries, error, content: error === null ? readFileSync(path).toString("base64") : null },
    {
      asked: one.steps.map((step) => step.request), delays: one.delays, queries: one.queries, error: one.error,
      content: one.content === null ? null : fetched.files[one.content],
    },
  );
}

console.log(JSON.stringify({ passed: results.filter(Boolean).length, total: results.length }));
