import { button, choice, el, follow, mount, put, slider, svg, tick, write } from "./base.js";

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
const SLIDE_3 = { side: 224, channels: 3, outputs: 1000, kernel: 5, kernels: 4, dense: "classes", bias: false };
const CHART = { width: 360, height: 200, left: 34, right: 10, top: 22, bottom: 32 };
// Steps that people use, for what ranges over several powers of ten.
const OUTPUTS = [1, 2, 10, 100, 1000, 10000, 100000];
const CHANNELS = [1, 2, 3, 4, 8, 16, 32, 64, 128];
const KERNELS = [1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 256, 512];

/** A list of numbers that also takes a number from Python that is not on it. */
function numbers(label, steps, name, model) {
  const options = steps.map((step) => [String(step), commas(step)]);
  const control = choice(label, options, (value) => put(model, { [name]: Number(value) }));
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

/** A product written out: `parts` are pairs of number and name; a name that begins with + is added instead. */
function product(line, parts, total) {
  const sign = (text) => el("span", { class: "cnn-sign" }, text);
  line.replaceChildren(...parts.flatMap(([value, name], n) => [
    n ? sign(name.startsWith("+") ? "+" : "\u00b7") : "",
    el("span", { class: "cnn-factor" }, el("b", {}, commas(value)), el("small", {}, name.replace("+", ""))),
  ]), sign("="), el("strong", { class: "cnn-sum-total" }, commas(total)));
}

/** Draw parameters over the side of the picture, both axes logarithmic. */
function draw(chart, state, result) {
  const { width, height, left, right, top, bottom } = CHART;
  const [least, most] = SIDES;
  const sides = Array.from({ length: 49 }, (_, n) => Math.round(least * (most / least) ** (n / 48)))
    .filter((side) => side >= state.kernel);
  const at = (side) => count({ ...state, side });
  const counts = [...sides.map(at), result].flatMap((each) => [each.dense, each.convolution]);
  const powers = Math.ceil(Math.log10(Math.max(10, ...counts)));

  const share = (side) => Math.log(Math.max(side, least) / least) / Math.log(most / least);
  const x = (side) => left + (width - left - right) * share(side);
  const y = (parameters) => height - bottom - (height - top - bottom) * Math.log10(parameters) / powers;
  const line = (name, className) => svg("path", {
    d: sides.map((side, n) => `${n ? "L" : "M"}${x(side).toFixed(1)} ${y(at(side)[name]).toFixed(1)}`).join(""),
    class: className,
  });
  const text = (value, across, down, attributes) => svg("text", { x: across, y: down, ...attributes }, value);

  const rows = ["1", "1k", "1M", "1G", "1T", "1P"].slice(0, Math.floor(powers / 3) + 1).flatMap((name, n) => {
    const down = y(1000 ** n);
    return [
      svg("line", { x1: left, x2: width - right, y1: down, y2: down, class: "cnn-gridline" }),
      text(name, left - 5, down + 4, { "text-anchor": "end" }),
    ];
  });
  const middle = { "text-anchor": "middle" };
  const columns = [8, 16, 32, 64, 128, 256, 512].map((side) => text(side, x(side), height - bottom + 14, middle));
  const named = sides[Math.floor(sides.length / 2)];
  chart.replaceChildren(
    ...rows, ...columns,
    text("parameters", 4, 11),
    text("image side (pixels)", (left + width) / 2, height - 4, middle),
    line("dense", "cnn-full-line"),
    line("convolution", "cnn-shared-line"),
    text("fully connected", x(named) - 8, y(at(named).dense) - 6, { class: "cnn-full-name", "text-anchor": "end" }),
    text("convolution", width - right, y(result.convolution) - 9, { class: "cnn-shared-name", "text-anchor": "end" }),
    svg("circle", { cx: x(state.side), cy: y(result.dense), r: 5, class: "cnn-full-dot" }),
    svg("rect", {
      x: x(state.side) - 4.5, y: y(result.convolution) - 4.5, width: 9, height: 9, class: "cnn-shared-dot",
    }),
  );
  chart.setAttribute("aria-label", `Parameters over the image side, both axes logarithmic. At ${state.side} pixels: `
    + `fully connected ${commas(result.dense)}, convolution ${commas(result.convolution)}.`);
}

function render({ model, el: element }) {
  const root = mount(element, "parameter-counter", "Parameter counter");
  const to = (name) => (value) => put(model, { [name]: value });
  const side = slider("image side", { min: 1, max: 512, onchange: to("side") });
  const kernel = slider("kernel side", { min: 1, max: 15, onchange: to("kernel") });
  const channels = numbers("channels", CHANNELS, "channels", model);
  const outputs = numbers("classes", OUTPUTS, "outputs", model);
  const kernels = numbers("kernels", KERNELS, "kernels", model);
  const made = [["classes", "classes"], ["same maps", "the same maps"]];
  const dense = choice("fully connected layer makes", made, to("dense"));
  const bias = tick("count biases", to("bias"));
  const slide3 = button("Slide 3", () => put(model, SLIDE_3));

  const layer = (className, title) => {
    const [about, sum] = [el("small"), el("p", { class: "cnn-product" })];
    const bytes = el("p", { class: "cnn-muted" });
    const caption = el("p", { class: "cnn-caption" }, title, " ", about);
    return { about, sum, bytes, root: el("div", { class: `cnn-layer ${className}` }, caption, sum, bytes) };
  };
  const full = layer("cnn-full", "fully connected");
  const shared = layer("cnn-shared", "convolution");
  const verdict = el("p", { role: "status" });
  const fault = el("p", { class: "cnn-fault", role: "status", hidden: true });
  const chart = svg("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, class: "cnn-chart", role: "img" });
  const results = el("div", {}, el("div", { class: "cnn-layers" }, full.root, shared.root), verdict, chart);
  const settings = [channels, dense, outputs, kernel, kernels, bias].map((control) => control.root);
  root.append(
    el("div", { class: "cnn-row" }, side.root, slide3),
    el("div", { class: "cnn-row cnn-bar" }, ...settings),
    fault,
    results,
  );

  return follow(model, NAMES, () => {
    const state = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    const result = count(state);
    const controls = { side, kernel, channels, outputs, kernels, dense, bias };
    for (const name of NAMES) controls[name].set(state[name]);
    const classes = state.dense === "classes";
    outputs.root.hidden = !classes;
    results.hidden = !result.fits;
    fault.hidden = result.fits;
    const square = (length) => `${length}\u00d7${length}`;
    if (!result.fits) {
      write(fault, `A kernel of ${square(state.kernel)} does not fit into a picture of ${square(state.side)}: `
        + "make the kernel smaller or the picture larger.");
      return;
    }
    const some = (number, one, more) => `${commas(number)} ${number === 1 ? one : more}`;
    const picture = `${square(state.side)}\u00d7${state.channels}`;
    const maps = `${some(state.kernels, "map", "maps")} of ${square(result.map)}`;
    write(full.about, `${picture} to ${classes ? some(state.outputs, "class", "classes") : maps}`);
    write(shared.about, `${picture} to ${maps}`);
    const everyMap = [[state.kernels, "maps"], [result.map, "rows"], [result.map, "columns"]];
    const biases = (number) => (state.bias ? [[number, "+biases"]] : []);
    product(full.sum, [
      [state.side, "rows"], [state.side, "columns"], [state.channels, "channels"],
      ...(classes ? [[state.outputs, "classes"]] : everyMap), ...biases(result.dense_outputs),
    ], result.dense);
    product(shared.sum, [
      [state.kernels, "kernels"], [state.channels, "channels"], [state.kernel, "rows"], [state.kernel, "columns"],
      ...biases(state.kernels),
    ], result.convolution);
    write(full.bytes, `${memory(result.dense_bytes)} at 4 bytes each`);
    write(shared.bytes, `${memory(result.convolution_bytes)} at 4 bytes each`);
    write(verdict, ratio(result.dense, result.convolution));
    draw(chart, state, result);
  });
}

export default { render };
