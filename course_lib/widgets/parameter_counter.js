import { choice, el, follow, mount, put, slider, tick, write } from "./base.js";

/** The whole arithmetic; the Python twin is parameter_counter.count. Where the kernel does not fit, `fits` is false. */
export function count({ side, channels, outputs, kernel, kernels, dense, bias }) {
  const fits = kernel <= side;
  const inputs = channels * side ** 2;
  const map = fits ? side - kernel + 1 : 0;
  const denseOutputs = dense === "classes" ? outputs : kernels * map ** 2;
  const full = (inputs + (bias ? 1 : 0)) * denseOutputs;
  const shared = kernels * (channels * kernel ** 2 + (bias ? 1 : 0));
  return {
    fits, inputs, map, dense_outputs: denseOutputs, dense: full, convolution: shared,
    dense_bytes: 4 * full, convolution_bytes: 4 * shared,
  };
}

/** A whole number in full, with commas: 150,528,000. */
export function commas(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes as people read them; the Python twin is parameter_counter.memory. */
export function memory(size) {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  let [value, unit] = [size, 0];
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}

/** How many times as large the larger is, in a sentence. */
function ratio(full, shared) {
  const times = Math.max(full, shared) / Math.min(full, shared);
  const shown = times < 10 ? String(Math.round(times * 10) / 10) : commas(Math.round(times));
  if (full === shared) return "Both layers have the same number of parameters.";
  return full > shared
    ? `The fully connected layer has ${shown} times the parameters of the convolution.`
    : `Here the convolution has ${shown} times the parameters of the fully connected layer.`;
}

const NAMES = ["side", "channels", "outputs", "kernel", "kernels", "dense", "bias"];
const SIDES = [8, 512]; // the chart's range
const SVG = "http://www.w3.org/2000/svg";
const CHART = { width: 360, height: 200, left: 34, right: 10, top: 22, bottom: 32 };
// Steps that people use, for what ranges over several powers of ten.
const OUTPUTS = [1, 2, 10, 100, 1000, 10000, 100000];
const CHANNELS = [1, 2, 3, 4, 8, 16, 32, 64, 128];
const KERNELS = [1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 256, 512];

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A list of numbers that also takes a number from Python that is not on it. */
function numbers(label, steps, name, model) {
  const control = choice(label, steps.map((step) => [String(step), commas(step)]), (value) => put(model, { [name]: Number(value) }));
  const extra = el("option", { hidden: true });
  control.input.append(extra);
  return {
    root: control.root,
    set(value) {
      if (!steps.includes(value)) {
        extra.value = String(value);
        write(extra, commas(value));
      }
      control.set(String(value));
    },
  };
}

/** A product written out: `parts` are pairs of number and name. */
function product(line, parts, total) {
  line.replaceChildren(...parts.flatMap(([value, name], n) => [
    ...(n ? [el("span", { class: "cnn-sign" }, name.startsWith("+") ? "+" : "\u00b7")] : []),
    el("span", { class: "cnn-factor" }, el("b", {}, commas(value)), el("small", {}, name.replace("+", ""))),
  ]), el("span", { class: "cnn-sign" }, "="), el("strong", { class: "cnn-sum-total" }, commas(total)));
}

function render({ model, el: element }) {
  const root = mount(element, "parameter-counter", "Parameter counter");
  const side = slider("image side", { min: 1, max: 512, onchange: (value) => put(model, { side: value }) });
  const kernel = slider("kernel side", { min: 1, max: 15, onchange: (value) => put(model, { kernel: value }) });
  const channels = numbers("channels", CHANNELS, "channels", model);
  const outputs = numbers("classes", OUTPUTS, "outputs", model);
  const kernels = numbers("kernels", KERNELS, "kernels", model);
  const dense = choice("fully connected layer makes", [["classes", "classes"], ["same maps", "the same maps"]], (value) => put(model, { dense: value }));
  const bias = tick("count biases", (value) => put(model, { bias: value }));
  const slide3 = el("button", { type: "button", class: "cnn-button", onclick: () => put(model, {
    side: 224, channels: 3, outputs: 1000, kernel: 5, kernels: 4, dense: "classes", bias: false }) }, "Slide 3");

  const layer = (className, title) => {
    const made = { about: el("small"), sum: el("p", { class: "cnn-product" }), memory: el("p", { class: "cnn-muted" }) };
    made.root = el("div", { class: `cnn-layer ${className}` }, el("p", { class: "cnn-caption" }, title, " ", made.about), made.sum, made.memory);
    return made;
  };
  const full = layer("cnn-full", "fully connected");
  const shared = layer("cnn-shared", "convolution");
  const verdict = el("p", { role: "status" });
  const fault = el("p", { class: "cnn-fault", role: "status", hidden: true });
  const chart = svg("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, class: "cnn-chart", role: "img" });
  const results = el("div", {}, el("div", { class: "cnn-layers" }, full.root, shared.root), verdict, chart);

  root.append(
    el("div", { class: "cnn-row" }, side.root, slide3),
    el("div", { class: "cnn-row cnn-bar" }, channels.root, dense.root, outputs.root, kernel.root, kernels.root, bias.root),
    fault,
    results,
  );

  /** Parameters over the side of the image, both axes logarithmic. */
  function draw(state, result) {
    const sides = Array.from({ length: 49 }, (_, n) => Math.round(SIDES[0] * (SIDES[1] / SIDES[0]) ** (n / 48))).filter((s) => s >= state.kernel);
    const at = (s) => count({ ...state, side: s });
    const points = [...sides.map(at), result];
    const top = Math.ceil(Math.log10(Math.max(10, ...points.flatMap((p) => [p.dense, p.convolution]))));
    const x = (s) => CHART.left + (CHART.width - CHART.left - CHART.right) * Math.log(Math.max(s, SIDES[0]) / SIDES[0]) / Math.log(SIDES[1] / SIDES[0]);
    const y = (p) => CHART.height - CHART.bottom - (CHART.height - CHART.top - CHART.bottom) * Math.log10(p) / top;
    const line = (name) => sides.map((s, n) => `${n ? "L" : "M"}${x(s).toFixed(1)} ${y(at(s)[name]).toFixed(1)}`).join("");
    const text = (value, at, attributes = {}) => svg("text", { x: at[0].toFixed(1), y: at[1].toFixed(1), ...attributes }, value);
    const rows = Array.from({ length: top + 1 }, (_, power) => power).filter((power) => power % 3 === 0).flatMap((power) => [
      svg("line", { x1: CHART.left, x2: CHART.width - CHART.right, y1: y(10 ** power), y2: y(10 ** power), class: "cnn-gridline" }),
      text(["1", "1k", "1M", "1G", "1T", "1P"][power / 3], [CHART.left - 5, y(10 ** power) + 4], { "text-anchor": "end" }),
    ]);
    const columns = [8, 16, 32, 64, 128, 256, 512].map((s) => text(s, [x(s), CHART.height - CHART.bottom + 14], { "text-anchor": "middle" }));
    const [px, full, shared] = [x(state.side), y(result.dense), y(result.convolution)];
    const label = sides[Math.floor(sides.length / 2)] ?? state.side;
    chart.replaceChildren(
      ...rows, ...columns,
      text("parameters", [4, 11]),
      text("image side (pixels)", [(CHART.left + CHART.width) / 2, CHART.height - 4], { "text-anchor": "middle" }),
      svg("path", { d: line("dense"), class: "cnn-full-line" }),
      svg("path", { d: line("convolution"), class: "cnn-shared-line" }),
      text("fully connected", [x(label) - 8, y(at(label).dense) - 6], { class: "cnn-full-name", "text-anchor": "end" }),
      text("convolution", [CHART.width - CHART.right, shared - 9], { class: "cnn-shared-name", "text-anchor": "end" }),
      svg("circle", { cx: px, cy: full, r: 5, class: "cnn-full-dot" }),
      svg("rect", { x: px - 4.5, y: shared - 4.5, width: 9, height: 9, class: "cnn-shared-dot" }),
    );
    chart.setAttribute("aria-label", `Parameters over the image side, both axes logarithmic. At ${state.side} pixels: `
      + `fully connected ${commas(result.dense)}, convolution ${commas(result.convolution)}.`);
  }

  return follow(model, NAMES, () => {
    const state = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    const result = count(state);
    side.set(state.side);
    kernel.set(state.kernel);
    channels.set(state.channels);
    outputs.set(state.outputs);
    kernels.set(state.kernels);
    dense.set(state.dense);
    bias.set(state.bias);
    outputs.root.hidden = state.dense !== "classes";
    results.hidden = !result.fits;
    fault.hidden = result.fits;
    write(fault, result.fits ? "" : `A kernel of ${state.kernel}\u00d7${state.kernel} does not fit into a picture of ${state.side}\u00d7${state.side}: `
      + "make the kernel smaller or the picture larger.");
    if (!result.fits) return;
    const picture = `${state.side}\u00d7${state.side}\u00d7${state.channels}`;
    const maps = `${commas(state.kernels)} map${state.kernels === 1 ? "" : "s"} of ${result.map}\u00d7${result.map}`;
    write(full.about, `${picture} to ${state.dense === "classes" ? `${commas(state.outputs)} ${state.outputs === 1 ? "class" : "classes"}` : maps}`);
    write(shared.about, `${picture} to ${maps}`);
    const plus = (number) => (state.bias ? [[number, "+biases"]] : []);
    const outs = state.dense === "classes" ? [[state.outputs, "classes"]] : [[state.kernels, "maps"], [result.map, "rows"], [result.map, "columns"]];
    product(full.sum, [[state.side, "rows"], [state.side, "columns"], [state.channels, "channels"], ...outs, ...plus(result.dense_outputs)], result.dense);
    product(shared.sum, [[state.kernels, "kernels"], [state.channels, "channels"], [state.kernel, "rows"], [state.kernel, "columns"], ...plus(state.kernels)], result.convolution);
    write(full.memory, `${memory(result.dense_bytes)} at 4 bytes each`);
    write(shared.memory, `${memory(result.convolution_bytes)} at 4 bytes each`);
    write(verdict, ratio(result.dense, result.convolution));
    draw(state, result);
  });
}

export default { render };
