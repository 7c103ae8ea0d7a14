/** First frame, last frame, reference images: dropped or chosen, sent as data URIs. */
import { make, say } from "./dom.js";

const ROLES = ["First frame", "Last frame"];

export function imagesField(schema, onchange) {
  let images = [];
  const slots = make("div", { class: "slots" });
  const element = make(
    "fieldset",
    { "aria-describedby": "images-hint" },
    make("legend", {}, "Frames"),
    make("p", { class: "hint", id: "images-hint" }, "Drop pictures here, or choose files. Three or more are reference images."),
    slots,
  );

  const role = (index) => (images.length > ROLES.length ? `Reference image ${index + 1}` : ROLES[index] ?? "Reference image");

  function show() {
    const shown = images.map(filled);
    const empty = images.length ? [images.length] : [0, 1];
    slots.replaceChildren(...shown, ...empty.map((index) => emptySlot(index)));
  }

  function filled(image, index) {
    const remove = make("button", { type: "button", class: "quiet", "aria-label": `Remove ${role(index)}`, onclick: () => take(index) }, "Remove");
    const size = image.width ? `${image.width} × ${image.height}` : "no picture that this browser knows";
    return make(
      "div",
      { class: "slot filled" },
      make("img", { src: image.uri, alt: `${role(index)}: ${image.name}` }),
      make("p", {}, make("b", {}, role(index)), make("br"), `${image.name}, ${size}`),
      remove,
    );
  }

  function emptySlot(index) {
    const early = index > images.length; // a last frame needs a first one
    const name = ROLES[index] ?? "Reference image";
    const input = make("input", { type: "file", id: `image-${index}`, accept: "image/*", multiple: true, disabled: early });
    input.addEventListener("change", () => add(input.files));
    return make(
      "div",
      { class: "slot" },
      input,
      make("label", { for: input.id }, make("b", {}, name), make("span", {}, early ? "after a first frame" : "drop or choose")),
    );
  }

  async function add(files) {
    const read = await Promise.all([...files].map(readImage));
    images = [...images, ...read];
    show();
    slots.querySelector("input:enabled")?.focus();
    say(`${read.map((image) => image.name).join(", ")} added`);
    onchange();
  }

  function take(index) {
    images = images.filter((_, other) => other !== index);
    show();
    slots.querySelector("input:enabled")?.focus();
    onchange();
  }

  for (const kind of ["dragenter", "dragover"]) {
    element.addEventListener(kind, (event) => {
      event.preventDefault();
      element.classList.add("over");
    });
  }
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    add(event.dataTransfer.files);
  });
  show();
  return { element, images: () => images, limits: () => limitsBroken(images, schema["x-limits"] ?? {}) };
}

async function readImage(file) {
  const uri = await new Promise((resolve, reject) => {
    const reader = Object.assign(new FileReader(), { onload: () => resolve(reader.result), onerror: () => reject(reader.error) });
    reader.readAsDataURL(file);
  });
  const picture = new Image();
  picture.src = uri;
  await picture.decode().catch(() => {}); // no picture: without a size
  return { name: file.name, uri, bytes: file.size, format: file.type.replace("image/", ""), width: picture.naturalWidth, height: picture.naturalHeight };
}

/** What the document's limits of pictures say; the schema cannot. */
function limitsBroken(images, limits) {
  const found = [];
  images.forEach((image, index) => {
    const { width, height, bytes, format } = image;
    const say = (rule, message) => found.push({ field: `images[${index}]`, rule, message, severity: "warning", strict: true });
    if (limits.formats && !limits.formats.includes(format)) say("image_format", `${image.name} is none of ${limits.formats.join(", ")}: convert it.`);
    if (bytes > limits.max_bytes) say("image_bytes", `${image.name} has ${bytes} bytes, at most ${limits.max_bytes} are taken: make it smaller.`);
    if (!width) return;
    if (Math.min(width, height) < limits.min_side || Math.max(width, height) > limits.max_side) {
      say("image_sides", `${image.name} is ${width}x${height}, sides of ${limits.min_side} to ${limits.max_side} pixels are taken: scale it.`);
    }
    if (width < height * limits.min_width_to_height || width > height * limits.max_width_to_height) {
      say("image_shape", `${image.name} is ${width}x${height}, a width of ${limits.min_width_to_height} to ${limits.max_width_to_height} times the height is taken: crop it.`);
    }
  });
  const whole = images.reduce((sum, image) => sum + image.uri.length, 0);
  if (whole > limits.max_request_bytes) {
    found.push({ field: "images", rule: "request_bytes", message: `The whole request has more than ${limits.max_request_bytes} bytes: give smaller images.`, severity: "warning", strict: true });
  }
  return found;
}
