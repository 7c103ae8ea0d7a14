// A page that was opened from the disk may start no worker, and the search is one. This one lives in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class {
    onmessage = null;
    onerror = null;
    #frame = document.createElement("iframe");
    #ready;

    constructor(url) {
      this.#frame.hidden = true;
      this.#frame.title = "search";
      document.documentElement.append(this.#frame);
      const inside = this.#frame.contentWindow;
      inside.postMessage = (data) => setTimeout(() => this.onmessage?.(new MessageEvent("message", { data })));
      this.#ready = new Promise((loaded) => {
        const script = inside.document.createElement("script");
        script.onload = loaded;
        script.onerror = (event) => this.onerror?.(event);
        script.src = url;
        inside.document.head.append(script);
      });
    }

    postMessage(data) {
      this.#ready.then(() => this.#frame.contentWindow?.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.#frame.remove();
    }
  };
}
