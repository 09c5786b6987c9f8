import { asApplied, button, choice, el, follow, grid, mark, mount, number, numberCell, parse, put, slider, tick, uniqueId, write, writeSum } from "./base.js";

/** Size of the output along one side: floor((n - k + 2p) / s) + 1, where dilation spreads the kernel to k. */
export function outputSize(n, k, stride, padding, dilation) {
  const spread = dilation * (k - 1) + 1;
  const room = n - spread + 2 * padding;
  return { spread, room, size: room < 0 ? 0 : Math.floor(room / stride) + 1 };
}

/** The whole arithmetic: state in, numbers out. The Python twin is ConvolutionStepper.output. */
export function compute({ input, kernel, stride, padding, dilation, operation }) {
  const applied = asApplied(kernel, operation);
  const height = outputSize(input.length, kernel.length, stride, padding, dilation);
  const width = outputSize(input[0].length, kernel[0].length, stride, padding, dilation);
  const fits = height.size > 0 && width.size > 0;
  const terms = (i, j) => applied.flatMap((row, a) => row.map((weight, b) => {
    const y = i * stride + a * dilation - padding;
    const x = j * stride + b * dilation - padding;
    return { y, x, weight, value: input[y]?.[x] ?? 0 };
  }));
  const output = fits
    ? Array.from({ length: height.size }, (_, i) => Array.from({ length: width.size }, (_, j) =>
      terms(i, j).reduce((sum, term) => sum + term.value * term.weight, 0)))
    : [];
  return { applied, height, width, fits, terms, output };
}

/** What to do when the kernel does not fit, in one sentence. */
function misfit({ input, kernel, padding, dilation }, { height, width }) {
  const covers = `${height.spread}\u00d7${width.spread}`;
  const has = `${input.length + 2 * padding}\u00d7${input[0].length + 2 * padding}`;
  const spread = dilation > 1 ? ` (dilation ${dilation} spreads ${kernel.length}\u00d7${kernel[0].length} to ${covers})` : "";
  const less = dilation > 1 ? ", less dilation" : "";
  return `There is no output: the kernel covers ${covers} pixels${spread}, but the ${padding ? "padded " : ""}input has only ${has}. `
    + `Give it more padding${less}, or a larger input.`;
}

/** The size formula with its numbers, and what its floor throws away. */
function sizeFormula(state, { height, width }) {
  const side = (name, n, k, { spread, room, size }) => {
    const quotient = room / state.stride;
    const spreads = state.dilation > 1 ? `kernel spread ${state.dilation}\u00b7(${k} \u2212 1) + 1 = ${spread}; ` : "";
    if (room < 0) return `${name}: ${spreads}${n} \u2212 ${spread} + 2\u00b7${state.padding} = ${number(room)} is below 0: no output`;
    const floor = Number.isInteger(quotient) ? "" : `, where ${room}/${state.stride} = ${number(quotient)} is rounded down`;
    return `${name}: ${spreads}\u230a(${n} \u2212 ${spread} + 2\u00b7${state.padding}) / ${state.stride}\u230b + 1 = ${size}${floor}`;
  };
  const rows = side("height", state.input.length, state.kernel.length, height);
  const columns = side("width", state.input[0].length, state.kernel[0].length, width);
  return rows.slice("height".length) === columns.slice("width".length) ? `height and width${rows.slice(6)}` : `${rows} \u00b7 ${columns}`;
}

const SUMS = ["input", "kernel", "stride", "padding", "dilation", "operation"];
const NAMES = [...SUMS, "step", "predict", "predictions"];
const SECONDS_PER_STEP = 0.9;

