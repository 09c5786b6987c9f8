import { plainModel } from "/widgets/model.js";

// A model as the site has it, which also keeps what would have gone to Python: `sent`, and how often it was saved.
export function fakeModel(state = {}) {
  const model = plainModel(state, {
    onsend: (content) => model.sent.push(content),
    onsave: () => {
      model.saves += 1;
    },
  });
  return Object.assign(model, { sent: [], saves: 0 });
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
