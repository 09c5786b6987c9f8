import {
  choice,
  el,
  follow,
  mark,
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

const [FEW, MANY] = [2, 10]; // as in labels_against_accuracy.py

/** How many labels reach the accuracy `wanted`, or null. Python twin: labels_needed. */
export function labelsNeeded(labels, accuracies, wanted) {
  const place = accuracies.findIndex((accuracy) => accuracy >= wanted);
  if (place < 0) return null;
  if (place === 0) return labels[0];
  const [before, below] = [labels[place - 1], accuracies[place - 1]];
  return before * (labels[place] / before) ** ((wanted - below) / (accuracies[place] - below));
}

/** How many times fewer labels than `base`, and whether that is a bound. Python twin: _saved. */
function saved(base, one) {
  const mine = one.needed ?? one.labels.at(-1);
  const its = base.needed ?? base.labels.at(-1);
  const less = one.needed === null || base.at_most;
  const more = base.needed === null || one.at_most;
  if (one === base) return [base.needed === null ? null : 1, ""];
  if (less && more) return [null, ""];
  return [its / mine, less ? "at most" : more ? "at least" : ""];
}

function verdictOf({ ratio, bound }) {
  if (ratio === null) return "";
  if (ratio >= MANY && bound !== "at most") return "tenfold";
  if (ratio < FEW && bound !== "at least") return "no";
  return bound ? "" : "some";
}

function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** The whole arithmetic: state in, numbers out. Python twin: LabelsAgainstAccuracy.numbers. */
export function compute(state) {
  const ours = state._recorded.runs.flatMap(({ arm, source, target, points }) =>
    points.map(([labels, , accuracy]) => ({ arm, source, target, labels, accuracy, own: false })),
  );
  const runs = [...ours, ...state.runs.map((run) => ({ ...run, own: true }))];
  const once = (values) => [...new Set(values)];
  const arms = once(runs.map((run) => run.arm));
  const targets = once(runs.map((run) => run.target));
  const near = state._recorded.near;
  const first = near.map(([, one]) => one).find((one) => targets.includes(one));
  const target = targets.includes(state.target) ? state.target : (first ?? targets[0] ?? "");
  const there = runs.filter((run) => run.target === target);
  const sources = once(there.map((run) => run.source).filter(Boolean));
  const close = near.filter(([, one]) => one === target).map(([one]) => one);
  const source = sources.includes(state.source)
    ? state.source
    : (close.find((one) => sources.includes(one)) ?? sources[0] ?? "");
  const here = there.filter((run) => run.source === "" || run.source === source);

  const groups = new Map();
  for (const run of here) {
    const key = JSON.stringify([run.arm, run.own]);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(run);
  }
  const series = [...groups.values()].map((members) => {
    const [{ arm, own }] = members;
    const points = members
      .map((run) => [run.labels, run.accuracy])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const labels = once(points.map(([count]) => count));
    const values = labels.map((count) => {
      const some = points.filter(([n]) => n === count).map(([, accuracy]) => accuracy);
      return [medianOf(some), Math.min(...some), Math.max(...some)];
    });
    const needed = labelsNeeded(
      labels,
      values.map(([middle]) => middle),
      state.wanted,
    );
    const at_most = needed !== null && values[0][0] >= state.wanted;
    return { arm, own, style: arms.indexOf(arm), labels, values, points, needed, at_most };
  });
  const names = once(series.map((one) => one.arm));
  const against = names.includes(state.against)
    ? state.against
    : (names.find((name) => name.toLowerCase().includes("scratch")) ?? names[0] ?? "");
  const bases = series.filter((one) => one.arm === against);
  for (const one of series) {
    const base = bases.find((other) => other.own === one.own) ?? bases[0];
    [one.ratio, one.bound] = saved(base, one);
  }

  const others = series.flatMap((one, n) => (one.arm === against ? [] : [n]));
  const reached = others.filter((n) => series[n].needed !== null);
  const known = others.filter((n) => series[n].ratio !== null);
  const better = reached.length
    ? (a, b) => series[a].needed < series[b].needed
    : (a, b) => series[a].ratio > series[b].ratio;
  const best = (reached.length ? reached : known).reduce(
    (first, n) => (first === null || better(n, first) ? n : first),
    null,
  );
  const counts = once(series.flatMap((one) => one.labels)).sort((a, b) => a - b);
  const away = (count) => Math.abs(Math.log(count / state.labels));
  return {
    targets,
    target,
    sources,
    source,
    distance: close.includes(source) ? "near" : near.some(([one]) => one === source) ? "far" : "",
    series,
    counts,
    against,
    best,
    labels: counts.reduce((near, count) => (away(count) < away(near) ? count : near), counts[0] ?? 0),
    measured: best === null ? "" : verdictOf(series[best]),
  };
}

/** A number of labels, or how many times, as people read it: 1.6, 47, 1,200. Python twin: count_text. */
export function countText(value) {
  if (value < 9.95) return number(value, 1);
  const whole = value >= 99.5 ? Number(value.toPrecision(2)) : Math.floor(value + 0.5);
  return whole.toLocaleString("en-US");
}
const percent = (value) => number(100 * value, 1);
const labelsText = (one) =>
  one.needed === null ? "not reached" : `${one.at_most ? "at most " : ""}${countText(one.needed)}`;
const ratioText = (one) =>
  one.ratio === null ? "\u2013" : `${one.bound} \u00d7\u00a0${countText(one.ratio)}`.trim();

const NAMES = [
  "runs",
  "target",
  "source",
  "wanted",
  "against",
  "labels",
  "predict",
  "prediction",
  "revealed",
];
const WORDS = {
  no: "hardly any: less than 2 times",
  some: "2 to 10 times fewer",
  tenfold: "10 times fewer, or more",
};
const GUESSES = { no: "hardly any", some: "2 to 10 times", tenfold: "10 times or more" };
// Arms differ by colour, dash and mark; runs of one's own have hollow marks.
const DASHES = ["", "7 4", "9 3 2 3", "2 3", "12 4", "5 2"];
const MARKS = [
  "M-3.4,0a3.4,3.4 0 1,0 6.8,0a3.4,3.4 0 1,0 -6.8,0",
  "M-3.2,-3.2h6.4v6.4h-6.4z",
  "M0,-4.2l4,7h-8z",
  "M0,-4.5l4.5,4.5l-4.5,4.5l-4.5,-4.5z",
  "M0,4.2l4,-7h-8z",
  "M-4,-1.2h2.8v-2.8h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8z",
];
const GRIP = 14; // pixels from the line within which it is taken

function render({ model, el: element }) {
  const root = mount(element, "labels-against-accuracy", "Labels against accuracy");
  const read = () => Object.fromEntries([...NAMES, "_recorded"].map((name) => [name, model.get(name)]));
  let state = read();
  let result = compute(state);
  const open = () => !state.predict || state.revealed;
  const nameOf = (one) => (one.own ? `${one.arm}, yours` : one.arm);
  const shown = () => result.series.filter((one) => open() || one.arm === result.against);
  // Another target is another question.
  const anew = () => (state.predict ? { prediction: "", revealed: false } : {});

  const target = choice("target", [], (value) => put(model, { target: value, ...anew() }));
  const source = choice("source", [], (value) => put(model, { source: value, ...anew() }));
  const against = choice("compared with", [], (value) => put(model, { against: value }));
  const predict = tick("predict first", (on) => put(model, { predict: on, prediction: "", revealed: false }));
  const verdict = el("p", { class: "cnn-verdict", role: "status", tabindex: "-1" });
  const caption = el("p", { class: "cnn-caption" });
  const chart = svg("svg", { class: "cnn-chart", role: "img" });
  const wanted = slider("accuracy wanted", {
    min: 0,
    max: 100,
    step: 0.5,
    text: (value) => `${number(value, 1)} %`,
    onchange: (value) => put(model, { wanted: value / 100 }),
  });
  const labels = slider("labels per class", {
    min: 0,
    max: 1,
    text: (place) => (result.counts[place] ?? 0).toLocaleString("en-US"),
    onchange: (place) => put(model, { labels: result.counts[place] }),
  });

  // The prediction
  const ask = predictionBox(model, WORDS, "Show the other arms", () => verdict.focus());

  const atHead = el("th", { scope: "col" });
  const neededHead = el("th", { scope: "col" });
  const rows = el("tbody");
  const table = el(
    "table",
    { class: "cnn-table" },
    el("caption", { class: "cnn-hidden" }, "Accuracy, labels needed and labels saved, by arm"),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "arm"),
        atHead,
        neededHead,
        el("th", { scope: "col" }, "labels saved"),
      ),
    ),
    rows,
  );
  const setting = el("p", { class: "cnn-muted" });
  const none = el(
    "p",
    { class: "cnn-muted" },
    "There are no runs to show: give some, LabelsAgainstAccuracy(runs), each a dict with arm, labels and accuracy.",
  );
  const body = el(
    "div",
    {},
    el("div", { class: "cnn-bar cnn-row" }, target.root, source.root, against.root, predict.root),
    verdict,
    caption,
    chart,
    el("div", { class: "cnn-row" }, wanted.root, labels.root),
    ask.root,
    table,
    setting,
  );
  root.append(none, body);

  const text = (words, x, y, attributes = {}) =>
    svg("text", { x: x.toFixed(1), y: y.toFixed(1), ...attributes }, words);
  const styleOf = (one) => one.style % MARKS.length;
  const kind = (one) => `cnn-arm cnn-arm-${styleOf(one)}${one.own ? " cnn-own" : ""}`;

  /** A piece of line as the chart draws it, to tell what is what. */
  function sample(one) {
    return svg(
      "svg",
      { class: `cnn-sample ${kind(one)}`, width: 30, height: 12, "aria-hidden": "true" },
      svg("path", { d: "M1,6H29", class: "cnn-path", "stroke-dasharray": DASHES[styleOf(one)] }),
      svg("path", { d: MARKS[styleOf(one)], class: "cnn-mark", transform: "translate(15,6)" }),
    );
  }

  let places = null; // of the chart: from values to pixels and back
  function draw() {
    if (!result.series.length) return;
    const width = Math.max(240, Math.min(726, root.clientWidth - 34 || 640));
    const [height, narrow] = [300, width < 460];
    const lines = shown();
    const longest = Math.max(...result.series.map((one) => nameOf(one).length));
    const [left, right, top, bottom] = [42, width - (narrow ? 12 : Math.min(190, 18 + 6.4 * longest)), 12, height - 38];
    // The axis is that of all arms, so that nothing moves when they are shown.
    const all = result.series.flatMap((one) => one.points.map(([, accuracy]) => accuracy));
    const low = Math.min(Math.floor(10 * Math.min(...all) + 1e-9), Math.floor(10 * state.wanted + 1e-9)) / 10;
    const high = Math.max(Math.ceil(10 * Math.max(...all) - 1e-9), Math.ceil(10 * state.wanted - 1e-9)) / 10;
    const span = Math.max(high - low, 0.1);
    const [first, last] = [Math.log(result.counts[0]), Math.log(result.counts.at(-1))];
    const x = (count) => left + 10 + (right - left - 20) * (last > first ? (Math.log(count) - first) / (last - first) : 0.5);
    const y = (accuracy) => bottom - ((bottom - top) * (accuracy - low)) / span;
    places = {
      y,
      width,
      height,
      accuracy: (at) => Math.min(low + span, Math.max(low, low + ((bottom - at) * span) / (bottom - top))),
      count: (at) =>
        result.counts.reduce((near, count) => (Math.abs(x(count) - at) < Math.abs(x(near) - at) ? count : near)),
    };

    const parts = [];
    const step = span > 0.5 ? 0.2 : span > 0.2 ? 0.1 : 0.05;
    for (let value = Math.ceil(low / step - 1e-9) * step; value <= low + span + 1e-9; value += step) {
      parts.push(
        svg("line", { x1: left, x2: right, y1: y(value), y2: y(value), class: "cnn-gridline" }),
        text(`${number(100 * value, 0)} %`, left - 6, y(value) + 4, { "text-anchor": "end" }),
      );
    }
    let free = -Infinity;
    for (const count of result.counts) {
      const words = count.toLocaleString("en-US");
      parts.push(svg("line", { x1: x(count), x2: x(count), y1: bottom, y2: bottom + 4, class: "cnn-gridline" }));
      if (x(count) - 4 * words.length < free) continue;
      parts.push(text(words, x(count), bottom + 17, { "text-anchor": "middle" }));
      free = x(count) + 4 * words.length + 4;
    }
    parts.push(text("labels per class", (left + right) / 2, height - 4, { "text-anchor": "middle" }));
    parts.push(svg("line", { x1: x(result.labels), x2: x(result.labels), y1: top, y2: bottom, class: "cnn-at" }));

    for (const one of lines) {
      const point = (place, n) => `${x(one.labels[n]).toFixed(1)},${y(one.values[n][place]).toFixed(1)}`;
      const order = one.labels.map((_, n) => n);
      const band = [...order.map((n) => point(1, n)), ...order.toReversed().map((n) => point(2, n))].join(" ");
      const own = svg("g", { class: kind(one) }, svg("polygon", { points: band, class: "cnn-band" }));
      own.append(
        ...one.points.map(([count, accuracy]) =>
          svg("circle", { cx: x(count).toFixed(1), cy: y(accuracy).toFixed(1), r: 2, class: "cnn-run" }),
        ),
        svg("polyline", {
          points: order.map((n) => point(0, n)).join(" "),
          class: "cnn-path",
          "stroke-dasharray": DASHES[styleOf(one)],
        }),
        ...order.map((n) =>
          svg("path", { d: MARKS[styleOf(one)], class: "cnn-mark", transform: `translate(${point(0, n)})` }),
        ),
      );
      if (one.needed !== null)
        own.append(
          svg("line", { x1: x(one.needed), x2: x(one.needed), y1: y(state.wanted), y2: bottom, class: "cnn-drop" }),
        );
      parts.push(own);
    }
    if (!narrow) {
      // Names at the ends of their lines, none on top of another.
      const ends = lines.map((one) => ({ one, y: y(one.values.at(-1)[0]) })).sort((a, b) => b.y - a.y);
      let room = bottom + 4;
      for (const end of ends) {
        end.at = Math.min(end.y + 4, room);
        room = end.at - 14;
      }
      let ceiling = top + 4;
      for (const end of ends.toReversed()) {
        end.at = Math.max(end.at, ceiling);
        ceiling = end.at + 14;
      }
      parts.push(
        ...ends.map(({ one, at }) =>
          text(nameOf(one), right + 4, at, { class: `cnn-end cnn-arm-${styleOf(one)}` }),
        ),
      );
    }
    const line = y(state.wanted);
    parts.push(
      svg("line", { x1: left, x2: right, y1: line, y2: line, class: "cnn-wanted" }),
      svg("circle", { cx: left, cy: line, r: 6, class: "cnn-grip" }),
      text(`wanted: ${percent(state.wanted)} %`, left + 12, line - 6 < top + 8 ? line + 15 : line - 6, {
        class: "cnn-wanted-text",
      }),
      svg("line", { x1: 0, x2: right, y1: line, y2: line, class: "cnn-handle", "stroke-width": 2 * GRIP }),
    );
    const told = lines.map((one) => {
      const [few, many] = [one.values[0], one.values.at(-1)].map(([middle]) => percent(middle));
      return `${nameOf(one)} ${few} % with ${one.labels[0]} labels, ${many} % with ${one.labels.at(-1)}`;
    });
    for (const [name, value] of Object.entries({
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "aria-label": `Accuracy by labels per class, medians: ${told.join("; ")}.`,
    }))
      chart.setAttribute(name, value);
    chart.replaceChildren(...parts);
  }

  /** What is read off at the accuracy wanted, and what became of the prediction. */
  function judge() {
    const at = `${percent(state.wanted)} %`;
    const bases = result.series.filter((one) => one.arm === result.against);
    const needs = bases.map((one) =>
      one.needed === null
        ? `${nameOf(one)} does not reach ${at} with ${one.labels.at(-1).toLocaleString("en-US")} labels per class`
        : `${nameOf(one)} reaches ${at} with ${labelsText(one)} labels per class`,
    );
    const first = needs.join("; ");
    const start = first[0].toUpperCase() + first.slice(1);
    if (!open()) return `${start}.`;
    if (result.best === null) {
      const some = result.series.length > bases.length;
      return `${start}.${some ? " What the others save cannot be read off here: move the line." : ""}`;
    }
    const best = result.series[result.best];
    const what =
      best.needed === null
        ? `. No other arm reaches it; labels saved by ${nameOf(best)}: ${ratioText(best)}.`
        : best.ratio === null
          ? `, ${nameOf(best)} with ${labelsText(best)}: what that saves cannot be read off here, move the line.`
          : `, ${nameOf(best)} with ${labelsText(best)}: labels saved, ${ratioText(best)}.`;
    if (!state.predict || !state.prediction) return start + what;
    const held = !result.measured
      ? "whether it is so, these runs do not say"
      : result.measured === state.prediction
        ? "so it is"
        : "not so";
    return `${start}${what} You predicted ${GUESSES[state.prediction]}: ${held}.`;
  }

  function writeTable() {
    write(atHead, `at ${result.labels.toLocaleString("en-US")} labels`);
    write(neededHead, `labels for ${percent(state.wanted)} %`);
    const cell = (label, ...content) => el("td", { "data-label": label }, ...content);
    rows.replaceChildren(
      ...shown().map((one) => {
        const value = one.values[one.labels.indexOf(result.labels)];
        return el(
          "tr",
          { class: open() && one === result.series[result.best] ? "cnn-now" : null },
          el("th", { scope: "row" }, sample(one), nameOf(one)),
          value
            ? cell(
                atHead.textContent,
                el("b", {}, `${percent(value[0])}\u00a0%`),
                value[1] === value[2] ? null : el("small", {}, ` [${percent(value[1])}, ${percent(value[2])}]`),
              )
            : cell(atHead.textContent, "\u2013"),
          cell(neededHead.textContent, el("b", {}, labelsText(one))),
          cell("labels saved", one.arm === result.against ? "compared with" : el("b", {}, ratioText(one))),
        );
      }),
    );
  }

  function options(list, names, value, texts = (name) => name) {
    if (String([...list.input.options].map((one) => one.value)) !== String(names))
      list.input.replaceChildren(...names.map((name) => el("option", { value: name }, texts(name))));
    list.set(value);
  }

  // The line is dragged, a click elsewhere chooses the count; the sliders do the same for the keyboard.
  const at = (event) => {
    const box = chart.getBoundingClientRect();
    const scale = places.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  let dragging = false;
  chart.addEventListener("pointerdown", (event) => {
    const [across, down] = at(event);
    if (Math.abs(down - places.y(state.wanted)) > GRIP) {
      put(model, { labels: places.count(across) });
      return;
    }
    dragging = true;
    chart.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  chart.addEventListener("pointermove", (event) => {
    if (dragging) put(model, { wanted: Math.round(200 * places.accuracy(at(event)[1])) / 200 });
  });
  for (const end of ["pointerup", "pointercancel"]) chart.addEventListener(end, () => (dragging = false));

  const unfollow = follow(model, NAMES, () => {
    state = read();
    result = compute(state);
    none.hidden = result.series.length > 0;
    body.hidden = !result.series.length;
    if (!result.series.length) return;
    options(target, result.targets, result.target, (name) => name || "the target");
    options(source, result.sources, result.source);
    options(
      against,
      result.series.map((one) => one.arm).filter((arm, n, all) => all.indexOf(arm) === n),
      result.against,
    );
    source.root.hidden = !result.sources.length;
    predict.set(state.predict);
    wanted.set(100 * state.wanted);
    labels.set(result.counts.indexOf(result.labels), { max: result.counts.length - 1 });
    labels.root.hidden = result.counts.length < 2;
    labels.input.setAttribute("aria-valuetext", `${result.labels} labels per class`);
    ask.root.hidden = open();
    ask.set(
      `Slide 50 says that a network trained on another task first needs far fewer labels. On ${result.target || "this target"}, ` +
        `how many does the best of the other arms save against ${result.against}, for an accuracy of ` +
        `${percent(state.wanted)} %?`,
      state.prediction,
    );
    const where = result.distance && `a ${result.distance} target for ${result.source}; `;
    caption.replaceChildren(
      `Accuracy on ${result.target || "the target"} `,
      el("small", {}, `${where}test set, by labels per class, log axis`),
    );
    write(verdict, judge());
    writeTable();
    const many = state.runs.length;
    setting.replaceChildren(
      "Points are runs, lines medians over the seeds, bands go from lowest to highest; between two counts the line " +
        "is straight over the logarithm. ",
      ...(state._recorded.runs.length
        ? [`${state._recorded.setting}; recorded by `, el("code", {}, state._recorded.made_by), ". "]
        : []),
      many ? `Hollow marks: your own runs, ${many} of them.` : "",
    );
    mark(root, "cnn-closed", !open());
    draw();
  });
  const unwatch = onWidth(root, draw);
  return () => {
    unwatch();
    unfollow();
  };
}

export default { render };
