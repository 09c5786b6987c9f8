import {
  button,
  choice,
  el,
  follow,
  grid,
  mark,
  mount,
  number,
  numberCell,
  put,
  slider,
  tick,
  write,
} from "./base.js";

/**
 * The whole arithmetic: state in, numbers out. Python twins: Pooling.output and Pooling.input_gradient.
 * `window(i, j)` lists the numbers under an output row by row; `best` is the place of the first of the largest.
 */
export function compute({ input, operation, size, stride, upstream }) {
  const step = stride ?? size;
  const room = [input.length - size, input[0].length - size];
  const fits = Math.min(...room) >= 0;
  const [height, width] = fits ? room.map((left) => Math.floor(left / step) + 1) : [0, 0];
  const window = (i, j) =>
    Array.from({ length: size * size }, (_, n) => {
      const [y, x] = [i * step + Math.floor(n / size), j * step + (n % size)];
      return { y, x, value: input[y][x] };
    });
  const fill = (rows, columns, cell) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (__, j) => cell(i, j)));
  const best = (cells) => cells.reduce((first, cell, n) => (cell.value > cells[first].value ? n : first), 0);
  const reduce = (cells) =>
    operation === "max"
      ? cells[best(cells)].value
      : cells.reduce((sum, cell) => sum + cell.value, 0) / cells.length;
  const output = fill(height, width, (i, j) => reduce(window(i, j)));
  const given = upstream ?? fill(height, width, () => 1);
  const inputGradient = input.map((row) => row.map(() => 0));
  const read = input.map((row) => row.map(() => []));
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const cells = window(i, j);
      const winner = best(cells);
      cells.forEach(({ y, x }, n) => {
        const share = operation === "average" ? given[i][j] / cells.length : n === winner ? given[i][j] : 0;
        const routed = operation === "average" || n === winner;
        inputGradient[y][x] += share;
        read[y][x].push({ i, j, share, routed });
      });
    }
  return { step, fits, height, width, window, best, output, given, inputGradient, read };
}

const EXAMPLES = {
  "slide 30: 1 to 16": [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
    [13, 14, 15, 16],
  ],
  "a step edge": Array.from({ length: 4 }, () => [0, 0, 0, 1, 1, 1]),
  ties: [
    [3, 3, 0, 2],
    [1, 3, 2, 2],
    [5, 0, 4, 4],
    [0, 5, 4, 4],
  ],
  "one bright pixel": Array.from({ length: 5 }, (_, i) =>
    Array.from({ length: 5 }, (__, j) => (i === 2 && j === 2 ? 9 : 0)),
  ),
};
const NAMES = ["input", "operation", "size", "stride", "gradient", "upstream"];
const LARGEST_WINDOW = 6;
const OWN = "your own";

const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));
const times = (rows, columns) => `${rows}\u00d7${columns}`;

