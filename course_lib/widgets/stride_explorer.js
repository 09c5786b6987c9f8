import { button, choice, el, follow, grid, mark, mount, number, put, slider, uniqueId, write } from "./base.js";

const LETTERS = "abcdefghijklmnop";
const SETTINGS = ["size", "kernel", "stride", "padding", "dilation", "convention"];
const NAMES = [...SETTINGS, "step"];

/** Settings worth seeing; the words after the colon say what for. */
const PRESETS = {
  "slide 17: one step at a time": { size: 4, kernel: 2, stride: 1, padding: 0, dilation: 1 },
  "slide 22: stride 2": { size: 4, kernel: 2, stride: 2, padding: 0, dilation: 1 },
  "slide 26: stride 2, padding 1": { size: 4, kernel: 2, stride: 2, padding: 1, dilation: 1 },
  "does not fit: 5, 2, 2": { size: 5, kernel: 2, stride: 2, padding: 0, dilation: 1 },
  "keeps the size: 3\u00d73, padding 1": { size: 5, kernel: 3, stride: 1, padding: 1, dilation: 1 },
  "gaps: stride larger than the kernel": { size: 7, kernel: 2, stride: 3, padding: 0, dilation: 1 },
  "dilated: 3\u00d73 spread to 5\u00d75": { size: 7, kernel: 3, stride: 1, padding: 0, dilation: 2 },
};

const CONVENTIONS = {
  floor: "drops the window that does not fit. PyTorch; Dumoulin and Visin.",
  ceil: "lets it hang over the edge. Caffe\u2019s pooling; ceil_mode=True in PyTorch\u2019s.",
  refuse: "calls it an error. CS231n notes; CNN Explainer.",
};

/** One side, all numbers of it. The Python twins are geometry.output_size and geometry.unread_pixels. */
export function side({ size, kernel, stride, padding, dilation, convention }) {
  const spread = dilation * (kernel - 1) + 1;
  const room = size + 2 * padding - spread;
  const exact = room / stride + 1;
  const divides = Number.isInteger(exact);
  const floor = room < 0 ? 0 : Math.floor(exact);
  // As in PyTorch, a window that would begin beyond the picture, in the frame after it, is dropped even by ceil.
  const hangs = room >= 0 && !divides && floor * stride < size + padding;
  const counts = { floor, ceil: floor + Number(hangs), refuse: divides ? floor : 0 };
  const count = counts[convention];
  const windowAt = (index) => Array.from({ length: kernel }, (_, a) => index * stride - padding + a * dilation);
  const windows = Array.from({ length: count }, (_, index) => windowAt(index));
  const read = new Set(windows.flat());
  const unread = Array.from({ length: count ? size : 0 }, (_, pixel) => pixel).filter((pixel) => !read.has(pixel));
  const end = Math.max(size + padding, count ? windows[count - 1][kernel - 1] + 1 : 0);
  return { spread, room, exact, divides, hangs, counts, count, windows, windowAt, unread, begin: -padding, end };
}

/** Everything: the side, and in two dimensions the terms, the sum and the value of each output cell. */
export function compute(state) {
  const along = side(state);
  const { size, kernel } = state;
  const terms = (i, j) => Array.from({ length: kernel * kernel }, (_, n) => {
    const [y, x] = [along.windows[i][Math.floor(n / kernel)], along.windows[j][n % kernel]];
    const inside = y >= 0 && x >= 0 && y < size && x < size;
    return { y, x, letter: LETTERS[n], weight: n + 1, pixel: inside ? y * size + x + 1 : 0 };
  });
  const cells = (make) => along.windows.map((_, i) => along.windows.map((__, j) => make(terms(i, j))));
  const sums = cells((all) => all.filter((term) => term.pixel).map((term) => term.pixel + term.letter).join("+") || "0");
  const output = cells((all) => all.reduce((sum, term) => sum + term.pixel * term.weight, 0));
  return { ...along, terms, sums, output };
}

/** The formula with its numbers, rounded by the chosen convention. */
export function formula(state, { spread, room, exact, divides, count, hangs }) {
  const { size, stride, padding, dilation, convention } = state;
  const spreads = dilation > 1 ? `the kernel is spread to ${dilation}\u00b7(${state.kernel} \u2212 1) + 1 = ${spread}; ` : "";
  const inside = `${size} \u2212 ${spread} + 2\u00b7${padding}`;
  if (room < 0) return `${spreads}${inside} = ${number(room)} is below 0: the kernel does not fit.`;
  if (convention === "refuse") {
    return `${spreads}(${inside}) / ${stride} + 1 = ${number(exact)}${divides ? "" : ", which is no whole number: refused."}`;
  }
  const [open, close] = convention === "ceil" ? ["\u2308", "\u2309"] : ["\u230a", "\u230b"];
  const rounded = divides ? "" : `${open}${number(room / stride)}${close} + 1 = `;
  const dropped = convention === "ceil" && !divides && !hangs
    ? " One less than the formula: a window that begins in the frame after the picture is dropped all the same." : "";
  return `${spreads}${open}(${inside}) / ${stride}${close} + 1 = ${rounded}${number(count)}.${dropped}`;
}

