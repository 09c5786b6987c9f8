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
  onWidth,
  put,
  slider,
  svg,
  write,
} from "./base.js";

/** Places of the pictures in the order in which batches are filled; classes come as they first appear. */
export function ordering({ activations, labels, order }) {
  const everyone = activations.map((_, n) => n);
  if (order !== "class by class" || !labels.length) return everyone;
  return everyone.sort((a, b) => labels.indexOf(labels[a]) - labels.indexOf(labels[b]));
}

/** Mean, variance (divided by m) and unbiased variance (by m - 1, null where m is 1) of rows of numbers. */
export function moments(rows) {
  const values = rows.flat();
  const m = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / m;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { m, mean, variance: squares / m, unbiased: m > 1 ? squares / (m - 1) : null };
}

/** The whole arithmetic: state in, numbers out. Python twins: BatchNormHistogram.x, .normalised, .output, .numbers. */
export function compute(state) {
  const { activations, labels, gamma, beta, eps, momentum } = state;
  const training = state.mode === "train";
  const everyone = ordering(state);
  const size = Math.min(state.batch_size, everyone.length);
  const batches = Math.ceil(everyone.length / size);
  const batch = state.batch % batches;
  const places = everyone.slice(batch * size, (batch + 1) * size);
  const x = places.map((place) => activations[place]);
  const { m, mean, variance, unbiased } = moments(x);
  const refused = training && m === 1;
  const used_mean = training ? mean : state.running_mean;
  const used_variance = training ? variance : state.running_var;
  const affine = (value, centre, spread) => gamma * ((value - centre) / Math.sqrt(spread + eps)) + beta;
  const each = (change) => (refused ? null : x.map((row) => row.map(change)));
  const normalised = each((value) => (value - used_mean) / Math.sqrt(used_variance + eps));
  const output = each((value) => affine(value, used_mean, used_variance));

  const updated = training && m > 1;
  const share = updated ? momentum : 0;
  const running_mean = (1 - share) * state.running_mean + share * mean;
  const running_var = (1 - share) * state.running_var + share * (updated ? unbiased : 0);

  // What becomes of one picture's mean activation in different company.
  const at = Math.min(state.picture, places.length - 1);
  const focus = places[at];
  const value = moments([activations[focus]]).mean;
  const peers = new Set(labels).size > 1 ? activations.filter((_, n) => labels[n] === labels[focus]) : null;
  const among = (rows) => {
    const group = rows && moments(rows);
    return group && group.m > 1 ? affine(value, group.mean, group.variance) : null;
  };
  const company = {
    batch: among(x),
    class: among(peers),
    alone: among([activations[focus]]),
    eval: affine(value, state.running_mean, state.running_var),
  };
  return {
    batches,
    batch,
    places,
    x,
    m,
    mean,
    variance,
    unbiased,
    refused,
    used_mean,
    used_variance,
    normalised,
    output,
    updated,
    running_mean,
    running_var,
    at,
    focus,
    value,
    company,
    peers: peers?.length ?? 0,
  };
}

/** The state after going on by some batches; the Python twin is BatchNormHistogram.next_batch. */
export function advance(state, times) {
  const after = { ...state };
  for (let n = 0; n < times; n++) {
    const { batch, batches, updated, running_mean, running_var } = compute(after);
    if (updated) Object.assign(after, { running_mean, running_var, updates: after.updates + 1 });
    after.batch = (batch + 1) % batches;
  }
  const { batch, running_mean, running_var, updates } = after;
  return { batch, running_mean, running_var, updates };
}

/** A scale of at most `most` bins of a round width, from below `low` to above `high`. */
export function scale(low, high, most) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / most));
  const width = [1, 2, 5, 10].map((step) => step * power).find((step) => span / step <= most);
  const first = Math.floor(low / width + 1e-9);
  return { width, first, bins: Math.max(1, Math.ceil(high / width - 1e-9) - first) };
}

