/** From a prompt to a file; then a request that is refused. */
import { Service, ServiceError } from "./client.js";
import { download } from "./download.js";

const [output = "video.mp4"] = process.argv.slice(2);
const service = new Service(process.env["UNIFIED_VIDEO_BASE_URL"] ?? "", process.env["UNIFIED_VIDEO_API_KEY"] ?? "");

const taskId = await service.create({ prompt: "a cat dancing", model: "doubao-seedance-1-0-pro-250528", seed: 7 });
console.log(`created ${taskId}`);
const task = await service.wait(taskId, {
  fresh: true,
  onUpdate: (seen, reading) => console.log(`${seen.status} ${JSON.stringify(reading.task)}`),
});

// The link leads to another host: no key goes there.
await download(task.video_url ?? "", output, { newLink: async () => (await service.wait(taskId)).video_url });
console.log(`saved ${output}`);

try {
  await service.create({ prompt: "a cat dancing", model: "doubao-seedance-1-0-pro-250528", seed: -1 });
} catch (error) {
  if (!(error instanceof ServiceError)) throw error;
  console.log(`refused ${error.message}`);
}
