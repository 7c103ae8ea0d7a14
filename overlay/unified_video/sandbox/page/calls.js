/** The call that the page makes, in other languages. `shown` shortens what is long, `copied` is whole. */
import { shortened } from "./dom.js";

const KEY = "any";

/** `call`: `{base, path, body, given, images, polling, states, links, model}`, see main.js. */
export const LANGUAGES = {
  curl: { title: "curl", write: curl },
  python: { title: "Python", write: python },
  typescript: { title: "TypeScript", write: typescript },
  command: { title: "Command line", write: command },
};

export function written(language, call) {
  const { write } = LANGUAGES[language];
  return { copied: write(call, (value) => value), shown: write(call, shortened) };
}

/** A document on stdin: an image is longer than a command line may be, and no quote in the prompt can end it. */
function curl({ base, path, body }, lookOf) {
  return [
    `curl ${quoted(base + path)} \\`,
    `  -H 'Authorization: Bearer ${KEY}' \\`,
    "  -H 'Content-Type: application/json' \\",
    "  --data-binary @- <<'JSON'",
    JSON.stringify(lookOf(body), null, 2),
    "JSON",
  ].join("\n");
}

function python({ base, given, images }) {
  const { prompt, ...rest } = given;
  const options = Object.entries(rest).filter(([name]) => name !== "images");
  const files = images.length ? [["images", images.map((image) => image.name)]] : [];
  const lines = [...files, ...options].map(([name, value]) => `        ${name}=${pythonValue(value)},`);
  return [
    "from unified_video import UnifiedVideo",
    "",
    `with UnifiedVideo(api_key="${KEY}", base_url=${pythonValue(base)}) as client:`,
    "    video = client.generate(",
    `        ${pythonValue(prompt)},`,
    ...lines,
    '        output="video.mp4",',
    "    )",
    "print(video.path)",
  ].join("\n");
}

function pythonValue(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${pythonValue(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

function typescript({ base, path, body, images, polling, states, links }) {
  const failed = Object.keys(states).filter((status) => ["failed", "cancelled"].includes(states[status]));
  const succeeded = Object.keys(states).filter((status) => states[status] === "succeeded");
  const uris = images.map((image) => image.format && `\`data:image/${image.format};base64,\${await readFile(${JSON.stringify(image.name)}, "base64")}\``);
  const fields = Object.entries(body).map(([name, value]) => {
    const plain = name === "images" ? `[${uris.join(", ")}]` : JSON.stringify(value);
    return `    ${/^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name)}: ${plain},`;
  });
  return [
    `import { ${images.length ? "readFile, " : ""}writeFile } from "node:fs/promises";`,
    "",
    `const url = ${JSON.stringify(base + path)};`,
    `const headers = { Authorization: "Bearer ${KEY}", "Content-Type": "application/json" };`,
    "",
    "const created = await fetch(url, {",
    '  method: "POST",',
    "  headers,",
    "  body: JSON.stringify({",
    ...fields,
    "  }),",
    "});",
    "if (!created.ok) throw new Error(`${created.status} ${await created.text()}`);",
    "const { task_id } = (await created.json()) as { task_id: string };",
    "",
    "// The link lies under one of these names, in lists and objects too.",
    `const names = ${JSON.stringify(links)};`,
    "function link(value: unknown): string | undefined {",
    '  if (typeof value === "string") return /^https?:/.test(value) ? value : undefined;',
    '  if (typeof value !== "object" || value === null) return undefined;',
    "  const inside = Array.isArray(value) ? value : names.map((name) => (value as Record<string, unknown>)[name]);",
    "  return inside.map(link).find(Boolean);",
    "}",
    "",
    "type Task = { status: string; fail_reason?: string; data?: unknown };",
    `const pauses = ${JSON.stringify(polling.pauses_seconds)}; // seconds`,
    `const failed = ${JSON.stringify(failed)};`,
    `const succeeded = ${JSON.stringify(succeeded)};`,
    `const end = Date.now() + ${polling.timeout_seconds} * 1000;`,
    "for (let asked = 0; ; asked++) {",
    "  const answer = await fetch(`${url}/${encodeURIComponent(task_id)}`, { headers });",
    "  const task = (await answer.json()) as Task;",
    "  const status = task.status.toUpperCase();",
    "  if (failed.includes(status)) throw new Error(task.fail_reason);",
    "  const found = link(task.data) ?? link(task);",
    "  if (succeeded.includes(status) && found) {",
    "    const video = await fetch(found); // another host: without the key",
    '    await writeFile("video.mp4", Buffer.from(await video.arrayBuffer()));',
    "    break;",
    "  }",
    "  if (Date.now() >= end) throw new Error(`${task_id} is still ${task.status}: it goes on, ask again later`);",
    "  const pause = pauses[Math.min(asked, pauses.length - 1)] ?? 8;",
    "  await new Promise((wake) => setTimeout(wake, pause * 1000));",
    "}",
  ].join("\n");
}

function command({ base, given, images }) {
  const { prompt, model, ...rest } = given;
  const flags = [
    `--base-url ${quoted(base)}`,
    ...(model === undefined ? [] : [`--model ${quoted(model)}`]),
    ...images.map((image) => `--image ${quoted(image.name)}`),
    ...Object.entries(rest).filter(([name]) => name !== "images").flatMap(flag),
    "-o video.mp4",
  ];
  const dashed = prompt.startsWith("-"); // would be taken for an option
  const first = `UNIFIED_VIDEO_API_KEY=${KEY} unified-video generate${dashed ? "" : ` ${quoted(prompt)}`}`;
  return [first, ...flags, ...(dashed ? [`-- ${quoted(prompt)}`] : [])].join(" \\\n  ");
}

function flag([name, value]) {
  const long = name.replaceAll("_", "-");
  if (typeof value === "boolean") return [value ? `--${long}` : `--no-${long}`];
  if (Array.isArray(value)) return value.map((item) => `--${long} ${quoted(asText(item))}`);
  return [`--${long} ${quoted(asText(value))}`];
}

const asText = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** For a POSIX shell. */
const quoted = (text) => (/^[\w.:/@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
