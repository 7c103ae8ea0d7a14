/** The tables of the OpenAPI document that say how to behave. Nothing of them is repeated in code. */
import { readFileSync } from "node:fs";

export type Json = Record<string, unknown>;
export type Operation = "create" | "query";
export type State = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "unknown";

export interface Row {
  statuses?: string[];
  body?: "task" | "error";
  says?: { codes: string[]; message?: string };
  fault?: "not_connected" | "broken";
  outcome: string;
  while_fresh?: string;
  error?: string;
}

export interface Polling {
  pauses_seconds: number[];
  jitter: number;
  timeout_seconds: number;
  fresh_seconds: number;
  queries_for_missing_video: number;
}

export interface Retry {
  attempts: number;
  base_seconds: number;
  factor: number;
  cap_seconds: number;
  jitter: number;
  longest_retry_after_seconds: number;
}

export interface Downloads {
  most_redirects: number;
  queries_for_new_link: number;
  outcomes: Row[];
}

interface Described {
  "x-outcomes": Row[];
  "x-retry": Retry;
  "x-polling": Polling;
  "x-download": Downloads;
}

interface Document {
  paths: {
    "/v2/videos/generations": { post: Described };
    "/v2/videos/generations/{task_id}": { get: Described };
  };
  components: {
    responses: { Error: { "x-request-id-headers": string[] } };
    schemas: {
      TaskStatus: { "x-states": Record<string, State>; "x-final-states": State[] };
      TaskError: { "x-success-codes": string[] };
      VideoTaskData: { "x-links": { video: string[]; last_frame: string[] } };
      VideoGenerationRequest: { allOf: Json[]; "x-warnings": Json[] };
    };
  };
}

/** `document.json` is the document as JSON: `openapi/released/unified_video-….json`, or `unified-video spec --json`. */
export const document = JSON.parse(
  readFileSync(new URL("../src/generated/document.json", import.meta.url), "utf8"),
) as Document;

const paths = document.paths;
export const operations: Record<Operation, Described> = {
  create: paths["/v2/videos/generations"].post,
  query: paths["/v2/videos/generations/{task_id}"].get,
};
export const polling = operations.query["x-polling"];
export const downloads = operations.query["x-download"];
export const states = document.components.schemas.TaskStatus["x-states"];
export const finalStates = document.components.schemas.TaskStatus["x-final-states"];
export const links = document.components.schemas.VideoTaskData["x-links"];
export const successCodes = document.components.schemas.TaskError["x-success-codes"];
export const requestIdHeaders = document.components.responses.Error["x-request-id-headers"];