function render({ model, el: element }) {
  const root = mount(element, "pooling", "Pooling");
  const read = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);
  let pinned = [0, 0]; // the output whose window is shown
  let preview = null; // the output under the pointer, which goes before
  let pointed = null; // the input under the pointer or the keyboard's focus

  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const complain = (text) => {
    write(fault, text);
    fault.hidden = !text;
  };
  const nofit = el("p", { class: "cnn-fault", role: "status", hidden: true });

  // A gradient typed for one output size means nothing at another.
  const reshape = (changes) => {
    const after = compute({ ...state, ...changes, upstream: null });
    const keeps = after.height === result.height && after.width === result.width;
    complain("");
    put(model, keeps ? changes : { ...changes, upstream: null });
  };
  const operation = choice("operation", ["max", "average"], (value) => put(model, { operation: value }));
  const size = slider("size", { min: 1, max: LARGEST_WINDOW, onchange: (value) => reshape({ size: value }) });
  const stride = choice("stride", [["size", "= size"], ..."123456"], (value) =>
    reshape({ stride: value === "size" ? null : Number(value) }),
  );
  const example = choice(
    "input",
    [...Object.keys(EXAMPLES), OWN],
    (name) => EXAMPLES[name] && reshape({ input: EXAMPLES[name] }),
  );
  const gradient = tick("the gradient\u2019s route", (value) => put(model, { gradient: value }));

  const edit = (name, rows) => (i, j, value) => {
    const changed = rows().map((row) => [...row]);
    changed[i][j] = value;
    put(model, { [name]: changed });
  };
  const toOutput = (i, j, how) => {
    if (how === "focus") {
      pinned = [i, j];
      preview = null;
    } else preview = [i, j];
    paint();
  };
  const fromOutput = () => {
    preview = null;
    paint();
  };
  const toInput = (i, j) => {
    pointed = [i, j];
    paint();
  };
  const fromInput = () => {
    pointed = null;
    paint();
  };

  const input = grid({
    label: "input x",
    className: "cnn-input",
    make: (i, j) => numberCell(i, j, "input x", { oncommit: edit("input", () => state.input), onfault: complain }),
    onpoint: toInput,
    onleave: fromInput,
  });
  const output = grid({
    label: "output y",
    className: "cnn-output",
    make: (i, j) => ({
      control: el("button", {
        type: "button",
        onclick: () => {
          pinned = [i, j];
          paint();
        },
      }),
    }),
    onpoint: toOutput,
    onleave: fromOutput,
  });
  const upstream = grid({
    label: "gradient of y",
    className: "cnn-output cnn-gradient",
    make: (i, j) =>
      numberCell(i, j, "gradient of y", { oncommit: edit("upstream", () => result.given), onfault: complain }),
    onpoint: toOutput,
    onleave: fromOutput,
  });
  const inputGradient = grid({
    label: "gradient of x",
    className: "cnn-input cnn-gradient",
    make: () => ({ control: el("span", { class: "cnn-cell" }) }),
    onpoint: toInput,
    onleave: fromInput,
  });

  const sizes = { input: el("small"), output: el("small") };
  const panel = (className, title, more, body) =>
    el("div", { class: `cnn-panel ${className}` }, el("p", { class: "cnn-caption" }, title, " ", more), body);
  const outputPanel = panel("cnn-at-output", "output y", sizes.output, output.root);
  const ones = button("all 1", () => put(model, { upstream: null }), { class: "cnn-button cnn-small" });
  const upstreamPanel = panel(
    "cnn-at-upstream",
    "gradient of y",
    el("small", {}, "\u2202L/\u2202y, edit it "),
    upstream.root,
  );
  upstreamPanel.firstChild.append(ones);
  const gradientPanel = panel(
    "cnn-at-gradient",
    "gradient of x",
    el("small", {}, "\u2202L/\u2202x"),
    inputGradient.root,
  );
  const forwards = el("p", { class: "cnn-sum", "aria-live": "polite" });
  const backwards = el("p", { class: "cnn-sum cnn-back" });
  const told = el("p", { class: "cnn-muted cnn-status" });
  const formula = el("p", { class: "cnn-muted" });

  root.append(
    el("div", { class: "cnn-row cnn-bar" }, operation.root, size.root, stride.root, example.root, gradient.root),
    fault,
    nofit,
    el(
      "div",
      { class: "cnn-panels cnn-routes" },
      panel("cnn-at-input", "input x", sizes.input, input.root),
      outputPanel,
      upstreamPanel,
      gradientPanel,
    ),
    forwards,
    backwards,
    told,
    formula,
  );

  const text = (className, words) => el("span", { class: className }, words);
  const chip = (value, after, winner) =>
    el(
      "span",
      { class: "cnn-term" },
      el("b", { class: winner ? "cnn-x cnn-best" : "cnn-x" }, value),
      el("i", {}, after),
    );

  /** An output as the arithmetic of its window: max(1, 2, 5, 6) = 6, or (1 + 2 + 5 + 6) / 4 = 3.5. */
  function writeWindow(i, j, cells) {
    const max = state.operation === "max";
    const winner = max ? result.best(cells) : -1;
    const separator = (n) => (n === cells.length - 1 ? "" : max ? "," : " +");
    forwards.replaceChildren(
      text("cnn-name", `y[${i}, ${j}] =`),
      text("", max ? "max (" : "("),
      ...cells.map(({ value }, n) => chip(max ? number(value) : bracket(value), separator(n), n === winner)),
      text("", max ? ")" : `) / ${cells.length}`),
      text("cnn-total", `= ${number(result.output[i][j])}`),
    );
  }

  /** Where the gradient of an output goes, or what an input collects. */
  function writeRoute(i, j, cells) {
    if (pointed) {
      const [y, x] = pointed;
      const gets = result.read[y][x].filter((one) => one.routed);
      const parts = gets.flatMap((one, n) => [
        text("cnn-term", el("b", { class: "cnn-y" }, bracket(one.share))),
        text("cnn-muted", `from y[${one.i}, ${one.j}]`),
        text("", n < gets.length - 1 ? "+" : ""),
      ]);
      backwards.replaceChildren(
        text("cnn-name", `\u2202L/\u2202x[${y}, ${x}] =`),
        ...(parts.length ? parts : [text("", "nothing")]),
        text("cnn-total cnn-of-x", `= ${number(result.inputGradient[y][x])}`),
      );
      return;
    }
    const given = result.given[i][j];
    const { y, x } = cells[result.best(cells)];
    backwards.replaceChildren(
      text("cnn-name", `\u2202L/\u2202y[${i}, ${j}] =`),
      text("cnn-term", el("b", { class: "cnn-y" }, number(given))),
      text(
        "",
        state.operation === "max"
          ? `goes to x[${y}, ${x}] alone, the largest; the other ${cells.length - 1} get 0 from it`
          : `is shared out equally: ${number(given)} / ${cells.length} = ${number(given / cells.length)} ` +
              `to each of the ${cells.length}`,
      ),
    );
  }

  /** Which windows an input is in, or what is special about this window. */
  function tell(cells) {
    if (pointed) {
      const [y, x] = pointed;
      const uses = result.read[y][x];
      const wins = uses.filter((one) => one.routed).length;
      if (!uses.length) return `x[${y}, ${x}] is in no window: nothing depends on it, so its gradient is 0.`;
      const where = `x[${y}, ${x}] is in ${uses.length === 1 ? "one window" : `${uses.length} windows`} (outlined)`;
      return state.operation === "average"
        ? `${where}.`
        : `${where}; it is the one that counts in ${wins === uses.length && wins > 1 ? "all" : wins || "none"}.`;
    }
    const ties = cells.filter(({ value }) => value === cells[result.best(cells)].value).length;
    if (state.operation === "max" && ties > 1)
      return (
        `${ties} numbers of this window are equally large: the first, row by row, gets the whole gradient, ` +
        "as in torch."
      );
    return "Hover or focus an output to see its window, an input to see the windows that it is in.";
  }

  /** Everything that follows the pointer or the focus; touches only what changed. */
  function paint() {
    if (!result.fits) return;
    const [i, j] = preview ?? pinned;
    const cells = result.window(i, j);
    const max = state.operation === "max";
    const inWindow = new Map(cells.map(({ y, x }, n) => [`${y},${x}`, n]));
    const winner = max ? result.best(cells) : -1;
    const uses = new Set(pointed ? result.read[pointed[0]][pointed[1]].map((one) => `${one.i},${one.j}`) : []);
    for (const one of [input, inputGradient])
      one.draw((cell, y, x) => {
        const n = inWindow.get(`${y},${x}`);
        mark(cell.td, "cnn-window", n !== undefined);
        mark(cell.td, "cnn-winner", n !== undefined && n === winner);
        mark(cell.td, "cnn-unread", result.read[y][x].length === 0);
        mark(cell.td, "cnn-uses", pointed && pointed[0] === y && pointed[1] === x);
        if (one === inputGradient) mark(cell.td, "cnn-zero", result.inputGradient[y][x] === 0);
      });
    for (const one of [output, upstream])
      one.draw((cell, r, c) => {
        mark(cell.td, "cnn-now", r === i && c === j);
        mark(cell.td, "cnn-uses", uses.has(`${r},${c}`));
      });
    writeWindow(i, j, cells);
    writeRoute(i, j, cells);
    write(told, tell(cells));
  }

  const fit = (td, words) => {
    if (td.style.getPropertyValue("--length") !== String(words.length))
      td.style.setProperty("--length", words.length);
  };
  const unfollow = follow(model, NAMES, () => {
    state = read();
    result = compute(state);
    const [rows, columns] = [state.input.length, state.input[0].length];
    if (pinned[0] >= result.height || pinned[1] >= result.width) pinned = [0, 0];
    preview = null;
    if (pointed && (pointed[0] >= rows || pointed[1] >= columns)) pointed = null;
    mark(root, "cnn-many", columns > 8);
    root.style.setProperty("--both", columns + result.width);
    input.resize(rows, columns);
    input.draw((cell, i, j) => cell.show(state.input[i][j]));
    output.resize(result.height, result.width);
    output.draw((cell, i, j) => {
      const shown = number(result.output[i][j]);
      write(cell.control, shown);
      fit(cell.td, shown);
      const name = `output y[${i}, ${j}]: ${shown}`;
      if (cell.control.getAttribute("aria-label") !== name) cell.control.setAttribute("aria-label", name);
    });
    const back = state.gradient && result.fits;
    upstream.resize(back ? result.height : 0, back ? result.width : 0);
    upstream.draw((cell, i, j) => cell.show(result.given[i][j]));
    inputGradient.resize(back ? rows : 0, back ? columns : 0);
    inputGradient.draw((cell, i, j) => {
      const shown = number(result.inputGradient[i][j]);
      write(cell.control, shown);
      fit(cell.td, shown);
    });
    outputPanel.hidden = !result.fits;
    upstreamPanel.hidden = gradientPanel.hidden = backwards.hidden = !back;
    for (const line of [forwards, told]) line.hidden = !result.fits;
    ones.disabled = state.upstream === null;
    write(sizes.input, times(rows, columns));
    write(sizes.output, times(result.height, result.width));
    operation.set(state.operation);
    size.set(state.size);
    stride.set(state.stride === null ? "size" : String(state.stride));
    gradient.set(state.gradient);
    const known = Object.keys(EXAMPLES).find(
      (name) => JSON.stringify(EXAMPLES[name]) === JSON.stringify(state.input),
    );
    example.set(known ?? OWN);
    nofit.hidden = result.fits;
    write(
      nofit,
      result.fits
        ? ""
        : `There is no output: the window covers ${times(state.size, state.size)} numbers, ` +
            `but the input has only ${times(rows, columns)}. Use a smaller size, or a larger input.`,
    );
    const side = (n, count) => `\u230a(${n} \u2212 ${state.size}) / ${result.step}\u230b + 1 = ${count}`;
    const formulas =
      rows === columns
        ? `height and width ${side(rows, result.height)}`
        : `height ${side(rows, result.height)}, width ${side(columns, result.width)}`;
    const overlap = result.step < state.size ? " The windows overlap, so gradients add up." : "";
    const unread = result.read.flat().filter((one) => one.length === 0).length;
    const left = unread
      ? ` ${unread === 1 ? "One number is" : `${unread} numbers are`} in no window (hatched).`
      : "";
    formula.hidden = !result.fits;
    write(
      formula,
      `Output size, ${formulas}: ${result.height * result.width} of ${rows * columns} numbers are left. ` +
        `Nothing is learned: 0 parameters.${overlap}${left}`,
    );
    paint();
  });
  return unfollow;
}

export default { render };
