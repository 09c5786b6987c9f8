import {
  choice,
  el,
  follow,
  mount,
  number,
  onWidth,
  predictionBox,
  put,
  slider,
  svg,
  tick,
  write,
} from "./base.js";

const KINDS = { plain: "plain", residual: "ResNet" };
const MUCH = 10; // a gradient that changes by less than this factor is said to stay

/** What gradients do on their way back, by the first layer's norm over the last's. */
export const word = (ratio) => (ratio > MUCH ? "explode" : ratio < 1 / MUCH ? "vanish" : "stay");

/** Median, lowest and highest of some numbers. */
function range(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return [median, sorted[0], sorted.at(-1)];
}

/** The same at each place of some lists; as long as the shortest that has any. */
function ranges(lists) {
  const some = lists.filter((list) => list.length);
  if (!some.length) return [];
  const length = Math.min(...some.map((list) => list.length));
  return Array.from({ length }, (_, place) => range(some.map((list) => list[place])));
}

/** The whole arithmetic: state in, numbers out. Python twin: DepthExplorer.numbers. */
export function compute(state) {
  const runs = state.source === "yours" && state.runs.length ? state.runs : state._recorded.runs;
  const key = state.measure.replace(" ", "_");
  const depths = [...new Set(runs.map((run) => run.depth))].sort((a, b) => a - b);
  const nets = Object.keys(KINDS).flatMap((kind) =>
    depths.flatMap((depth) => {
      const group = runs.filter((run) => run.kind === kind && run.depth === depth);
      if (!group.length) return [];
      const net = {
        kind,
        depth,
        seeds: group.map((run) => run.seed),
        errors: ranges(group.map((run) => run[key])),
      };
      for (const moment of ["start", "end"]) {
        const norms = group.map((run) => run[`gradients_at_${moment}`]);
        const ratios = norms.filter((one) => one.length && one.at(-1) > 0).map((one) => one[0] / one.at(-1));
        net[moment] = ranges(norms);
        net[`${moment}_ratio`] = ratios.length ? range(ratios) : null;
      }
      return [net];
    }),
  );
  const epochs = Math.max(...nets.map((net) => net.errors.length));
  const deep = depths.filter((depth) =>
    nets.some((net) => net.depth === depth && (net.start.length || net.end.length)),
  );
  const away = (depth) => Math.abs(depth - state.gradient_depth);
  const gradient_depth = deep.reduce(
    (best, depth) => (away(depth) < away(best) ? depth : best),
    deep[0] ?? 0,
  );
  const there = nets.filter((net) => net.depth === gradient_depth);
  const layers = Math.max(0, ...there.flatMap((net) => [net.start.length, net.end.length]));
  const shown = depths.filter((depth) => state.depths.includes(depth));
  return {
    nets,
    depths,
    shown: shown.length ? shown : depths,
    epochs,
    epoch: Math.min(state.epoch, epochs),
    with_gradients: deep,
    gradient_depth,
    layers,
    layer: Math.min(state.layer, layers),
    measured: Object.fromEntries(
      there.filter((net) => net.start_ratio).map((net) => [net.kind, word(net.start_ratio[0])]),
    ),
  };
}

const superscript = (value) =>
  String(value).replace(/./g, (sign) =>
    sign === "-" ? "\u207b" : "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[sign],
  );

/** A norm or a ratio as people read it, with three digits: 147, 4.71, 0.212, 3.4·10⁻⁶. */
export function brief(value) {
  if (value === 0) return "0";
  const [digits, power] = value.toExponential(2).split("e").map(Number);
  if (power >= -4 && power < 5) return number(value, Math.max(0, 2 - power));
  return `${number(digits, 2)}\u00b710${superscript(power)}`;
}
const percent = (value) => number(100 * value, 1);

/** A round step that divides `span` into at most `most` parts. */
function roundStep(span, most) {
  const power = 10 ** Math.floor(Math.log10(span / most));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => span / step <= most + 1e-9);
}

