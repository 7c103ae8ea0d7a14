/** Loads the vendored library, which is CommonJS: its files get the `require` and `module` that they look for. */
const FILES = ["./helpers", "./scan", "./attribute", "./validator"];

export async function loadValidator() {
  const loaded = new Map();
  window.require = (name) => loaded.get(name);
  for (const name of FILES) {
    window.module = { exports: {} };
    window.exports = window.module.exports;
    await run(new URL(`./jsonschema/${name}.js`, import.meta.url));
    loaded.set(name, window.module.exports);
  }
  for (const name of ["require", "module", "exports"]) delete window[name];
  return loaded.get("./validator");
}

function run(url) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: url.href, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}
