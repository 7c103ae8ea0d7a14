/** From a prompt to a file; then a request that is refused. */
import { open } from "node:fs/promises";
import { Service, ServiceError } from "./client.js";

const [output = "video.mp4"] = process.argv.slice(2);
const service = new Service(process.env["UNIFIED_VIDEO_BASE_URL"] ?? "", process.env["UNIFIED_VIDEO_API_KEY"] ?? "");

const taskId = await service.create({ prompt: "a cat dancing", model: "doubao-seedance-1-0-pro-250528", seed: 7 });
console.log(`created ${taskId}`);
const task = await service.wait(taskId, {
  fresh: true,
  onUpdate: (seen, reading) => console.log(`${seen.status} ${JSON.stringify(reading.task)}`),
});

// The link leads to another host: no key goes there.
const response = await fetch(task.video_url ?? "");
if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
const reader = response.body.getReader();
const file = await open(output, "w");
for (let part = await reader.read(); !part.done; part = await reader.read()) await file.write(part.value);
await file.close();
console.log(`saved ${output}`);

try {
  await service.create({ prompt: "a cat dancing", model: "doubao-seedance-1-0-pro-250528", seed: -1 });
} catch (error) {
  if (!(error instanceof ServiceError)) throw error;
  console.log(`refused ${error.message}`);
}
