import { el, follow, grid, mark, mount, number, numberCell, put, slider, write, writeSum } from "./base.js";

/** Number of outputs along one side: floor((n - k + 2p) / s) + 1, or 0 where the kernel does not fit. */
export function outputSize(n, k, stride, padding) {
  const room = n - k + 2 * padding;
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

/**
 * The whole arithmetic: state in, numbers out. The Python twin is GradientFlow.output, .dY, .dX and .dW.
 * `products` are all the pairs of a pixel x[y, x] and a weight w[a, b] that meet in an output (i, j);
 * each sends dY times the other factor back to both.
 */
export function compute({ input, kernel, upstream, stride, padding }) {
  const rows = outputSize(input.length, kernel.length, stride, padding);
  const columns = outputSize(input[0].length, kernel[0].length, stride, padding);
  const fits = rows > 0 && columns > 0;
  const zeros = (height, width) => Array.from({ length: height }, () => Array(width).fill(0));
  const output = fits ? zeros(rows, columns) : [];
  const dY = output.map((line, i) => line.map((_, j) => upstream[i]?.[j] ?? 1));
  const dX = zeros(input.length, input[0].length);
  const dW = zeros(kernel.length, kernel[0].length);
  const products = [];
  for (let i = 0; fits && i < rows; i++) for (let j = 0; j < columns; j++) {
    kernel.forEach((line, a) => line.forEach((weight, b) => {
      const y = i * stride + a - padding;
      const x = j * stride + b - padding;
      const value = input[y]?.[x];
      if (value === undefined) return; // a padded zero: nothing comes of it, and nothing goes back
      output[i][j] += value * weight;
      dX[y][x] += dY[i][j] * weight;
      dW[a][b] += dY[i][j] * value;
      products.push({ i, j, a, b, y, x, value, weight, upstream: dY[i][j] });
    }));
  }
  return { fits, output, dY, dX, dW, products };
}

const NUMBERS = ["input", "kernel", "upstream", "stride", "padding"];
const NAMES = [...NUMBERS, "chosen"];

function render({ model, el: element }) {
  const root = mount(element, "gradient-flow", "Gradient flow");
  const read = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);
  let pointed = null; // what is under the pointer or the focus: {kind: "output" | "dX" | "dW", i, j}

  const columns = () => result.output[0]?.length ?? 0;
  const chosen = () => ({ kind: "output", i: Math.floor(state.chosen / (columns() || 1)), j: state.chosen % (columns() || 1) });
  const choose = (i, j) => put(model, { chosen: i * columns() + j });

  const stride = slider("stride", { min: 1, max: 3, onchange: (value) => put(model, { stride: value }) });
  const padding = slider("padding", { min: 0, max: 2, onchange: (value) => put(model, { padding: value }) });
  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const nofit = el("p", { class: "cnn-fault", role: "status", hidden: true });
  const complain = (text) => { write(fault, text); fault.hidden = !text; };
  const edit = (name, rows) => (i, j, value) => {
    const changed = rows().map((row) => [...row]);
    changed[i][j] = value;
    put(model, { [name]: changed });
  };

  /** A grid whose cells show, in a corner, what they get from the output or give to the cell in focus. */
  function cells({ label, className, control, kind = null }) {
    return grid({
      label,
      className,
      make(i, j) {
        const corner = el("span", { class: "cnn-corner", "aria-hidden": "true" });
        return { ...control(i, j), extra: corner, corner };
      },
      onpoint(i, j, how) {
        if (!kind) return;
        if (kind === "output" && how === "focus" && i * columns() + j !== state.chosen) choose(i, j);
        pointed = { kind, i, j };
        paint();
      },
      onleave() { pointed = null; paint(); },
    });
  }
  const editable = (name, label, rows) => (i, j) => numberCell(i, j, label, { oncommit: edit(name, rows), onfault: complain });
  const pressable = (press = () => {}) => (i, j) => ({ control: el("button", { type: "button", onclick: () => press(i, j) }) });

  const grids = {
    input: cells({ label: "input x", className: "cnn-input", control: editable("input", "input x", () => state.input) }),
    kernel: cells({ label: "kernel w", className: "cnn-kernel", control: editable("kernel", "kernel w", () => state.kernel) }),
    output: cells({ label: "output y", className: "cnn-output", kind: "output", control: pressable(choose) }),
    dY: cells({ label: "dY", className: "cnn-output", kind: "output", control: editable("upstream", "dY", () => result.dY) }),
    dX: cells({ label: "dX", className: "cnn-input", kind: "dX", control: pressable() }),
    dW: cells({ label: "dW", className: "cnn-kernel", kind: "dW", control: pressable() }),
  };
  const sizes = {};
  const panel = (name, title) => {
    sizes[name] = el("small");
    return el("div", { class: "cnn-panel" }, el("p", { class: "cnn-caption" }, title, " ", sizes[name]), grids[name].root);
  };
  const told = el("div", { class: "cnn-told", role: "status" });
  const wayBack = el("div", { class: "cnn-panels" }, panel("dX", "dX"), panel("dW", "dW"), panel("dY", "dY"));

  root.append(
    el("div", { class: "cnn-row cnn-bar" }, stride.root, padding.root),
    fault,
    nofit,
    el("p", { class: "cnn-muted" }, "the way forward"),
    el("div", { class: "cnn-panels" }, panel("input", "input x"), panel("kernel", "kernel w"), panel("output", "output y")),
    el("p", { class: "cnn-muted cnn-back" }, "the way back"),
    wayBack,
    told,
  );

  /** What a cell of dX ("to-x") or dW ("to-w") adds up: dY times the other factor, for every product. */
  function total(name, products, sum, to) {
    const line = el("p", { class: `cnn-sum cnn-${to}` });
    const factor = to === "to-x" ? "weight" : "value";
    writeSum(line, `${name} =`, products.map((p) => ({ value: p.upstream, weight: p[factor] })), sum);
    return line;
  }

  /** What an output sends to the weights, or to the inputs: one product for each of them. */
  function shares(words, products, to) {
    const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));
    const [other, where] = to === "to-w" ? ["value", (p) => `dW[${p.a}, ${p.b}]`] : ["weight", (p) => `dX[${p.y}, ${p.x}]`];
    return el("p", { class: `cnn-sum cnn-${to}` }, el("span", { class: "cnn-name" }, words), ...products.map((p) => el(
      "span", { class: "cnn-term" }, `${where(p)} += `, el("b", { class: "cnn-x" }, number(p.upstream)), "\u00b7", el("b", { class: "cnn-w" }, bracket(p[other])))));
  }

  /** What the cell in focus sends or receives, in words and sums. */
  function tell({ kind, i, j }, products) {
    if (kind === "output") {
      return [
        el("p", {}, `Output y[${i}, ${j}] has dY = ${number(result.dY[i][j])}. Each of its products sends back dY times the other factor:`),
        shares("to the weights:", products, "to-w"),
        shares("to the inputs:", products, "to-x"),
      ];
    }
    const times = (one) => (products.length === 1 ? `one ${one}` : `${products.length} ${one}s`);
    if (kind === "dW") {
      return [
        el("p", {}, `Weight w[${i}, ${j}] met ${times("input")}, outlined in x. From each output it gets dY times that input:`),
        total(`dW[${i}, ${j}]`, products, result.dW[i][j], "to-w"),
      ];
    }
    if (!products.length) return [el("p", {}, `No output reads input x[${i}, ${j}]. Nudging it changes nothing, so dX[${i}, ${j}] = 0.`)];
    return [
      el("p", {}, `Input x[${i}, ${j}] took part in ${times("output")}, outlined in dY. From each it gets dY times the weight that it met there:`),
      total(`dX[${i}, ${j}]`, products, result.dX[i][j], "to-x"),
    ];
  }

  /** Everything that follows the pointer or the choice. */
  function paint() {
    const focus = pointed ?? chosen();
    const { kind, i, j } = focus;
    const involved = !result.fits ? [] : result.products.filter((p) => (kind === "output" ? p.i === i && p.j === j
      : kind === "dX" ? p.y === i && p.x === j : p.a === i && p.b === j));
    const key = (r, c) => `${r},${c}`;
    // For each grid: which cells take part, and what stands in their corner.
    const corners = Object.fromEntries(Object.keys(grids).map((name) => [name, new Map()]));
    const plus = (value) => (value < 0 ? number(value, 2) : `+${number(value, 2)}`);
    for (const p of involved) {
      const [out, pixel, weight] = [key(p.i, p.j), key(p.y, p.x), key(p.a, p.b)];
      corners.input.set(pixel, "");
      corners.kernel.set(weight, "");
      corners.output.set(out, "");
      corners.dY.set(out, kind === "dX" ? `\u00d7${number(p.weight, 2)}` : kind === "dW" ? `\u00d7${number(p.value, 2)}` : "");
      if (kind !== "dW") corners.dX.set(pixel, kind === "output" ? plus(p.upstream * p.weight) : "");
      if (kind !== "dX") corners.dW.set(weight, kind === "output" ? plus(p.upstream * p.value) : "");
    }
    for (const [name, shown] of Object.entries(grids)) {
      const own = name === "output" || name === "dY" ? "output" : name;
      shown.draw((cell, r, c) => {
        mark(cell.td, "cnn-now", own === kind && r === i && c === j);
        mark(cell.td, "cnn-takes-part", corners[name].has(key(r, c)));
        write(cell.corner, corners[name].get(key(r, c)) ?? "");
      });
    }
    told.hidden = !result.fits;
    if (result.fits) told.replaceChildren(...tell(focus, involved));
  }

  /** Everything that follows the state. */
  const unfollow = follow(model, NAMES, () => {
    const before = state;
    state = read();
    if (before === state || NUMBERS.some((name) => JSON.stringify(before[name]) !== JSON.stringify(state[name]))) result = compute(state);
    const outputs = result.output.length * columns();
    if (outputs && state.chosen > outputs - 1) { put(model, { chosen: outputs - 1 }); return; }
    const shown = { input: state.input, kernel: state.kernel, output: result.output, dY: result.dY, dX: result.dX, dW: result.dW };
    for (const [name, rows] of Object.entries(shown)) {
      grids[name].resize(rows.length, rows[0]?.length ?? 0);
      grids[name].draw((cell, r, c) => {
        if (cell.show) { cell.show(rows[r][c]); return; }
        const text = number(rows[r][c]);
        write(cell.control, text);
        cell.td.style.setProperty("--length", text.length);
        const label = `${name === "output" ? "output y" : name}[${r}, ${c}]: ${text}`;
        if (cell.control.getAttribute("aria-label") !== label) cell.control.setAttribute("aria-label", label);
      });
      write(sizes[name], rows.length ? `${rows.length}\u00d7${rows[0].length}` : "");
    }
    stride.set(state.stride);
    padding.set(state.padding);
    nofit.hidden = result.fits;
    grids.output.root.parentElement.hidden = wayBack.hidden = !result.fits;
    const side = (rows, more) => `${rows.length + more}\u00d7${rows[0].length + more}`;
    write(nofit, result.fits ? "" : `There is no output: the kernel covers ${side(state.kernel, 0)} pixels, but the `
      + `${state.padding ? "padded " : ""}input has only ${side(state.input, 2 * state.padding)}. Give it more padding, or a larger input.`);
    paint();
  });

  return unfollow;
}

export default { render };
