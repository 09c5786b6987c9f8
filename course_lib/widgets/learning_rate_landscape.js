import { button, choice, el, follow, mark, mount, number, onWidth, put, slider, svg, write } from "./base.js";

const BLOWN_UP = 1e12; // a loss at which the walk ends

const lossAt = (curvatures, w) => (curvatures[0] * w[0] ** 2 + curvatures[1] * w[1] ** 2) / 2;

/** The walk: points, gradients and velocities (of the step that leaves each point) and losses. Twins: .path, .losses. */
export function walk({ curvatures, start, lr, momentum, steps }) {
  const points = [start];
  const losses = [lossAt(curvatures, start)];
  const gradients = [];
  const velocities = [];
  let velocity = [0, 0];
  while (points.length <= steps && losses.at(-1) <= BLOWN_UP) {
    const w = points.at(-1);
    const gradient = w.map((value, i) => curvatures[i] * value);
    velocity = velocity.map((value, i) => momentum * value + gradient[i]);
    const next = w.map((value, i) => value - lr * velocity[i]);
    gradients.push(gradient);
    velocities.push(velocity);
    points.push(next);
    losses.push(lossAt(curvatures, next));
  }
  return { points, gradients, velocities, losses };
}

/**
 * What a step does to the distance from the valley's floor along one weight, in the long run: `size` is the factor's
 * size; `swings` tells of a pair of complex roots, `crosses` of a factor below 0. Python twin: .factors.
 */
export function factor(curvature, lr, momentum) {
  const middle = 1 + momentum - lr * curvature;
  const under = middle ** 2 - 4 * momentum;
  if (under < 0) return { size: Math.sqrt(momentum), swings: true, crosses: false };
  const root = (middle + (middle < 0 ? -1 : 1) * Math.sqrt(under)) / 2;
  return { size: Math.abs(root), swings: false, crosses: root < 0 };
}

/** The whole arithmetic: state in, numbers out. */
export function compute(state) {
  const { curvatures, lr, momentum } = state;
  const steepest = Math.max(...curvatures);
  return {
    ...walk(state),
    steepest,
    limit: (2 * (1 + momentum)) / steepest,
    factors: curvatures.map((curvature) => factor(curvature, lr, momentum)),
  };
}

/** The learning rates that the slider stops at: 0.001 to 3, closer together where people look. */
export const RATES = [
  ...[0.001, 0.01, 0.1].flatMap((power) =>
    [1, 1.2, 1.5, 1.8, 2, 2.1, 2.2, 2.5, 3, 3.5, 3.8, 4, 5, 6, 7, 8, 9].map((digit) =>
      Number((digit * power).toPrecision(3)),
    ),
  ),
  1,
  1.2,
  1.5,
  1.8,
  1.9,
  2,
  2.1,
  2.5,
  3,
];

const NAMES = ["curvatures", "start", "lr", "momentum", "steps", "step"];
const VALLEY = { curvatures: [1, 10], start: [-4, 1.5], steps: 30, momentum: 0 };
const EXAMPLES = {
  "too small: it crawls": { ...VALLEY, lr: 0.005 },
  "small: straight down": { ...VALLEY, lr: 0.05 },
  "large: it zigzags": { ...VALLEY, lr: 0.18 },
  "on the edge": { ...VALLEY, lr: 0.2 },
  "too large: it diverges": { ...VALLEY, lr: 0.21 },
  "momentum: past the old edge": { ...VALLEY, lr: 0.21, momentum: 0.5 },
  "a round bowl": { ...VALLEY, curvatures: [1, 1], lr: 0.5 },
  "a narrow ravine": { ...VALLEY, curvatures: [0.2, 20], lr: 0.09 },
  "the ravine with momentum": { ...VALLEY, curvatures: [0.2, 20], lr: 0.09, momentum: 0.8 },
};
const OWN = "your own";
const REACH = [5.2, 2.2]; // how far the map reaches from the middle
const SWEEP = [0.001, 3];
const SMALLEST = 1e-10; // the floor of the charts' losses
const WORDS = ["along w\u2081", "along w\u2082"];