function render({ model, el: element }) {
  const root = mount(element, "convolution-stepper", "Convolution stepper");
  const read = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);
  let preview = null; // the output under the pointer, shown without moving the step
  let pointed = null; // the input under the pointer
  let timer = null;

  const steps = () => (result.fits ? result.height.size * result.width.size : 0);
  const at = () => preview ?? [Math.floor(state.step / (result.width.size || 1)), state.step % (result.width.size || 1)];
  const key = (i, j) => `${i},${j}`;
  const guesses = () => new Map(state.predictions.map((p) => [key(p.row, p.column), p]));

  const go = (step) => put(model, { step: Math.max(0, Math.min(steps() - 1, step)) });
  const stop = () => {
    clearInterval(timer);
    timer = null;
    write(play, "\u25b6 Play");
    play.setAttribute("aria-pressed", "false");
  };
  const start = () => {
    if (state.step >= steps() - 1) go(0);
    timer = setInterval(() => (state.step >= steps() - 1 ? stop() : go(state.step + 1)), 1000 * SECONDS_PER_STEP);
    write(play, "\u275a\u275a Pause");
    play.setAttribute("aria-pressed", "true");
  };

  const back = button("\u2039 Back", () => { stop(); go(state.step - 1); });
  const play = button("\u25b6 Play", () => (timer ? stop() : start()), { "aria-pressed": "false" });
  const next = button("Next \u203a", () => { stop(); go(state.step + 1); });
  const scrub = slider("step", { min: 1, max: 9, onchange: (value) => { stop(); go(value - 1); } });
  const stride = slider("stride", { min: 1, max: 4, onchange: (value) => put(model, { stride: value }) });
  const padding = slider("padding", { min: 0, max: 3, onchange: (value) => put(model, { padding: value }) });
  const dilation = slider("dilation", { min: 1, max: 3, onchange: (value) => put(model, { dilation: value }) });
  const operation = choice("operation", ["cross-correlation", "convolution"], (value) => put(model, { operation: value }));
  const predict = tick("predict first", (value) => { stop(); put(model, { predict: value }); });

  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const nofit = el("p", { class: "cnn-fault", role: "status", hidden: true });
  const complain = (text) => { write(fault, text); fault.hidden = !text; };
  const edit = (name) => (i, j, value) => {
    const rows = model.get(name).map((row) => [...row]);
    rows[i][j] = value;
    put(model, { [name]: rows });
  };
  const inPicture = (i, j) => [i - state.padding, j - state.padding];

  const input = grid({
    label: "input x",
    className: "cnn-input",
    make(i, j) {
      const [y, x] = inPicture(i, j);
      const weight = el("span", { class: "cnn-weight", "aria-hidden": "true" });
      const inside = y >= 0 && x >= 0 && y < state.input.length && x < state.input[0].length;
      if (!inside) return { control: el("span", { class: "cnn-cell" }, "0"), extra: weight, weight };
      return { ...numberCell(y, x, "input x", { oncommit: edit("input"), onfault: complain }), extra: weight, weight };
    },
    onpoint(i, j) { pointed = inPicture(i, j); paint(); },
    onleave() { pointed = null; paint(); },
  });
  const kernel = grid({
    label: "kernel w",
    className: "cnn-kernel",
    make: (i, j) => numberCell(i, j, "kernel w", { oncommit: edit("kernel"), onfault: complain }),
  });
  const applied = grid({
    label: "kernel as applied",
    className: "cnn-kernel cnn-applied",
    make: () => ({ control: el("span", { class: "cnn-cell" }) }),
  });
  const output = grid({
    label: "output y",
    className: "cnn-output",
    make: (i, j) => ({ control: el("button", { type: "button", onclick: () => { stop(); go(i * result.width.size + j); } }) }),
    onpoint(i, j, how) {
      if (how === "focus") { if (i * result.width.size + j !== state.step) go(i * result.width.size + j); }
      else { preview = [i, j]; paint(); }
    },
    onleave() { preview = null; paint(); },
  });

  const guessId = uniqueId("guess");
  const guessLabel = el("label", { for: guessId });
  const guess = el("input", { id: guessId, class: "cnn-field cnn-guess", type: "text", inputmode: "decimal", autocomplete: "off" });
  const verdict = el("span", { role: "status" });
  const reveal = () => {
    const value = parse(guess.value);
    if (value === null) { complain("Type your prediction as a number, such as 12, then press Enter."); return; }
    complain("");
    const width = result.width.size;
    const [row, column] = [Math.floor(state.step / width), state.step % width];
    const answered = state.predictions.filter((p) => p.row !== row || p.column !== column);
    guess.value = "";
    put(model, { predictions: [...answered, { row, column, guess: value, value: result.output[row][column] }] });
  };
  guess.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const [i, j] = [Math.floor(state.step / result.width.size), state.step % result.width.size];
    if (guess.value.trim() === "" && guesses().has(key(i, j))) go(state.step + 1);
    else reveal();
  });
  const asking = el("div", { class: "cnn-row cnn-bar" }, guessLabel, guess, button("Reveal", reveal), verdict);

  const sum = el("p", { class: "cnn-sum" });
  const formula = el("p", { class: "cnn-muted" });
  const reverse = el("p", { class: "cnn-muted cnn-status" });
  const sizes = { input: el("small"), kernel: el("small"), output: el("small") };
  const panel = (title, size, ...children) => el("div", { class: "cnn-panel" }, el("p", { class: "cnn-caption" }, title, " ", size), ...children);
  const appliedPanel = panel("as applied", el("small", {}, "rotated by 180\u00b0"), applied.root);
  const outputPanel = panel("output y", sizes.output, output.root);

  root.append(
    el("div", { class: "cnn-row" }, back, play, next, scrub.root, predict.root),
    el("div", { class: "cnn-row cnn-bar" }, stride.root, padding.root, dilation.root, operation.root),
    fault,
    nofit,
    el("div", { class: "cnn-panels" }, panel("input x", sizes.input, input.root), panel("kernel w", sizes.kernel, kernel.root), appliedPanel, outputPanel),
    asking,
    sum,
    formula,
    reverse,
  );

  /** Everything that follows the pointer or the step; touches only what changed. */
  function paint() {
    const shown = result.fits;
    const [i, j] = at();
    const known = guesses();
    const open = (r, c) => !state.predict || known.has(key(r, c));
    const terms = shown ? result.terms(i, j) : [];
    const weights = new Map(terms.map((term) => [key(term.y, term.x), term.weight]));
    const reach = (n, k, size) => (n >= 0 ? Array.from({ length: size }, (_, o) => o * state.stride).flatMap((o) =>
      Array.from({ length: k }, (_, a) => o + a * state.dilation)) : []);
    const rowsRead = new Set(reach(0, state.kernel.length, result.height.size));
    const columnsRead = new Set(reach(0, state.kernel[0].length, result.width.size));

    input.draw((cell, r, c) => {
      const [y, x] = inPicture(r, c);
      const weight = weights.get(key(y, x));
      mark(cell.td, "cnn-window", weight !== undefined);
      mark(cell.td, "cnn-pad", !cell.show);
      mark(cell.td, "cnn-unread", shown && !(rowsRead.has(r) && columnsRead.has(c)));
      write(cell.weight, weight === undefined ? "" : `\u00d7${number(weight, 2)}`);
    });
    const uses = new Map();
    if (pointed && shown) {
      for (let r = 0; r < result.height.size; r++) for (let c = 0; c < result.width.size; c++) {
        const term = result.terms(r, c).find((t) => t.y === pointed[0] && t.x === pointed[1]);
        if (term) uses.set(key(r, c), term.weight);
      }
    }
    output.draw((cell, r, c) => {
      const text = open(r, c) ? number(result.output[r][c]) : "?";
      write(cell.control, text);
      if (cell.td.style.getPropertyValue("--length") !== String(text.length)) cell.td.style.setProperty("--length", text.length);
      const name = `output y[${r}, ${c}]: ${open(r, c) ? text : "hidden, predict it first"}`;
      if (cell.control.getAttribute("aria-label") !== name) cell.control.setAttribute("aria-label", name);
      mark(cell.td, "cnn-now", r === i && c === j);
      mark(cell.td, "cnn-uses", uses.has(key(r, c)));
      const said = known.get(key(r, c));
      mark(cell.td, "cnn-hit", state.predict && said && Math.abs(said.guess - result.output[r][c]) < 1e-6);
      mark(cell.td, "cnn-miss", state.predict && said && Math.abs(said.guess - result.output[r][c]) >= 1e-6);
    });
    sum.hidden = !shown;
    if (shown) writeSum(sum, `y[${i}, ${j}] =`, terms, open(i, j) ? result.output[i][j] : null);
    write(reverse, uses.size ? `x[${pointed[0]}, ${pointed[1]}] takes part in ${uses.size === 1 ? "one output" : `${uses.size} outputs`} (outlined), `
      + `with weight${uses.size === 1 ? "" : "s"} ${[...uses.values()].map((weight) => number(weight)).join(", ")}.`
      : "Hover or focus an output to see its window, an input to see the outputs that it takes part in.");
    if (state.predict && shown) {
      const width = result.width.size;
      const [row, column] = [Math.floor(state.step / width), state.step % width];
      const said = known.get(key(row, column));
      const hits = [...known.values()].filter((p) => Math.abs(p.guess - p.value) < 1e-6).length;
      write(guessLabel, `your y[${row}, ${column}]`);
      const hit = said && Math.abs(said.guess - said.value) < 1e-6;
      mark(verdict, "cnn-right", said && hit);
      mark(verdict, "cnn-fault", said && !hit);
      const score = known.size ? ` ${hits} of ${known.size} right so far.` : "";
      write(verdict, !said ? `Work it out, type it, press Enter.${score}`
        : hit ? `\u2713 Right, it is ${number(said.value)}. Enter again for the next one.${score}`
          : `\u2717 You said ${number(said.guess)}, it is ${number(said.value)}: compare with the sum below.${score}`);
    }
  }

  /** Everything that follows the state. */
  const unfollow = follow(model, NAMES, () => {
    const before = state;
    state = read();
    const changed = SUMS.some((name) => JSON.stringify(before[name]) !== JSON.stringify(state[name]));
    if (changed || before === state) result = compute(state);
    if (changed && state.predictions.length) return put(model, { predictions: [] });
    if (steps() && state.step > steps() - 1) return put(model, { step: steps() - 1 });
    input.resize(state.input.length + 2 * state.padding, state.input[0].length + 2 * state.padding, `p${state.padding}`);
    input.draw((cell, r, c) => cell.show?.(state.input[r - state.padding][c - state.padding]));
    kernel.resize(state.kernel.length, state.kernel[0].length);
    kernel.draw((cell, r, c) => cell.show(state.kernel[r][c]));
    applied.resize(result.applied.length, result.applied[0].length);
    applied.draw((cell, r, c) => write(cell.control, number(result.applied[r][c])));
    appliedPanel.hidden = state.operation !== "convolution";
    output.resize(result.fits ? result.height.size : 0, result.fits ? result.width.size : 0);
    outputPanel.hidden = !result.fits;
    asking.hidden = !(state.predict && result.fits);
    const size = (rows, columns) => `${rows}\u00d7${columns}`;
    write(sizes.input, size(state.input.length, state.input[0].length) + (state.padding ? `, padded by ${state.padding}` : ""));
    write(sizes.kernel, size(state.kernel.length, state.kernel[0].length));
    write(sizes.output, size(result.height.size, result.width.size));
    scrub.set(state.step + 1, { max: Math.max(1, steps()) });
    stride.set(state.stride);
    padding.set(state.padding);
    dilation.set(state.dilation);
    operation.set(state.operation);
    predict.set(state.predict);
    for (const control of [back, play, next, scrub.input]) control.disabled = !result.fits;
    nofit.hidden = result.fits;
    write(nofit, result.fits ? "" : misfit(state, result));
    write(formula, `Output size, ${sizeFormula(state, result)}.`);
    paint();
    return undefined;
  });

  return () => { clearInterval(timer); unfollow(); };
}

export default { render };