const NAMES = [
  "runs",
  "source",
  "measure",
  "depths",
  "epoch",
  "gradient_depth",
  "layer",
  "predict",
  "prediction",
  "revealed",
];
const WORDS = { vanish: "they vanish", stay: "they stay about as large", explode: "they explode" };
// Depths are told apart by dash and mark, the deepest first; the kind has the colour.
const DASHES = ["", "7 4", "2 3", "9 3 2 3", "1 5"];
const MARKS = [
  "M-3.2,0a3.2,3.2 0 1,0 6.4,0a3.2,3.2 0 1,0 -6.4,0",
  "M-3,-3h6v6h-6z",
  "M0,-4l3.8,6.8h-7.6z",
  "M0,-4.2l4.2,4.2l-4.2,4.2l-4.2,-4.2z",
  "M-3.5,-1h2.5v-2.5h2v2.5h2.5v2h-2.5v2.5h-2v-2.5h-2.5z",
];

function render({ model, el: element }) {
  const root = mount(element, "depth-explorer", "Depth explorer");
  const read = () => Object.fromEntries([...NAMES, "_recorded"].map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);
  const set = (name) => (value) => put(model, { [name]: value });
  const nameOf = (net) => `${KINDS[net.kind]}-${net.depth}`;
  const open = () => !state.predict || state.revealed;

  // Controls of the errors
  const source = choice(
    "runs",
    [
      ["recorded", "recorded"],
      ["yours", "your own"],
    ],
    set("source"),
  );
  const measure = choice("show", ["training error", "test error"], set("measure"));
  const epoch = slider("epoch", { min: 1, max: 6, onchange: set("epoch") });
  const ticks = el("div", { class: "cnn-depths", role: "group", "aria-label": "depths" });
  let boxes = new Map();
  function makeTicks() {
    if (String([...boxes.keys()]) === String(result.depths)) return;
    boxes = new Map(
      result.depths.map((depth) => {
        const box = tick(String(depth), () => {
          const chosen = result.depths.filter((one) => boxes.get(one).input.checked);
          if (chosen.length) put(model, { depths: chosen });
          else box.set(true); // one of them stays
        });
        return [depth, box];
      }),
    );
    ticks.replaceChildren(
      el("span", { class: "cnn-lead" }, "layers"),
      ...[...boxes.values()].map((box) => box.root),
    );
  }

  const verdict = el("p", { class: "cnn-verdict", role: "status" });
  const caption = (text, more = "", kind = "") =>
    el(
      "p",
      { class: "cnn-caption" },
      el("span", { class: kind && `cnn-${kind}` }, text),
      " ",
      el("small", {}, more),
    );
  const chart = () => svg("svg", { class: "cnn-chart", role: "img" });
  const curves = Object.fromEntries(
    Object.keys(KINDS).map((kind) => [kind, { chart: chart(), caption: caption("", "", kind) }]),
  );
  const across = { chart: chart(), caption: caption("") };
  const byDepth = el("div", {}, across.caption, across.chart);
  const errorRows = el("tbody");
  const errorTable = el(
    "table",
    { class: "cnn-table cnn-errors" },
    el("caption", { class: "cnn-hidden" }, "Errors by depth"),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "layers"),
        ...Object.entries(KINDS).map(([kind, name]) =>
          el("th", { scope: "col", class: `cnn-${kind}` }, sample(kind), name),
        ),
      ),
    ),
    errorRows,
  );

  const errors = el(
    "div",
    { class: "cnn-charts" },
    ...Object.values(curves).map((one) => el("div", {}, one.caption, one.chart)),
    byDepth,
    el("div", { class: "cnn-beside" }, errorTable),
  );

  // The gradients, behind a prediction
  const ask = predictionBox(model, WORDS, "Show what was measured", () => gradientVerdict.focus());
  const predict = tick("predict first", (on) => put(model, { predict: on, prediction: "", revealed: false }));
  const depth = choice("layers", [], (value) => put(model, { gradient_depth: Number(value) }));
  const layer = slider("layer", { min: 1, max: 55, onchange: set("layer") });
  const gradientVerdict = el("p", { class: "cnn-verdict", role: "status", tabindex: "-1" });
  const moments = {
    start: { chart: chart(), caption: caption("Before the first step") },
    end: { chart: chart(), caption: caption("After training") },
  };
  const layerHead = el("th", { scope: "col" });
  const normRows = el("tbody");
  const answer = el(
    "div",
    {},
    gradientVerdict,
    el(
      "div",
      { class: "cnn-charts" },
      ...Object.values(moments).map((one) => el("div", {}, one.caption, one.chart)),
    ),
    el("div", { class: "cnn-row cnn-layer" }, layer.root),
    el(
      "table",
      { class: "cnn-table cnn-norms" },
      el("caption", { class: "cnn-hidden" }, "Norms of gradients by layer"),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("td"),
          el("th", { scope: "col" }, "first layer"),
          layerHead,
          el("th", { scope: "col" }, "last layer"),
          el("th", { scope: "col" }, "first \u00f7 last"),
        ),
      ),
      normRows,
    ),
  );
  const gradients = el(
    "div",
    { class: "cnn-gradients" },
    el(
      "div",
      { class: "cnn-head" },
      el("h3", {}, "The gradients, layer by layer"),
      el("div", { class: "cnn-row" }, depth.root, predict.root),
    ),
    ask.root,
    answer,
  );
  const none = el(
    "p",
    { class: "cnn-muted" },
    "These runs hold no gradients: give each gradients_at_start and gradients_at_end, from gradient_norms().",
  );
  const setting = el("p", { class: "cnn-muted cnn-setting" });

  root.append(
    el("div", { class: "cnn-bar cnn-row" }, source.root, measure.root, ticks, epoch.root),
    verdict,
    errors,
    gradients,
    none,
    setting,
  );

  /** A piece of line as the charts draw it, to tell what is what. */
  function sample(kind) {
    return svg(
      "svg",
      { class: `cnn-sample cnn-${kind}`, width: 26, height: 10, "aria-hidden": "true" },
      svg("path", { d: "M1,5H25", class: "cnn-path", "stroke-dasharray": kind === "plain" ? "7 4" : "" }),
    );
  }

  const text = (words, x, y, attributes = {}) =>
    svg("text", { x: x.toFixed(1), y: y.toFixed(1), ...attributes }, words);

  /**
   * A chart of `lines`: {values: [[median, low, high], ...], xs, kind, name, dash, shape}. `vertical` is
   * {ticks: [[value, words], ...], place: value -> 0..1}, `horizontal` the same; `at` is the x in focus.
   */
  function plot(where, width, height, lines, horizontal, vertical, { at = null, label, room, below = "" }) {
    const [left, right, top, bottom] = [44, width - room, 10, height - (below ? 36 : 22)];
    const x = (value) => left + (right - left) * horizontal.place(value);
    const y = (value) => bottom - (bottom - top) * Math.max(0, Math.min(1, vertical.place(value)));
    const parts = vertical.ticks.flatMap(([value, words]) => [
      svg("line", { x1: left, x2: right, y1: y(value), y2: y(value), class: "cnn-gridline" }),
      text(words, left - 6, y(value) + 4, { "text-anchor": "end" }),
    ]);
    parts.push(
      ...horizontal.ticks.map(([value, words]) =>
        text(words, x(value), bottom + 16, { "text-anchor": "middle" }),
      ),
    );
    if (below)
      parts.push(
        text(below, (left + right) / 2, height - 4, { "text-anchor": "middle", class: "cnn-below" }),
      );
    if (at !== null) parts.push(svg("line", { x1: x(at), x2: x(at), y1: top, y2: bottom, class: "cnn-at" }));
    if (!lines.length)
      parts.push(text("not measured", (left + right) / 2, (top + bottom) / 2, { "text-anchor": "middle" }));
    const ends = [];
    for (const { values, xs, kind, name, dash, shape, heavy } of lines) {
      const point = (place, n) => `${x(xs[n]).toFixed(1)},${y(values[n][place]).toFixed(1)}`;
      const all = values.map((_, n) => n);
      const band = [...all.map((n) => point(1, n)), ...all.reverse().map((n) => point(2, n))].join(" ");
      const own = svg("g", { class: `cnn-${kind}` }, svg("polygon", { points: band, class: "cnn-band" }));
      if (shape)
        own.append(
          ...values.map(([, low, high], n) =>
            svg("line", { x1: x(xs[n]), x2: x(xs[n]), y1: y(low), y2: y(high), class: "cnn-whisker" }),
          ),
        );
      own.append(
        svg("polyline", {
          points: values.map((_, n) => point(0, n)).join(" "),
          class: "cnn-path",
          "stroke-dasharray": dash,
          "stroke-width": heavy ? 2.6 : 1.8,
        }),
      );
      if (shape)
        own.append(
          ...values.map((_, n) =>
            svg("path", {
              d: shape,
              class: "cnn-mark",
              transform: `translate(${point(0, n)})${xs[n] === at ? " scale(1.5)" : ""}`,
            }),
          ),
        );
      else if (at !== null && xs.includes(at))
        own.append(
          svg("path", {
            d: MARKS[0],
            class: "cnn-mark",
            transform: `translate(${point(0, xs.indexOf(at))}) scale(1.3)`,
          }),
        );
      parts.push(own);
      ends.push({ y: y(values.at(-1)[0]), name, kind, x: x(xs.at(-1)) });
    }
    // Names at the ends of their lines, none on top of another.
    ends.sort((a, b) => b.y - a.y);
    let free = bottom + 4;
    for (const end of ends) {
      end.at = Math.min(end.y + 4, free);
      free = end.at - 14;
    }
    const over = Math.max(0, top + 4 - (ends.at(-1)?.at ?? top + 4));
    parts.push(
      ...ends.map((end) => text(end.name, end.x + 8, end.at + over, { class: `cnn-end cnn-${end.kind}` })),
    );
    for (const [name, value] of Object.entries({
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "aria-label": label,
    }))
      where.setAttribute(name, value);
    where.replaceChildren(...parts);
    where.reach = (event) => {
      const box = where.getBoundingClientRect();
      return (((event.clientX - box.left) / box.width) * width - left) / (right - left);
    };
  }

  const bounds = ([, low, high], say) => (say(low) === say(high) ? "" : ` [${say(low)}, ${say(high)}]`);
  const styleOf = (depth) => (result.depths.length - 1 - result.depths.indexOf(depth)) % DASHES.length;
  const atEpoch = (net) => net.errors[Math.min(result.epoch, net.errors.length) - 1];
  const withErrors = () => result.nets.filter((net) => net.errors.length);

  function drawErrors(column) {
    const nets = withErrors();
    const chosen = nets.filter((net) => result.shown.includes(net.depth));
    const highest = Math.max(0.01, ...nets.flatMap((net) => net.errors.map(([, , high]) => high)));
    const room = 58 + 7 * String(result.depths.at(-1)).length; // for "56 layers" behind a line
    const step = roundStep(highest, 5);
    const most = Math.ceil(highest / step - 1e-9) * step;
    const vertical = {
      place: (value) => value / most,
      ticks: Array.from({ length: Math.round(most / step) + 1 }, (_, n) => [
        n * step,
        `${percent(n * step)} %`,
      ]),
    };
    const every = Math.max(1, Math.ceil(roundStep(Math.max(result.epochs, 1), 8)));
    const stops = Array.from({ length: result.epochs }, (_, n) => n + 1).filter(
      (n) => every === 1 || n % every === 0,
    );
    const horizontal = {
      place: (value) => (value - 1) / Math.max(1, result.epochs - 1),
      ticks: stops.map((n) => [n, String(n)]),
    };
    for (const [kind, { chart: where, caption: words }] of Object.entries(curves)) {
      const lines = chosen
        .filter((net) => net.kind === kind)
        .map((net) => ({
          kind,
          values: net.errors,
          xs: net.errors.map((_, n) => n + 1),
          name: `${net.depth} layers`,
          dash: DASHES[styleOf(net.depth)],
          shape: MARKS[styleOf(net.depth)],
          heavy: styleOf(net.depth) === 0,
        }));
      write(words.firstChild, kind === "plain" ? "Plain" : "ResNet");
      write(words.lastChild, `${state.measure} by epoch`);
      const told = chosen
        .filter((net) => net.kind === kind)
        .map((net) => `${nameOf(net)} ${net.errors.map(([median]) => percent(median)).join(", ")}`);
      plot(where, column, 186, lines, horizontal, vertical, {
        at: result.epoch,
        room,
        label:
          `${words.firstChild.textContent}, ${state.measure} in per cent after each epoch, medians: ` +
          `${told.join("; ") || "none"}.`,
      });
    }
    const [least, deepest] = [result.depths[0], result.depths.at(-1)];
    byDepth.hidden = least === deepest;
    const lines = Object.keys(KINDS)
      .map((kind) => {
        const own = nets.filter((net) => net.kind === kind);
        return {
          kind,
          values: own.map(atEpoch),
          xs: own.map((net) => net.depth),
          name: KINDS[kind],
          dash: kind === "plain" ? DASHES[1] : "",
          shape: MARKS[kind === "plain" ? 1 : 0],
        };
      })
      .filter((line) => line.values.length);
    write(across.caption.firstChild, "By depth");
    write(across.caption.lastChild, `${state.measure}, epoch ${result.epoch}`);
    plot(
      across.chart,
      column,
      186,
      lines,
      {
        place: (value) => (deepest > least ? (value - least) / (deepest - least) : 0.5),
        ticks: result.depths.map((one) => [one, String(one)]),
      },
      vertical,
      {
        room,
        label: `${state.measure} in per cent after epoch ${result.epoch} by depth; the table has the numbers.`,
      },
    );
  }

  function writeErrors() {
    errorRows.replaceChildren(
      ...result.depths.map((one) =>
        el(
          "tr",
          { class: result.shown.includes(one) ? "cnn-now" : null },
          el("th", { scope: "row" }, String(one)),
          ...Object.keys(KINDS).map((kind) => {
            const net = withErrors().find((other) => other.kind === kind && other.depth === one);
            return net ? cell(KINDS[kind], atEpoch(net), percent, " %") : el("td", {}, "\u2013");
          }),
        ),
      ),
    );
  }

  function cell(label, values, say, unit = "") {
    return el(
      "td",
      { "data-label": label },
      el("b", {}, say(values[0]) + unit),
      el("small", {}, bounds(values, say)),
    );
  }

  /** What to see in the errors. */
  function judge() {
    const nets = withErrors();
    if (!nets.length)
      return `These runs hold no ${state.measure}: choose the other, or give it with the runs.`;
    const find = (kind, one) => nets.find((net) => net.kind === kind && net.depth === one);
    const [least, deepest] = [result.shown[0], result.shown.at(-1)];
    const parts = Object.entries(KINDS).flatMap(([kind, name]) => {
      const [shallow, deep] = [find(kind, least), find(kind, deepest)];
      const title = kind === "plain" ? "Plain" : name;
      if (!deep) return [];
      if (least === deepest || !shallow) return [`${title}-${deepest}: ${percent(atEpoch(deep)[0])} %`];
      const [few, many] = [shallow, deep].map((net) => `${percent(atEpoch(net)[0])} %`);
      return [`${title}: ${few} with ${least} layers, ${many} with ${deepest}`];
    });
    const [shallow, deep] = [find("plain", least), find("plain", deepest)];
    const worse = shallow && deep && least < deepest && atEpoch(deep)[1] > atEpoch(shallow)[2];
    const why = !worse
      ? ""
      : state.measure === "training error"
        ? " No overfitting: these are the very images that they were trained on."
        : " Overfitting, or not? Look at the training error.";
    const told = `${state.measure} after epoch ${result.epoch}. ${parts.join(". ")}.${why}`;
    return told[0].toUpperCase() + told.slice(1);
  }

  const gradientNets = () => result.nets.filter((net) => net.depth === result.gradient_depth);

  function drawGradients(column) {
    const nets = gradientNets();
    const positive = nets.flatMap((net) => [...net.start, ...net.end].flat()).filter((value) => value > 0);
    const [low, high] = [
      Math.floor(Math.log10(Math.min(...positive, 1))),
      Math.ceil(Math.log10(Math.max(...positive, 1.01))),
    ];
    const every = Math.ceil((high - low) / 6);
    const vertical = {
      place: (value) => (value > 0 ? (Math.log10(value) - low) / (high - low) : 0),
      ticks: Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, n) => low + n * every).map(
        (power) => [10 ** power, power >= -3 && power <= 3 ? number(10 ** power) : `10${superscript(power)}`],
      ),
    };
    const stops = [
      1,
      ...[0.25, 0.5, 0.75].map((part) => Math.round(1 + part * (result.layers - 1))),
      result.layers,
    ];
    const horizontal = {
      place: (value) => (value - 1) / Math.max(1, result.layers - 1),
      ticks: [...new Set(stops)].map((one) => [one, String(one)]),
    };
    for (const [moment, { chart: where, caption: words }] of Object.entries(moments)) {
      const lines = nets
        .filter((net) => net[moment].length)
        .map((net) => ({
          kind: net.kind,
          values: net[moment],
          xs: net[moment].map((_, n) => n + 1),
          name: KINDS[net.kind],
          dash: net.kind === "plain" ? DASHES[1] : "",
          heavy: true,
        }));
      write(words.lastChild, "norm, log axis");
      const told = nets
        .filter((net) => net[moment].length)
        .map(
          (net) =>
            `${nameOf(net)} first layer ${brief(net[moment][0][0])}, last ${brief(net[moment].at(-1)[0])}`,
        );
      plot(where, column, 200, lines, horizontal, vertical, {
        at: result.layer,
        room: 62,
        below: "\u27f5 the way of the gradient",
        label: `${words.firstChild.textContent}, norms of gradients by layer, medians: ${told.join("; ") || "none"}.`,
      });
    }
  }

  function writeNorms() {
    write(layerHead, `layer ${result.layer}`);
    normRows.replaceChildren(
      ...Object.keys(moments).flatMap((moment) =>
        gradientNets()
          .filter((net) => net[moment].length)
          .map((net) => {
            const norms = net[moment];
            const at = Math.min(result.layer, norms.length);
            const ratio = net[`${moment}_ratio`];
            return el(
              "tr",
              {},
              el(
                "th",
                { scope: "row", class: `cnn-${net.kind}` },
                sample(net.kind),
                nameOf(net),
                el("small", {}, moment === "start" ? " before training" : " after training"),
              ),
              cell("first layer", norms[0], brief),
              cell(`layer ${at}`, norms[at - 1], brief),
              cell("last layer", norms.at(-1), brief),
              ratio ? cell("first \u00f7 last", ratio, brief) : el("td", {}, "\u2013"),
            );
          }),
      ),
    );
  }

  /** What to see in the gradients, and what became of the prediction. */
  function judgeGradients() {
    const [plain, residual] = Object.keys(KINDS).map((kind) =>
      gradientNets().find((net) => net.kind === kind),
    );
    const does = { vanish: "vanish", stay: `stay within a factor of ${MUCH}`, explode: "explode" };
    const times = (ratio) => `${brief(ratio[0])} times${bounds(ratio, brief)}`;
    if (!plain?.start_ratio) return "These runs hold no gradients of a plain network before training.";
    const done = result.measured.plain;
    const held = !state.prediction
      ? ""
      : state.prediction === done
        ? "As you predicted, before"
        : `You predicted that ${WORDS[state.prediction]}. Not so: before`;
    return (
      `${held || "Before"} training the gradients of ${nameOf(plain)} ${does[done]} towards the first layer. Their ` +
      `norm there is ${times(plain.start_ratio)} that of the last layer` +
      `${residual?.start_ratio ? `; in ${nameOf(residual)} ${times(residual.start_ratio)}` : ""}.` +
      `${plain.end_ratio ? ` After training, in ${nameOf(plain)}, ${times(plain.end_ratio)}.` : ""}`
    );
  }

  function draw() {
    const width = Math.max(240, Math.min(726, root.clientWidth - 34 || 640));
    const column = width < 560 ? width : Math.floor((width - 20) / 2);
    drawErrors(column);
    if (open() && result.layers) drawGradients(column);
  }

  // A click chooses the epoch or the layer; the sliders do the same for the keyboard.
  for (const { chart: where } of Object.values(curves))
    where.addEventListener("click", (event) =>
      put(model, {
        epoch: Math.max(1, Math.min(result.epochs, Math.round(1 + where.reach(event) * (result.epochs - 1)))),
      }),
    );
  for (const { chart: where } of Object.values(moments))
    where.addEventListener("click", (event) =>
      put(model, {
        layer: Math.max(1, Math.min(result.layers, Math.round(1 + where.reach(event) * (result.layers - 1)))),
      }),
    );

  const unfollow = follow(model, NAMES, () => {
    state = read();
    result = compute(state);
    source.root.hidden = !state.runs.length;
    source.set(state.source);
    measure.set(state.measure);
    errors.hidden = ticks.hidden = epoch.root.hidden = !result.epochs;
    epoch.set(result.epoch, { max: Math.max(1, result.epochs) });
    makeTicks();
    for (const [one, box] of boxes) box.set(result.shown.includes(one));
    write(verdict, judge());
    writeErrors();

    none.hidden = result.layers > 0;
    gradients.hidden = !result.layers;
    const options = result.with_gradients.map(String);
    if (String([...depth.input.options].map((one) => one.value)) !== String(options))
      depth.input.replaceChildren(...options.map((value) => el("option", { value }, value)));
    depth.set(String(result.gradient_depth));
    predict.set(state.predict);
    ask.root.hidden = open();
    answer.hidden = !open();
    ask.set(
      `Slide 40 explains the plain curves so: \u201cgradient struggles to [r]each earlier layers\u201d. What do ` +
        `you expect of the gradients of plain-${result.gradient_depth} before its first step, from the last layer ` +
        "back to the first?",
      state.prediction,
    );
    if (open()) {
      layer.set(result.layer, { max: Math.max(1, result.layers) });
      write(gradientVerdict, judgeGradients());
      writeNorms();
    }
    setting.replaceChildren(
      ...(state.source === "recorded"
        ? [
            `Lines are medians of the seeds, bands go from lowest to highest. ${state._recorded.setting}; recorded by `,
            el("code", {}, state._recorded.made_by),
          ]
        : [
            "Lines are medians over your runs of a kind and depth, bands go from lowest to highest. " +
              `Runs: ${state.runs.length}.`,
          ]),
    );
    draw();
  });
  const unwatch = onWidth(root, draw);
  return () => {
    unwatch();
    unfollow();
  };
}

export default { render };
