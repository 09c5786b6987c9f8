// What a widget's view may ask of its model, where there is no kernel: on the site, and in the tests of the views.
export function plainModel(state = {}, { onsend = () => {}, onsave = () => {} } = {}) {
  const values = { ...state };
  const listeners = new Map();
  const emit = (event, ...args) => [...(listeners.get(event) ?? [])].forEach((listener) => listener(...args));
  let changed = {};
  return {
    get: (name) => values[name],
    set(name, value) {
      const before = JSON.stringify(values[name]);
      values[name] = value;
      if (JSON.stringify(value) !== before) {
        changed[name] = value;
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
      const sent = changed;
      changed = {};
      onsave(sent, this);
    },
    send(content) {
      onsend(content, this);
    },
    // As a message from Python: model.send(...) there is "msg:custom" here.
    receive: (content) => emit("msg:custom", content, []),
  };
}
