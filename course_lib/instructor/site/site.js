// What makes the site's widgets live without a kernel, and from a file as well as from a server.
// Browsers load no module and no JSON from a file, but they load scripts: every piece of data is a script that hands
// itself over by `cnn.add(key, value)`, and a widget's module is imported from a string, as Jupyter does it.
window.cnn = (() => {
  const root = new URL(".", document.currentScript.src);
  const kept = new Map();
  const waiting = new Map();

  /** Called by the scripts below assets/: `key` is the file's path there without its ending. */
  function add(key, value) {
    kept.set(key, value);
    waiting.get(key)?.(value);
    waiting.delete(key);
  }

  function load(key) {
    if (!kept.has(key)) {
      kept.set(key, new Promise((resolve, reject) => {
        waiting.set(key, resolve);
        const script = document.createElement("script");
        script.src = new URL(`${key}.js`, root);
        script.onerror = () => reject(new Error(`${script.src} is missing: build the site again.`));
        document.head.append(script);
      }));
    }
    return Promise.resolve(kept.get(key));
  }

  /** Bytes, which JSON cannot hold, as the views expect them from Python. */
  function revive(_, value) {
    if (!value || typeof value.bytes64 !== "string") return value;
    const letters = atob(value.bytes64);
    return new DataView(Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer);
  }

  const views = new Map();
  async function view(name) {
    if (!views.has(name)) {
      views.set(name, load(`views/${name}`).then(async ({ esm, css }) => {
        document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
        const address = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
        return (await import(address)).default;
      }));
    }
    return views.get(name);
  }

  /** The value at a path such as "_photo.name" in a model's state. */
  const at = (model, path) => path.split(".").slice(1).reduce((value, key) => value?.[key], model.get(path.split(".")[0]));

  /** Answers as Python would, from what it answered when the site was built. */
  async function answer(model, asks, content) {
    const kind = Object.keys(asks).find((name) => name in content);
    if (!kind) return;
    const key = JSON.stringify([content, ...asks[kind].depends.map((path) => at(model, path))]);
    const file = asks[kind].answers[key];
    if (!file) return;
    const { state, messages } = JSON.parse(await load(file), revive);
    for (const [name, value] of Object.entries(state)) model.set(name, value);
    messages.forEach((message) => model.receive(message));
  }

  const models = new Map();
  function modelOf(id, text) {
    if (!models.has(id)) {
      const { state, asks, again } = JSON.parse(text, revive);
      models.set(id, plainModel(state, {
        onsend: (content, model) => answer(model, asks, content),
        // State that Python would have answered to as if it had been asked: {"side": ["photo", "_photo.name"]}.
        onsave: (changed, model) => Object.keys(changed).filter((name) => name in again).forEach((name) => {
          answer(model, asks, { [again[name][0]]: at(model, again[name][1]) });
        }),
      }));
    }
    return models.get(id);
  }

  /** Puts a widget in place of what stands in `element`: its data-view, and data-model, the key of its state. */
  async function mount(element) {
    const { view: name, model: key } = element.dataset;
    const inline = document.getElementById(key);
    const [widget, text] = await Promise.all([view(name), inline ? inline.textContent : load(key)]);
    const place = document.createElement("div");
    // Two looks at one widget of a notebook share a model; a preview must not move what it previews.
    const model = modelOf(element.inert ? `${key} preview` : key, text);
    await widget.initialize?.({ model });
    await widget.render({ model, el: place });
    element.replaceChildren(place);
    element.dataset.live = "";
  }

  function reachScrollers(root_ = document) {
    for (const box of root_.querySelectorAll("pre, .scroll, .output_subarea > div, .output_subarea")) {
      if (box.scrollWidth > box.clientWidth && !box.closest("[data-live]")) box.tabIndex = 0;
    }
  }

  function theme() {
    const button = document.querySelector("[data-theme]");
    const names = ["auto", "light", "dark"];
    const words = { auto: "as your system", light: "light", dark: "dark" };
    let now = "auto";
    try {
      now = localStorage.getItem("cnn-theme") ?? "auto";
    } catch {
      // a browser may forbid a page from the file system to keep anything
    }
    const show = () => {
      if (now === "auto") document.documentElement.removeAttribute("theme");
      else document.documentElement.setAttribute("theme", now);
      const dark = { auto: "(prefers-color-scheme: dark)", light: "not all", dark: "all" }[now];
      document.querySelectorAll("picture source").forEach((source) => {
        source.media = dark;
      });
      button.setAttribute("aria-label", `Colours: ${words[now]}`);
      button.dataset.theme = now;
    };
    button.addEventListener("click", () => {
      now = names[(names.indexOf(now) + 1) % names.length];
      try {
        localStorage.setItem("cnn-theme", now);
      } catch {
        // then it holds for this page
      }
      show();
    });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => {
    theme();
    reachScrollers();
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        mount(target).catch((error) => {
          target.dataset.failed = error.message;
          throw error;
        });
      }
    }, { rootMargin: "600px" });
    document.querySelectorAll("[data-view]").forEach((element) => near.observe(element));
  });

  return { add };
})();
