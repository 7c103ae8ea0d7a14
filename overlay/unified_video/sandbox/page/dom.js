/** Elements in one expression: `make("p", {class: "hint"}, "text", other)`. Texts are texts, never HTML. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

export const find = (id) => document.getElementById(id);

export async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C"; // no permission: the text is shown, and can be selected
  }
  say(button.textContent);
  setTimeout(() => (button.textContent = before), 1500);
}

/** For screen readers; what is seen says it too. */
export function say(text) {
  find("spoken").textContent = text;
}

/** A value that may be shown: data URIs without their data. */
export function shortened(value) {
  if (typeof value === "string" && /^data:/i.test(value) && value.length > 80) {
    const comma = value.indexOf(",") + 1;
    return `${value.slice(0, Math.min(comma, 80) + 8)}… (${value.length - comma} characters)`;
  }
  if (Array.isArray(value)) return value.map(shortened);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shortened(item)]));
  }
  return value;
}
