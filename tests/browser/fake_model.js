// What an anywidget view may ask of its model, without a kernel. `sent` keeps what would have gone to Python.
export function fakeModel(state = {}) {
  const values = { ...state };
  const listeners = new Map();
  const emit = (event, ...args) => [...(listeners.get(event) ?? [])].forEach((listener) => listener(...args));
  return {
    sent: [],
    saves: 0,
    get: (name) => values[name],
    set(name, value) {
      const before = JSON.stringify(values[name]);
      values[name] = value;
      if (JSON.stringify(value) !== before) {
        emit(`change:${name}`, this, value);
        emit("change", this);
      }
    },
    on(events, listener) {
      for (const event of events.split(" ")) listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    },
    off(events, listener) {
      for (const event of events ? events.split(" ") : [...listeners.keys()]) {
        listeners.set(event, listener ? (listeners.get(event) ?? []).filter((one) => one !== listener) : []);
      }
    },
    save_changes() {
      this.saves += 1;
    },
    send(content) {
      this.sent.push(content);
    },
    // As a message from Python: model.send(...) there is "msg:custom" here.
    receive: (content) => emit("msg:custom", content, []),
  };
}

// Mounts a module's view on the page and keeps its model as window.model for the test to read.
export async function mount(address, state = {}, css = "") {
  const { default: widget } = await import(address);
  const style = document.head.appendChild(document.createElement("style"));
  style.textContent = css;
  const el = document.body.appendChild(document.createElement("main"));
  window.model = fakeModel(state);
  await widget.initialize?.({ model: window.model });
  window.unmount = await widget.render({ model: window.model, el });
}