function render({ model, el: element }) {
  const root = mount(element, "stride-explorer", "Stride explorer");
  const read = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);
  let preview = null; // the output under the pointer, shown without moving the step
  let pointed = null; // the pixel under the pointer

  const cells = () => result.count ** 2;
  const at = () => preview ?? [Math.floor(state.step / (result.count || 1)), state.step % (result.count || 1)];
  const go = (step) => put(model, { step: Math.max(0, Math.min(cells() - 1, step)) });
  const set = (name) => (value) => put(model, { [name]: value });

  const sliders = {
    size: slider("input side", { min: 1, max: 9, onchange: set("size") }),
    kernel: slider("kernel side", { min: 1, max: 4, onchange: set("kernel") }),
    stride: slider("stride", { min: 1, max: 4, onchange: set("stride") }),
    padding: slider("padding", { min: 0, max: 3, onchange: set("padding") }),
    dilation: slider("dilation", { min: 1, max: 3, onchange: set("dilation") }),
  };
  const OWN = "your own";
  const preset = choice("example", [OWN, ...Object.keys(PRESETS)], (name) => {
    if (PRESETS[name]) put(model, { ...PRESETS[name], step: 0 });
  });
  const back = button("\u2039 Back", () => go(state.step - 1));
  const next = button("Next \u203a", () => go(state.step + 1));

  const input = grid({
    label: "input x",
    className: "cnn-input",
    make: () => {
      const weight = el("span", { class: "cnn-weight", "aria-hidden": "true" });
      return { control: el("span", { class: "cnn-cell" }), extra: weight, weight };
    },
    onpoint(i, j) { pointed = [i + result.begin, j + result.begin]; paint(); },
    onleave() { pointed = null; paint(); },
  });
  const kernel = grid({
    label: "kernel w",
    className: "cnn-kernel",
    make: () => {
      const weight = el("span", { class: "cnn-weight", "aria-hidden": "true" });
      return { control: el("span", { class: "cnn-cell" }), extra: weight, weight };
    },
  });
  const output = grid({
    label: "output y",
    className: "cnn-output",
    make: (i, j) => ({ control: el("button", { type: "button", onclick: () => go(i * result.count + j) }) }),
    onpoint(i, j, how) {
      if (how === "focus") { if (i * result.count + j !== state.step) go(i * result.count + j); }
      else { preview = [i, j]; paint(); }
    },
    onleave() { preview = null; paint(); },
  });

  const sizes = { input: el("small"), kernel: el("small"), output: el("small") };
  const panel = (title, size, ...children) => el("div", { class: "cnn-panel" }, el("p", { class: "cnn-caption" }, title, " ", size), ...children);
  const outputPanel = panel("output y", sizes.output, output.root);
  const nofit = el("p", { class: "cnn-fault", role: "status" });
  const sum = el("p", { class: "cnn-sum" });
  const value = el("p", { class: "cnn-muted cnn-value-line" });
  const steps = el("div", { class: "cnn-row" }, back, next, value);

  const strip = el("div", { class: "cnn-strip", role: "img" });
  const stripTitle = el("p", { class: "cnn-caption cnn-strip-title" }, el("span"), el("small", {}, "pixels counted from 0"));
  const formulaLine = el("p", { class: "cnn-formula" });
  const unreadLine = el("p", { class: "cnn-status", role: "status" });

  const group = uniqueId("convention");
  const cards = Object.fromEntries(Object.entries(CONVENTIONS).map(([name, says]) => {
    const radio = el("input", { type: "radio", name: group, value: name, onchange: () => put(model, { convention: name }) });
    const outcome = el("b");
    const card = el("label", { class: "cnn-card" }, el("span", { class: "cnn-card-head" }, radio, el("span", {}, name), outcome),
      el("span", { class: "cnn-muted" }, says));
    return [name, { radio, outcome, card }];
  }));
  const conventions = el("fieldset", { class: "cnn-cards" }, el("legend", {}, "When the stride does not fit"),
    ...Object.values(cards).map(({ card }) => card));

  root.append(
    el("div", { class: "cnn-row cnn-bar" }, ...Object.values(sliders).map((one) => one.root), preset.root),
    el("div", { class: "cnn-panels" }, panel("input x", sizes.input, el("div", { class: "cnn-scroll" }, input.root)),
      panel("kernel w", sizes.kernel, kernel.root), outputPanel),
    nofit,
    sum,
    steps,
    formulaLine,
    stripTitle,
    strip,
    unreadLine,
    conventions,
  );

  /** The symbolic sum of a cell as chips, a pixel beside its letter; zeros of the frame are dimmed. */
  function drawSum(i, j) {
    const terms = result.terms(i, j);
    while (sum.children.length > terms.length + 1) sum.lastChild.remove();
    if (!sum.firstChild) sum.append(el("span", { class: "cnn-name" }));
    while (sum.children.length < terms.length + 1) {
      sum.append(el("span", { class: "cnn-term" }, el("b", { class: "cnn-x" }), el("b", { class: "cnn-w" }), el("i")));
    }
    write(sum.firstChild, `y[${i}, ${j}] =`);
    terms.forEach((term, n) => {
      const [x, w, plus] = sum.children[n + 1].childNodes;
      write(x, String(term.pixel));
      write(w, term.letter);
      write(plus, n < terms.length - 1 ? " +" : "");
      mark(sum.children[n + 1], "cnn-zero", !term.pixel);
    });
    const total = number(result.output[i][j]);
    const few = terms.length <= 4;
    const list = (all) => (few ? all : [...all.slice(0, 2), "\u2026", all.at(-1)]).join(", ");
    const products = terms.filter((term) => term.pixel).map((term) => `${term.pixel}\u00b7${term.weight}`).join(" + ") || "0";
    write(value, `with ${list(terms.map((term) => term.letter))} = ${list(terms.map((term) => term.weight))}: `
      + (few && products !== total ? `${products} = ${total}` : total));
  }

  /** One row from the side: its pixels, and below them a bar for each window. */
  function drawStrip() {
    const next = result.windowAt(result.counts.floor);
    const drops = result.room >= 0 && !result.divides && result.count === result.counts.floor;
    const rejected = result.room >= 0 && state.convention === "refuse" && !result.divides;
    const shown = rejected ? Array.from({ length: result.counts.floor }, (_, o) => result.windowAt(o)) : result.windows;
    const bars = [...shown.map((reads) => ({ reads, kind: rejected ? "refused" : "kept" })),
      ...(drops || rejected ? [{ reads: next, kind: rejected ? "refused" : "dropped" }] : [])];
    const { begin } = result;
    const end = Math.max(result.end, ...bars.map(({ reads }) => reads.at(-1) + 1));
    const columns = end - begin;
    const unread = new Set(result.unread);
    strip.style.setProperty("--columns", columns);
    const pixels = Array.from({ length: columns }, (_, c) => {
      const pixel = c + begin;
      const real = pixel >= 0 && pixel < state.size;
      const frame = !real && pixel < state.size + state.padding;
      const kind = real ? `cnn-pixel${unread.has(pixel) ? " cnn-unread" : ""}` : frame ? "cnn-pixel cnn-pad" : "cnn-pixel cnn-void";
      return el("span", { class: kind, style: `grid-column:${c + 1};grid-row:1`, "data-pixel": pixel }, real ? String(pixel) : "");
    });
    const rows = bars.map(({ reads, kind }, index) => el("span", {
      class: `cnn-bar-window cnn-${kind}`, "data-window": index,
      style: `grid-column:${reads[0] - begin + 1} / ${reads.at(-1) - begin + 2};grid-row:${index + 2};--reads:${reads.at(-1) - reads[0] + 1}`,
    }, ...reads.map((pixel) => el("i", { style: `grid-column:${pixel - reads[0] + 1}` })),
    kind === "kept" ? null : el("em", {}, kind === "dropped" ? "dropped" : index === bars.length - 1 ? "does not fit" : "")));
    strip.replaceChildren(...pixels, ...rows);
    const places = bars.map(({ reads, kind }) => `${reads.join(" ")}${kind === "kept" ? "" : ` (${kind})`}`).join("; ");
    strip.setAttribute("aria-label", `Windows of one row read the pixels ${places || "of no place: the kernel does not fit"}.`);
    const many = result.count === 1 ? "1 window" : `${result.count} windows`;
    write(stripTitle.firstChild, `One row from the side: ${rejected ? "refused" : many} `);
  }

  /** Everything that follows the pointer or the step; touches only what changed. */
  function paint() {
    const shown = result.count > 0;
    const [i, j] = at();
    const [rows, columns] = shown ? [result.windows[i], result.windows[j]] : [[], []];
    const unread = new Set(result.unread);
    input.draw((cell, r, c) => {
      const [y, x] = [r + result.begin, c + result.begin];
      const inside = y >= 0 && x >= 0 && y < state.size && x < state.size;
      const frame = !inside && y < state.size + state.padding && x < state.size + state.padding;
      const [a, b] = [rows.indexOf(y), columns.indexOf(x)];
      const hit = a >= 0 && b >= 0;
      write(cell.control, inside ? String(y * state.size + x + 1) : "0");
      write(cell.weight, hit ? LETTERS[a * state.kernel + b] : "");
      mark(cell.td, "cnn-pad", frame);
      mark(cell.td, "cnn-beyond", !inside && !frame);
      mark(cell.td, "cnn-unread", inside && (unread.has(y) || unread.has(x)));
      mark(cell.td, "cnn-window", hit);
    });
    kernel.draw((cell, a, b) => {
      write(cell.control, LETTERS[a * state.kernel + b]);
      write(cell.weight, String(a * state.kernel + b + 1));
    });
    output.root.style.setProperty("--length", Math.max(2, ...result.output.flat().map((total) => String(total).length)));
    output.draw((cell, r, c) => {
      write(cell.control, number(result.output[r][c]));
      cell.control.setAttribute("aria-label", `output y[${r}, ${c}]: ${result.sums[r][c]} = ${result.output[r][c]}`);
      mark(cell.td, "cnn-now", r === i && c === j);
      mark(cell.td, "cnn-uses", pointed && result.windows[r].includes(pointed[0]) && result.windows[c].includes(pointed[1]));
    });
    sum.hidden = steps.hidden = !shown;
    if (shown) drawSum(i, j);
    for (const bar of strip.querySelectorAll("[data-window]")) mark(bar, "cnn-now", shown && Number(bar.dataset.window) === j);
    const read = new Set(columns);
    for (const pixel of strip.querySelectorAll("[data-pixel]")) mark(pixel, "cnn-window", read.has(Number(pixel.dataset.pixel)));
  }

  /** The pixels that nobody reads, in words. */
  function unreadWords() {
    const total = state.size ** 2;
    const left = total - (state.size - result.unread.length) ** 2;
    if (!result.count) return "";
    if (!left) return `Every one of the ${total} pixels is read by some window.`;
    const list = result.unread.join(", ");
    const lines = result.unread.length === 1 ? `row ${list} and column ${list}` : `rows and columns ${list}`;
    return `Never read: ${left} of ${total} pixels, hatched (${lines}).`;
  }

  /** Why there is no output, and what to do. */
  function misfit() {
    if (result.count) return "";
    if (result.room < 0) {
      const padded = state.padding ? "padded " : "";
      return `There is no output: the kernel covers ${result.spread} pixels and the ${padded}row has only `
        + `${state.size + 2 * state.padding}. Take a smaller kernel, less dilation or more padding.`;
    }
    return `There is no output: ${number(result.exact)} is no whole number of cells, and this convention refuses. `
      + "Change the padding or the stride by one, or choose floor or ceil below.";
  }

  const unfollow = follow(model, NAMES, () => {
    state = read();
    result = compute(state);
    if (state.step > Math.max(0, cells() - 1)) return put(model, { step: Math.max(0, cells() - 1) });
    preview = null;
    const shown = result.end - result.begin;
    input.resize(shown, shown);
    mark(input.root, "cnn-dense", shown > 11);
    kernel.resize(state.kernel, state.kernel);
    output.resize(result.count, result.count);
    outputPanel.hidden = !result.count;
    const square = (n) => `${n}\u00d7${n}`;
    write(sizes.input, square(state.size) + (state.padding ? `, padded to ${square(state.size + 2 * state.padding)}` : ""));
    write(sizes.kernel, square(state.kernel) + (state.dilation > 1 ? `, spread to ${square(result.spread)}` : ""));
    write(sizes.output, square(result.count));
    for (const [name, control] of Object.entries(sliders)) control.set(state[name]);
    const named = Object.entries(PRESETS).find(([, wanted]) => Object.entries(wanted).every(([key, want]) => state[key] === want));
    preset.set(named ? named[0] : OWN);
    for (const [name, { radio, outcome, card }] of Object.entries(cards)) {
      radio.checked = state.convention === name;
      mark(card, "cnn-chosen", state.convention === name);
      write(outcome, result.counts[name] ? `${result.counts[name]}\u00d7${result.counts[name]}` : "no output");
    }
    back.disabled = state.step <= 0;
    next.disabled = state.step >= cells() - 1;
    nofit.hidden = result.count > 0;
    write(nofit, misfit());
    write(formulaLine, `Side of the output: ${formula(state, result)}`);
    write(unreadLine, unreadWords());
    drawStrip();
    paint();
    return undefined;
  });
  return unfollow;
}

export default { render };