const NAMES = [
  "activations",
  "labels",
  "batch_size",
  "order",
  "batch",
  "picture",
  "mode",
  "gamma",
  "beta",
  "eps",
  "momentum",
  "running_mean",
  "running_var",
  "updates",
];
const BY_HAND = { activations: [[1], [2], [3], [4]], labels: [], batch_size: 4 };
const START = { batch: 0, picture: 0, order: "shuffled", running_mean: 0, running_var: 1, updates: 0 };
const FEW = 6; // so many values are drawn one by one and as cells to type in, more as a histogram
const MINUS = "\u2212";

const told = (value) => number(value, Math.abs(value) < 0.001 ? 6 : 4);
const bracket = (value) => (value < 0 ? `(${told(value)})` : told(value));

function render({ model, el: element }) {
  const root = mount(element, "batch-norm-histogram", "Batch norm histogram");
  const read = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);
  const examples = {
    "1, 2, 3, 4 (by hand first)": BY_HAND,
    "drawn: 48 pictures of 3 classes": model.get("_drawn"),
  };
  const OWN = "your own";
  let own = null; // numbers that came from Python or were typed, to come back to
  const nameOf = () =>
    Object.keys(examples).find(
      (name) => examples[name] && JSON.stringify(examples[name].activations) === JSON.stringify(state.activations),
    ) ?? OWN;

  const set = (name) => (value) => put(model, { [name]: value });
  /** Change how batches are made, and keep the picture in focus. */
  const regroup = (changes) => {
    const after = { ...state, ...changes };
    const place = ordering(after).indexOf(result.focus);
    put(model, { ...changes, batch: Math.floor(place / after.batch_size), picture: place % after.batch_size });
  };
  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const complain = (text) => {
    write(fault, text);
    fault.hidden = !text;
  };

  const source = choice("numbers", [...Object.keys(examples), OWN], (name) => {
    const chosen = name === OWN ? own : examples[name];
    complain("");
    if (chosen) put(model, { ...START, ...chosen });
    else source.set(nameOf());
  });
  const modes = ["train", "eval"].map((mode) => [mode, button(`${mode}()`, () => put(model, { mode }))]);
  const modeGroup = el(
    "div",
    { class: "cnn-control", role: "group", "aria-label": "mode" },
    ...modes.map(([, one]) => one),
  );
  const size = slider("batch size", { min: 1, max: 64, onchange: (value) => regroup({ batch_size: value }) });
  const order = choice(
    "batches",
    [
      ["shuffled", "of all classes"],
      ["class by class", "class by class"],
    ],
    (value) => regroup({ order: value }),
  );
  const picture = slider("picture", { min: 0, max: 3, text: (at) => pictureName(at), onchange: set("picture") });
  const gamma = slider("\u03b3", { min: -2, max: 3, step: 0.1, text: told, onchange: set("gamma") });
  const beta = slider("\u03b2", { min: -3, max: 3, step: 0.1, text: told, onchange: set("beta") });
  const momentum = slider("momentum", { min: 0, max: 1, step: 0.05, text: told, onchange: set("momentum") });
  const next = button("Next batch \u203a", () => put(model, advance(state, 1)));
  const many = button("20 batches \u203a\u203a", () => put(model, advance(state, 20)));
  const restart = button("Restart", () => put(model, { batch: 0, running_mean: 0, running_var: 1, updates: 0 }), {
    "aria-label": "Restart: running mean 0 and variance 1",
  });

  function pictureName(at) {
    const place = result.places[Math.min(at, result.places.length - 1)];
    return state.labels.length ? `${place} (${state.labels[place]})` : String(place);
  }

  // A few numbers as cells: x to type in, and what becomes of them.
  const edit = (_, place, value) => {
    const activations = state.activations.map((row) => [...row]);
    activations[place][0] = value;
    put(model, { activations });
  };
  const focusOn = (_, place) => {
    const at = result.places.indexOf(place);
    if (at >= 0 && at !== result.at) put(model, { picture: at });
  };
  const cells = {
    x: grid({
      label: "x",
      className: "cnn-input",
      onpoint: focusOn,
      make: (i, j) => numberCell(i, j, "x", { oncommit: edit, onfault: complain }),
    }),
    normalised: grid({
      label: "x normalised",
      className: "cnn-output cnn-plain",
      make: () => ({ control: el("span", { class: "cnn-cell" }) }),
      onpoint: focusOn,
    }),
    output: grid({
      label: "y",
      className: "cnn-output",
      make: () => ({ control: el("span", { class: "cnn-cell" }) }),
      onpoint: focusOn,
    }),
  };
  const line = (name, more, body) =>
    el("div", { class: "cnn-line" }, el("p", { class: "cnn-caption" }, name, el("small", {}, more)), body);
  const table = el(
    "div",
    { class: "cnn-numbers" },
    line("x", " type your own", cells.x.root),
    line("x\u0302", " normalised", cells.normalised.root),
    line("y", " = \u03b3 x\u0302 + \u03b2", cells.output.root),
  );

  const chart = svg("svg", { class: "cnn-chart", role: "img" });
  const [where, above, below] = [0, 1, 2].map(() => el("p", { class: "cnn-caption" }));
  const soFar = el("span", { class: "cnn-muted" });
  const sums = el("div", { class: "cnn-sums" });
  const verdict = el("p", { class: "cnn-verdict", role: "status" });
  const company = el("div", { class: "cnn-company" });

  root.append(
    el(
      "div",
      { class: "cnn-bar" },
      el(
        "div",
        { class: "cnn-row" },
        source.root,
        modeGroup,
        size.root,
        order.root,
        picture.root,
        gamma.root,
        beta.root,
        momentum.root,
      ),
      el("div", { class: "cnn-row" }, next, many, restart, soFar),
    ),
    fault,
    where,
    table,
    above,
    chart,
    below,
    verdict,
    sums,
    company,
  );

  /** The histogram of x above, that of y below, and between them where the layer's mean and deviations go. */
  function draw() {
    const width = Math.max(240, Math.min(726, chart.parentElement.clientWidth - 34 || 640));
    const few = result.m <= FEW;
    const tall = few ? 58 : 96;
    const strip = 80;
    const [upper, lower] = [tall + 4, tall + 4 + strip]; // the two base lines
    const height = result.refused ? upper + 24 : lower + tall + 6;
    const xs = result.x.flat();
    const ys = result.output?.flat() ?? [];
    const limits = (values) => [Math.min(...values), Math.max(...values)];
    const most = width < 420 ? 16 : 28;
    const spans = [xs, ys].map((values) => (values.length ? Math.max(...values) - Math.min(...values) : 0));
    const [small, large] = [Math.min(...spans), Math.max(...spans)];
    // One scale for both shows the shift and the squeeze; only where one of them would be a needle there are two.
    const shared = !ys.length || !small || large / small < 25;
    const pad = (values) => {
      const [low, high] = limits(values);
      const room = few ? (high - low || 1) * 0.06 : 0;
      return scale(low - room, high + room, most);
    };
    const scales = shared ? Array(2).fill(pad([...xs, ...ys, 0])) : [pad([...xs, 0]), pad([...ys, 0])];
    const [left, right] = [14, width - 14];
    const across = ({ width: step, first, bins }, value) =>
      left + ((right - left) * (value / step - first)) / bins;
    const text = (words, x, y, attributes = {}) => svg("text", { x: x.toFixed(1), y, ...attributes }, words);

    const drawing = [];
    const ticks = (axis, y, side) => {
      const every = Math.ceil(axis.bins / Math.floor((right - left) / 46));
      const step = [1, 2, 5, 10, 20].find((one) => one >= every) ?? every;
      drawing.push(svg("line", { x1: left - 8, x2: right + 8, y1: y, y2: y, class: "cnn-axis" }));
      for (let n = axis.first; n <= axis.first + axis.bins; n++) {
        if (n % step) continue;
        const x = across(axis, n * axis.width);
        drawing.push(
          svg("line", { x1: x, x2: x, y1: y, y2: y + 4 * side, class: "cnn-axis" }),
          text(number(n * axis.width), x, y + (side > 0 ? 16 : -8), { class: "cnn-tick" }),
        );
      }
    };
    /** Bars with their counts, or one dot per value; `up` is -1 for above its base line. The picture in focus in red. */
    const histogram = (rows, axis, base, up, kind) => {
      if (few) {
        const drawn = { dot: [], text: [] };
        // Dots, and their numbers, that would meet are stacked.
        const level = (kind, x, room) => {
          const taken = drawn[kind].filter((other) => Math.abs(other.x - x) < room).map((other) => other.level);
          const free = [0, 1, 2, 3, 4, 5].find((one) => !taken.includes(one));
          drawn[kind].push({ x, level: free });
          return free;
        };
        rows.forEach((row, n) =>
          row.forEach((value) => {
            const x = across(axis, value);
            const focus = n === result.at ? " cnn-focus" : "";
            const raised = level("text", x, 30);
            drawing.push(
              svg("circle", {
                cx: x.toFixed(1),
                cy: base + up * (9 + 5 * level("dot", x, 11)),
                r: 5.5,
                class: `cnn-dot cnn-${kind}${focus}`,
              }),
            );
            // The cells above hold all of them, so that a crowd's last need not be written.
            if (raised < 3)
              drawing.push(
                text(number(value, 2), x, base + up * (22 + 11 * raised) + (up < 0 ? 0 : 8), {
                  class: "cnn-count",
                }),
              );
          }),
        );
        return;
      }
      const counts = Array.from({ length: axis.bins }, () => [0, 0]);
      rows.forEach((row, n) =>
        row.forEach((value) => {
          const bin = Math.min(axis.bins - 1, Math.max(0, Math.floor(value / axis.width + 1e-9) - axis.first));
          counts[bin][Number(n === result.at)] += 1;
        }),
      );
      const highest = Math.max(...counts.map(([others, focused]) => others + focused));
      const bar = (right - left) / axis.bins;
      counts.forEach(([others, focused], bin) => {
        const total = others + focused;
        if (!total) return;
        const length = (count) => ((tall - 16) * count) / highest;
        const x = left + bin * bar + 0.5;
        const rect = (from, count, className) =>
          svg("rect", {
            x: x.toFixed(1),
            width: Math.max(1, bar - 1).toFixed(1),
            y: (up < 0 ? base - length(from + count) : base + length(from)).toFixed(1),
            height: length(count).toFixed(1),
            class: className,
          });
        if (focused) drawing.push(rect(0, focused, "cnn-bar-focus"));
        if (others) drawing.push(rect(focused, others, `cnn-bar-${kind}`));
        drawing.push(
          text(String(total), x + bar / 2, (base + up * (length(total) + 4) + (up < 0 ? 0 : 8)).toFixed(1), {
            class: "cnn-count",
          }),
        );
      });
    };

    const deviation = Math.sqrt(result.used_variance + state.eps);
    if (!result.refused) {
      const route = (from, to, className) => {
        const [x1, x2] = [across(scales[0], from), across(scales[1], to)];
        const clip = (x) => Math.max(-50, Math.min(width + 50, x)).toFixed(1);
        drawing.push(
          svg("line", { x1: clip(x1), x2: clip(x2), y1: upper + 20, y2: lower - 20, class: className }),
        );
        return [x1, x2];
      };
      if (few)
        result.x.forEach((row, n) =>
          row.forEach((value, p) =>
            route(value, result.output[n][p], `cnn-thread${n === result.at ? " cnn-focus" : ""}`),
          ),
        );
      else
        for (const side of [-1, 1])
          route(result.used_mean + side * deviation, state.beta + side * state.gamma, "cnn-deviation");
      route(result.used_mean, state.beta, "cnn-mean");
    }
    ticks(scales[0], upper, 1);
    histogram(result.x, scales[0], upper, -1, "input");
    if (ys.length) {
      ticks(scales[1], lower, -1);
      histogram(result.output, scales[1], lower, 1, "output");
    }
    const dotted = (words) => (few ? "" : `, dotted: ${words}`);
    const whose = state.mode === "train" ? "batch" : "running";
    above.replaceChildren(
      "x, into the layer ",
      el(
        "small",
        {},
        `dashed: ${whose} mean ${told(result.used_mean)}` +
          `${dotted(`${whose} deviation ${told(deviation)} to either side`)}; red: picture ${pictureName(result.at)}`,
      ),
    );
    below.replaceChildren(
      "y, out of the layer ",
      el(
        "small",
        {},
        ys.length
          ? `dashed: to \u03b2 = ${told(state.beta)}` +
              `${dotted(`to \u03b2 \u00b1 \u03b3`)}${shared ? "" : "; on its own scale, for x and y differ too much for one"}`
          : "nothing",
      ),
    );
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.setAttribute("width", width);
    chart.setAttribute("height", height);
    const out = ys.length ? moments(result.output) : null;
    chart.setAttribute(
      "aria-label",
      `${few ? "Dots" : "Histograms"} of ${result.m} values. x has mean ${told(result.mean)} and variance ` +
        `${told(result.variance)}; ${out ? `y has mean ${told(out.mean)} and variance ${told(out.variance)}` : "there is no y"}.`,
    );
    chart.replaceChildren(...drawing);
  }

  /** Algorithm 1 with its numbers, and the step of the running values. */
  function writeSums() {
    const training = state.mode === "train";
    const values = result.x.flat();
    const lines = [];
    const short = values.length <= 6;
    const say = (name, ...parts) => lines.push(el("p", {}, el("b", { class: "cnn-name" }, name), " ", ...parts));
    const total = (value) => el("span", { class: "cnn-total" }, told(value));
    const from = (text) => (short ? `${text} / ${result.m} = ` : `of ${result.m} values `);
    if (training) {
      say("mean", from(`(${values.map(bracket).join(" + ")})`), total(result.mean));
      say(
        "variance",
        from(`(${values.map((value) => `${bracket(value - result.mean)}\u00b2`).join(" + ")})`),
        total(result.variance),
      );
    } else {
      say(
        "mean",
        "the running one, ",
        total(state.running_mean),
        ` (the batch\u2019s own ${told(result.mean)} plays no part)`,
      );
      say(
        "variance",
        "the running one, ",
        total(state.running_var),
        ` (the batch\u2019s own ${told(result.variance)} plays no part)`,
      );
    }
    if (!result.refused) {
      const value = result.x[result.at][0];
      const one = result.x[0].length === 1;
      const [hat, y] = [result.normalised[result.at][0], result.output[result.at][0]];
      say(
        one ? "x\u0302" : "first x\u0302 (red)",
        `(${told(value)} ${MINUS} ${bracket(result.used_mean)}) / \u221a(${told(result.used_variance)} + ${number(state.eps, 6)}) = `,
        total(hat),
      );
      say(
        one ? "y" : "first y (red)",
        `${bracket(state.gamma)} \u00b7 ${bracket(hat)} + ${bracket(state.beta)} = `,
        total(y),
      );
      const out = moments(result.output);
      say("all of y", "mean ", total(out.mean), ", variance ", total(out.variance));
    }
    if (result.updated) {
      const [keep, take] = [told(1 - state.momentum), told(state.momentum)];
      say(
        "running mean",
        `${keep} \u00b7 ${bracket(state.running_mean)} + ${take} \u00b7 ${bracket(result.mean)} = `,
        total(result.running_mean),
      );
      say(
        "running variance",
        `${keep} \u00b7 ${told(state.running_var)} + ${take} \u00b7 ${told(result.unbiased)} = `,
        total(result.running_var),
        ` with the unbiased ${told(result.variance)} \u00b7 ${result.m}/${result.m - 1}`,
      );
    } else
      say(
        "running",
        `mean ${told(state.running_mean)}, variance ${told(state.running_var)}: unchanged by this batch`,
      );
    sums.replaceChildren(...lines);
  }

  /** What to see in it. */
  function judge() {
    const label = state.labels[result.focus];
    const classes = new Set(state.labels);
    const here = new Set(result.places.map((place) => state.labels[place]));
    if (result.refused)
      return "One value: its variance is 0, and nothing of it would be left. PyTorch refuses too. Take a larger batch, or eval().";
    if (state.mode === "eval") {
      if (!state.updates)
        return "eval() reads the running mean and variance, and these are still 0 and 1: nothing is normalised yet. Train some batches first.";
      return "eval() uses the running values: a picture comes out the same in any company, and nothing is learned from it.";
    }
    if (result.places.length === 1 && state.activations.length > 1) {
      return `A batch of one picture: its mean becomes \u03b2 = ${told(state.beta)}, whatever the picture. This happens when eval() is forgotten and one picture is tested.`;
    }
    if (classes.size > 1 && here.size === 1) {
      return (
        `Only class ${label} in this batch: the layer takes away what told it from the others, and the running values follow it. ` +
        "This happens when eval() is forgotten and the test set is sorted."
      );
    }
    if (result.variance < 100 * state.eps) {
      return (
        `The values of this batch hardly differ: their variance ${told(result.variance)} is no match for \u03b5 = ` +
        `${number(state.eps, 6)} under the root, so y stays closer to \u03b2 = ${told(state.beta)} than |\u03b3| says.`
      );
    }
    return `train() normalises with the batch itself: whatever comes in, y has mean \u03b2 = ${told(state.beta)} and deviation |\u03b3| = ${told(Math.abs(state.gamma))}.`;
  }

  function writeCompany() {
    const label = state.labels[result.focus];
    const pictures = (count) => `${count} ${count === 1 ? "picture" : "pictures"}`;
    const rows = [
      [
        "train()",
        `in this batch of ${pictures(result.places.length)}`,
        result.company.batch,
        state.mode === "train",
      ],
      ...(result.peers
        ? [["train()", `with class ${label} only, ${pictures(result.peers)}`, result.company.class, false]]
        : []),
      ["train()", "alone", result.company.alone, false],
      ["eval()", "in any company", result.company.eval, state.mode === "eval"],
    ];
    const body = rows.map(([mode, name, value, now]) =>
      el(
        "tr",
        { class: now ? "cnn-now" : null },
        el("td", {}, el("code", {}, mode)),
        el("td", {}, name),
        el("td", { class: "cnn-number" }, value === null ? "refused" : told(value)),
      ),
    );
    const what = state.activations[0].length > 1 ? "its mean activation" : "its value";
    company.replaceChildren(
      el(
        "table",
        {},
        el("caption", {}, `Picture ${pictureName(result.at)}: ${what} ${told(result.value)} becomes`),
        el("tbody", {}, ...body),
      ),
    );
  }

  const unfollow = follow(model, NAMES, () => {
    state = read();
    result = compute(state);
    const named = nameOf();
    if (named === OWN)
      own = { activations: state.activations, labels: state.labels, batch_size: state.batch_size };
    source.input.lastChild.disabled = !own;
    source.set(named);
    for (const [mode, one] of modes) one.setAttribute("aria-pressed", String(state.mode === mode));
    const pictures = state.activations.length;
    size.set(Math.min(state.batch_size, pictures), { max: pictures });
    order.root.hidden = new Set(state.labels).size < 2;
    order.set(state.order);
    picture.set(result.at, { max: result.places.length - 1 });
    picture.root.hidden = result.places.length < 2;
    gamma.set(state.gamma);
    beta.set(state.beta);
    momentum.set(state.momentum);
    const places = state.activations[0].length;
    const count = result.places.length;
    write(
      where,
      `Batch ${result.batch + 1} of ${result.batches}: ${count} ${count === 1 ? "picture" : "pictures"} \u00d7 ` +
        `${places} ${places === 1 ? "value" : "values"} = ${result.m} ${result.m === 1 ? "value" : "values"}`,
    );
    write(
      soFar,
      `running values after ${state.updates} ${state.updates === 1 ? "batch" : "batches"}: ` +
        `mean ${told(state.running_mean)}, variance ${told(state.running_var)}`,
    );
    table.hidden = pictures > FEW || places > 1;
    if (!table.hidden) {
      const shown = {
        x: state.activations.map((row) => row[0]),
        normalised: result.normalised,
        output: result.output,
      };
      for (const [name, one] of Object.entries(cells)) {
        one.resize(1, pictures);
        one.draw((cell, _, place) => {
          const at = result.places.indexOf(place);
          mark(cell.td, "cnn-now", at >= 0 && at === result.at);
          mark(cell.td, "cnn-out", at < 0);
          if (cell.show) {
            cell.show(shown.x[place]);
            return;
          }
          const words = at < 0 || !shown[name] ? "" : number(shown[name][at][0], 4);
          write(cell.control, words);
          cell.td.style.setProperty("--length", words.length);
        });
      }
    }
    write(verdict, judge());
    writeSums();
    writeCompany();
    draw();
  });
  const unwatch = onWidth(root, draw);
  return () => {
    unwatch();
    unfollow();
  };
}

export default { render };