const superscript = (value) =>
  String(value).replace(/./g, (sign) =>
    sign === "-" ? "\u207b" : "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[sign],
  );

/** A number of any size as people read it: about four digits, powers of ten beyond; what rounding left over is 0. */
export function brief(value) {
  const size = Math.abs(value);
  if (size < 1e-12) return "0";
  if (size < 0.001 || size >= 1e5) {
    const [digits, power] = value.toExponential(2).split("e").map(Number);
    return `${number(digits, 2)}\u00b710${superscript(power)}`;
  }
  return number(value, size >= 100 ? 1 : size >= 10 ? 2 : 4);
}
const bracket = (value) => (value < 0 ? `(${brief(value)})` : brief(value));
const pair = (values) => `(${values.map(brief).join(", ")})`;

function render({ model, el: element }) {
  const root = mount(element, "learning-rate-landscape", "Learning rate landscape");
  const read = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);

  const taken = () => result.points.length - 1;
  const set = (name) => (value) => put(model, { [name]: value });
  const setOne = (name, i) => (value) =>
    put(model, { [name]: state[name].map((old, n) => (n === i ? value : old)) });
  const go = (step) => put(model, { step: Math.max(0, Math.min(taken() - 1, step)) });

  const example = choice("example", [...Object.keys(EXAMPLES), OWN], (name) => {
    if (EXAMPLES[name]) put(model, { ...EXAMPLES[name], step: 0 });
    else example.set(nameOf());
  });
  const nameOf = () =>
    Object.keys(EXAMPLES).find((name) =>
      Object.entries(EXAMPLES[name]).every(([key, value]) => JSON.stringify(value) === JSON.stringify(state[key])),
    ) ?? OWN;
  const lr = slider("learning rate", {
    min: 0,
    max: RATES.length - 1,
    text: () => brief(state.lr),
    onchange: (at) => put(model, { lr: RATES[at] }),
  });
  lr.input.addEventListener("input", () => write(lr.root.lastChild, brief(RATES[Number(lr.input.value)])));
  const momentum = slider("momentum", { min: 0, max: 0.95, step: 0.05, text: brief, onchange: set("momentum") });
  const steps = slider("steps", { min: 1, max: 100, onchange: set("steps") });
  const curvatures = [0, 1].map((i) =>
    slider(["curvature \u03bb\u2081", "curvature \u03bb\u2082"][i], {
      min: 0.2,
      max: 20,
      step: 0.2,
      text: brief,
      onchange: setOne("curvatures", i),
    }),
  );
  const starts = [0, 1].map((i) =>
    slider(["start w\u2081", "start w\u2082"][i], {
      min: -REACH[i] + 0.2,
      max: REACH[i] - 0.2,
      step: 0.1,
      text: brief,
      onchange: setOne("start", i),
    }),
  );

  const map = svg("svg", { class: "cnn-map", role: "img" });
  const curve = svg("svg", { class: "cnn-chart", role: "img" });
  const sweep = svg("svg", { class: "cnn-chart", role: "img" });
  const verdict = el("p", { class: "cnn-verdict", role: "status" });
  const formula = el("p", { class: "cnn-formula" });
  const factors = el("tbody");
  const scrub = slider("step", { min: 1, max: 30, onchange: (value) => go(value - 1) });
  const back = button("\u2039 Back", () => go(state.step - 1));
  const next = button("Next \u203a", () => go(state.step + 1));
  const sums = el("div", { class: "cnn-sums" });
  const caption = (text, more) => el("p", { class: "cnn-caption" }, text, " ", el("small", {}, more));
  const mapCaption = caption("The loss from above", "");
  const curveCaption = caption("Loss after each step", "");
  const sweepCaption = caption("Loss at the end, for every learning rate", "");

  root.append(
    el(
      "div",
      { class: "cnn-bar" },
      el("div", { class: "cnn-row" }, example.root, steps.root),
      el("div", { class: "cnn-row cnn-main" }, lr.root, momentum.root),
      el("div", { class: "cnn-row" }, ...curvatures.map((one) => one.root), ...starts.map((one) => one.root)),
    ),
    verdict,
    mapCaption,
    map,
    el("div", { class: "cnn-row cnn-steps" }, back, next, scrub.root),
    sums,
    formula,
    el(
      "table",
      { class: "cnn-factors" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ...["", "\u03bb", "lr \u00b7 \u03bb", "factor a step", "to halve"].map((name) =>
            el("th", { scope: "col" }, name),
          ),
        ),
      ),
      factors,
    ),
    el("div", { class: "cnn-charts" }, el("div", {}, curveCaption, curve), el("div", {}, sweepCaption, sweep)),
  );

  // A click chooses the start; the sliders do the same for the keyboard.
  map.addEventListener("click", (event) => {
    const box = map.getBoundingClientRect();
    const tenth = (value) => Math.round(value * 10) / 10;
    put(model, {
      start: [
        tenth((((event.clientX - box.left) / box.width) * 2 - 1) * REACH[0]),
        tenth((1 - ((event.clientY - box.top) / box.height) * 2) * REACH[1]),
      ],
    });
  });

  const text = (words, x, y, attributes = {}) =>
    svg("text", { x: x.toFixed(1), y: y.toFixed(1), ...attributes }, words);
  const line = (points, className) =>
    svg("polyline", {
      points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
      class: className,
    });
  const size = (chart, width, height) => {
    for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height }))
      chart.setAttribute(name, value);
  };

  /** Level lines of the loss, each with its number, and the walk. */
  function drawMap(width) {
    const height = (width * REACH[1]) / REACH[0];
    const at = ([x, y]) => [(width / 2) * (1 + x / REACH[0]), (height / 2) * (1 - y / REACH[1])];
    // Beyond the map a line may go, but not so far that a browser loses its way.
    const near = (w) => w.map((value) => Math.max(-1e4, Math.min(1e4, value)));
    const highest = lossAt(state.curvatures, REACH);
    const power = 4 ** Math.floor(Math.log(highest) / Math.log(4));
    const levels = [0, 1, 2, 3, 4].map((n) => power / 4 ** n);
    const rings = levels.map((level) => {
      const [rx, ry] = state.curvatures.map(
        (curvature, i) => Math.sqrt((2 * level) / curvature) * (i ? height / 2 / REACH[1] : width / 2 / REACH[0]),
      );
      return svg("ellipse", {
        cx: width / 2,
        cy: height / 2,
        rx: rx.toFixed(1),
        ry: ry.toFixed(1),
        class: "cnn-level",
      });
    });
    // A ring is named at its right end, else at its top; where names would meet, the smaller ring has none.
    const names = levels.flatMap((level) => {
      const reach = state.curvatures.map((curvature) => Math.sqrt((2 * level) / curvature));
      const onMap = reach.map((value, i) => value < REACH[i] - [0.5, 0.2][i]);
      if (!onMap[0] && !onMap[1]) return [];
      const [x, y] = at(onMap[0] ? [reach[0], 0] : [0, reach[1]]);
      const far = onMap[0] ? x - width / 2 > 64 : height / 2 - y > 26;
      return far ? [text(brief(level), x, y, { class: "cnn-level-name", dy: 4 })] : [];
    });
    const places = result.points.map(near).map(at);
    const now = places.slice(state.step, state.step + 2);
    size(map, width, Math.round(height));
    map.replaceChildren(
      ...rings,
      ...names,
      svg("path", {
        d: `M${width / 2 - 5} ${height / 2}h10M${width / 2} ${height / 2 - 5}v10`,
        class: "cnn-floor",
      }),
      line(places, "cnn-path"),
      ...places.map(([x, y]) => svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 2.6, class: "cnn-point" })),
      line(now, "cnn-now"),
      ...now.map(([x, y], n) =>
        svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: n ? 3 : 5, class: "cnn-now-point" }),
      ),
    );
    const left = result.points.findIndex((w) => w.some((value, i) => Math.abs(value) > REACH[i]));
    write(
      mapCaption.lastChild,
      `w\u2081 across, w\u2082 up; click to start elsewhere; red: step ${state.step + 1}` +
        `${left > 0 ? `; step ${left} leaves the map` : ""}`,
    );
    map.setAttribute(
      "aria-label",
      `Map of the loss. The walk starts at ${pair(result.points[0])} with loss ${brief(result.losses[0])} and ` +
        `ends after ${taken()} steps at ${pair(result.points.at(-1))} with loss ${brief(result.losses.at(-1))}.`,
    );
  }

  /** Axes of a chart whose losses are logarithmic; gives the places of its numbers. */
  function axes(width, height, losses, columns, across, parts) {
    const [left, right, top, bottom] = [42, width - 10, 8, height - 24];
    const clipped = losses.map((loss) => Math.log10(Math.max(SMALLEST, Math.min(BLOWN_UP, loss))));
    const [low, high] = [
      Math.floor(Math.min(...clipped)),
      Math.ceil(Math.max(...clipped, Math.min(...clipped) + 0.1)),
    ];
    const y = (loss) =>
      bottom - ((bottom - top) * (Math.log10(Math.max(SMALLEST, Math.min(BLOWN_UP, loss))) - low)) / (high - low);
    const x = (value) => left + (right - left) * across(value);
    const every = Math.ceil((high - low) / 5);
    for (let power = low; power <= high; power += every) {
      parts.push(
        svg("line", { x1: left, x2: right, y1: y(10 ** power), y2: y(10 ** power), class: "cnn-gridline" }),
        text(
          power >= -2 && power <= 3 ? number(10 ** power) : `10${superscript(power)}`,
          left - 5,
          y(10 ** power) + 4,
          { "text-anchor": "end" },
        ),
      );
    }
    for (const value of columns)
      parts.push(text(number(value, 3), x(value), height - 8, { "text-anchor": "middle" }));
    return { x, y, top, bottom, right };
  }

  function drawCurve(width) {
    const height = 170;
    const parts = [];
    const every = [1, 2, 5, 10, 20, 50, 100].find((step) => state.steps / step <= 6);
    const columns = Array.from({ length: Math.floor(state.steps / every) + 1 }, (_, n) => n * every);
    const { x, y } = axes(width, height, result.losses, columns, (step) => step / state.steps, parts);
    const places = result.losses.map((loss, step) => [x(step), y(loss)]);
    parts.push(
      line(places, "cnn-path"),
      ...places.map(([cx, cy]) => svg("circle", { cx, cy, r: 2.2, class: "cnn-point" })),
    );
    parts.push(line(places.slice(state.step, state.step + 2), "cnn-now"));
    size(curve, width, height);
    curve.replaceChildren(...parts);
    const blown = taken() < state.steps ? `; stopped at step ${taken()}, beyond 10\u00b9\u00b2` : "";
    write(
      curveCaption.lastChild,
      `${brief(result.losses[0])} \u2192 ${brief(result.losses.at(-1))} after ${taken()}${blown}`,
    );
    curve.setAttribute("aria-label", `Loss after each step, logarithmic: ${curveCaption.lastChild.textContent}.`);
  }

  const [least, most] = SWEEP.map(Math.log);
  const rates = Array.from({ length: 121 }, (_, n) => Math.exp(least + ((most - least) * n) / 120));
  let swept = {}; // kept while only the learning rate moves: 242 walks take longer than a frame
  function sweepOver({ curvatures: bends, start, steps: count, momentum: kept }) {
    const key = JSON.stringify([bends, start, count, kept]);
    const ends = (one) => rates.map((rate) => walk({ ...state, lr: rate, momentum: one }).losses.at(-1));
    if (swept.key !== key) swept = { key, without: ends(0), own: kept ? ends(kept) : null };
    return swept;
  }

  function drawSweep(width) {
    const height = 170;
    const { without, own } = sweepOver(state);
    const parts = [];
    const shown = [...without, ...(own ?? []), result.losses.at(-1)].map((loss) => Math.min(loss, 1e4));
    const { x, y, top, bottom, right } = axes(
      width,
      height,
      shown,
      [0.001, 0.01, 0.1, 1],
      (rate) => (Math.log(rate) - least) / (most - least),
      parts,
    );
    const trace = (losses, className) =>
      line(
        rates.map((rate, n) => [x(rate), Math.max(top, y(losses[n]))]),
        className,
      );
    parts.push(trace(without, own ? "cnn-path cnn-other" : "cnn-path"));
    if (own) parts.push(trace(own, "cnn-path"));
    if (result.limit < SWEEP[1]) {
      const edge = x(result.limit);
      parts.push(
        svg("line", { x1: edge, x2: edge, y1: top, y2: bottom, class: "cnn-limit" }),
        text(`limit ${brief(result.limit)}`, edge + (edge > right - 70 ? -5 : 5), bottom - 6, {
          class: "cnn-limit-name",
          "text-anchor": edge > right - 70 ? "end" : "start",
        }),
      );
    }
    const inside = Math.max(SWEEP[0], Math.min(SWEEP[1], state.lr));
    parts.push(
      svg("circle", { cx: x(inside), cy: Math.max(top, y(result.losses.at(-1))), r: 5, class: "cnn-now-point" }),
    );
    const all = own ?? without;
    const best = all.indexOf(Math.min(...all));
    size(sweep, width, height);
    sweep.replaceChildren(...parts);
    write(
      sweepCaption.lastChild,
      `red: yours; least near ${number(rates[best], 3)}${own ? "; dashed: without momentum" : ""}`,
    );
    sweep.setAttribute(
      "aria-label",
      `Loss after ${state.steps} steps for learning rates from 0.001 to 3, both logarithmic; ` +
        `least near ${number(rates[best], 3)}, beyond ${brief(result.limit)} it grows.`,
    );
  }

  /** What a step does along each weight, in words. */
  function says({ size: shrink, swings, crosses }) {
    if (Math.abs(shrink - 1) < 1e-9) return "neither shrinks nor grows";
    if (shrink > 1) return "overshoots and grows";
    if (swings) return "swings to and fro and shrinks";
    if (crosses) return "overshoots and shrinks";
    return shrink > 0.97 ? "crawls" : "shrinks without overshooting";
  }

  function writeFactors() {
    factors.replaceChildren(
      ...result.factors.map((one, i) => {
        const product = state.lr * state.curvatures[i];
        const sign = one.crosses ? "\u2212" : "";
        const value = state.momentum
          ? one.swings
            ? `\u221a${brief(state.momentum)} = ${brief(one.size)}`
            : `${sign}${brief(one.size)}`
          : `1 \u2212 ${brief(product)} = ${brief(1 - product)}`;
        const steps = Math.log(0.5) / Math.log(one.size);
        const halves =
          one.size > 1 - 1e-9 ? "never" : steps > 1 ? `${brief(Number(steps.toFixed(1)))} steps` : "1 step";
        return el(
          "tr",
          {},
          el("th", { scope: "row" }, WORDS[i], el("small", {}, ` ${says(one)}`)),
          ...[brief(state.curvatures[i]), brief(product), value, halves].map((words) => el("td", {}, words)),
        );
      }),
    );
  }

  /** What to see in it. */
  function judge() {
    const { limit, factors: both, losses } = result;
    const steep = both[state.curvatures.indexOf(result.steepest)];
    const end = `loss ${brief(losses[0])} \u2192 ${brief(losses.at(-1))} in ${taken()} steps`;
    if (Math.abs(state.lr - limit) < 1e-9 * limit)
      return `On the edge: the steeper direction bounces from wall to wall for ever; ${end}.`;
    if (state.lr > limit)
      return `It diverges: ${brief(state.lr)} is beyond the limit ${brief(limit)}, and each step overshoots further than the last; ${end}.`;
    const slowest = both.reduce((one, other) => (other.size > one.size ? other : one));
    if (steep.crosses)
      return `It zigzags: the steeper direction overshoots at every step, yet less each time; ${end}.`;
    if (slowest.swings) return `Momentum carries it past the floor and back, less each time; ${end}.`;
    if (slowest.size > 0.97)
      return `It crawls: the flatter direction keeps ${brief(100 * slowest.size)} % of its distance at each step; ${end}.`;
    return `It goes down without overshooting; ${end}.`;
  }

  function writeStep() {
    const at = state.step;
    const [w, after] = result.points.slice(at, at + 2);
    const [gradient, velocity] = [result.gradients[at], result.velocities[at]];
    const before = at ? result.velocities[at - 1] : [0, 0];
    const say = (name, ...parts) => el("p", {}, el("b", { class: "cnn-name" }, name), " ", ...parts);
    const total = (values) =>
      el("span", { class: "cnn-total" }, Array.isArray(values) ? pair(values) : brief(values));
    const [one, two] = state.curvatures;
    sums.replaceChildren(
      ...[
        say(
          "gradient",
          `(${brief(one)}\u00b7${bracket(w[0])}, ${brief(two)}\u00b7${bracket(w[1])}) = `,
          total(gradient),
        ),
        state.momentum
          ? say(
              "velocity",
              `${brief(state.momentum)}\u00b7${pair(before)} + ${pair(gradient)} = `,
              total(velocity),
            )
          : null,
        say("w", `${pair(w)} \u2212 ${brief(state.lr)}\u00b7${pair(velocity)} = `, total(after)),
        say(
          "loss",
          `(${brief(one)}\u00b7${bracket(after[0])}\u00b2 + ${brief(two)}\u00b7${bracket(after[1])}\u00b2) / 2 = `,
          total(result.losses[at + 1]),
          `, before ${brief(result.losses[at])}`,
        ),
      ].filter(Boolean),
    );
  }

  function draw() {
    const width = Math.max(240, Math.min(726, root.clientWidth - 32 || 640));
    const column = width < 560 ? width : Math.floor((width - 20) / 2);
    drawMap(width);
    drawCurve(column);
    drawSweep(column);
  }

  const unfollow = follow(model, NAMES, () => {
    state = read();
    result = compute(state);
    if (state.step > taken() - 1) {
      put(model, { step: taken() - 1 });
      return;
    }
    example.set(nameOf());
    const nearest = RATES.reduce(
      (best, rate, n) =>
        Math.abs(Math.log(rate / state.lr)) < Math.abs(Math.log(RATES[best] / state.lr)) ? n : best,
      0,
    );
    lr.set(nearest);
    momentum.set(state.momentum);
    steps.set(state.steps);
    curvatures.forEach((one, i) => one.set(state.curvatures[i]));
    starts.forEach((one, i) => one.set(state.start[i]));
    scrub.set(state.step + 1, { max: taken() });
    back.disabled = state.step <= 0;
    next.disabled = state.step >= taken() - 1;
    write(verdict, judge());
    mark(verdict, "cnn-fault", state.lr > result.limit);
    const top = state.momentum
      ? `2\u00b7(1 + momentum) / \u03bb = 2\u00b7(1 + ${brief(state.momentum)})`
      : "2 / \u03bb = 2";
    write(
      formula,
      `It diverges beyond ${top} / ${brief(result.steepest)} = ${brief(result.limit)}, where \u03bb is the larger curvature.` +
        `${state.momentum ? " With momentum a factor is that of the long run." : ""}`,
    );
    writeFactors();
    writeStep();
    draw();
  });
  const unwatch = onWidth(root, draw);
  return () => {
    unwatch();
    unfollow();
  };
}

export default { render };
