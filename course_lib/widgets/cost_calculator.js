import { button, choice, el, follow, mark, mount, number, put, uniqueId, write } from "./base.js";

export const BYTES = { float32: 4, float16: 2 };
const product = (shape) => shape.reduce((all, side) => all * side, 1);
const sum = (rows, name) => rows.reduce((all, row) => all + (row[name] ?? 0), 0);
const times = (shape) => shape.join("\u00d7");

/** What one layer makes of an input of a shape: shape, parameters, macs, values; or the fault that keeps it from it. */
export function cost(layer, shape) {
  const { kind } = layer;
  const image = shape.length === 3;
  if (kind === "flatten") return { shape: [product(shape)], parameters: 0, macs: 0, values: 0 };
  if (kind === "linear") {
    if (image)
      return {
        fault: `A linear layer takes a vector, but gets ${times(shape)}: put flatten or global average before it.`,
      };
    const { outputs } = layer;
    return { shape: [outputs], parameters: (shape[0] + 1) * outputs, macs: shape[0] * outputs, values: outputs };
  }
  if (!image)
    return {
      fault:
        `It takes an image (channels, height, width), but gets a vector of ${shape[0]}: ` +
        "move it before flatten, global average and linear layers.",
    };
  const [channels, ...sides] = shape;
  if (kind === "global average") return { shape: [channels], parameters: 0, macs: 0, values: channels };
  const { kernel, stride, padding } = layer;
  const padded = sides.map((side) => side + 2 * padding);
  if (kernel > Math.min(...padded)) {
    return {
      fault:
        `Its window covers ${times([kernel, kernel])} pixels, but the ${padding ? "padded " : ""}input has only ` +
        `${times(padded)}: use a smaller kernel or more padding, or less pooling before it.`,
    };
  }
  const [height, width] = padded.map((side) => Math.floor((side - kernel) / stride) + 1);
  if (kind !== "conv")
    return { shape: [channels, height, width], parameters: 0, macs: 0, values: channels * height * width };
  const weights = layer.channels * channels * kernel * kernel;
  const values = layer.channels * height * width;
  return {
    shape: [layer.channels, height, width],
    parameters: weights + layer.channels,
    macs: weights * height * width,
    values,
  };
}

/** The whole arithmetic: state in, numbers out. Python twins: CostCalculator.rows and CostCalculator.totals. */
export function compute({ layers, shape, batch, numbers }) {
  const rows = [];
  let now = shape;
  let stopped = null; // the first layer that does not fit
  for (const [n, layer] of layers.entries()) {
    const row = stopped === null ? cost(layer, now) : { fault: `Waits for layer ${stopped + 1}.`, waits: true };
    if (row.fault && stopped === null) stopped = n;
    now = row.shape ?? now;
    rows.push({ kind: layer.kind, ...row });
  }
  const each = batch * BYTES[numbers];
  const held = [
    { values: product(shape), at: -1 },
    ...rows.map(({ values }, at) => ({ values, at })).filter(({ values }) => values),
  ];
  const pairs = held.slice(1).map((one, n) => ({ values: one.values + held[n].values, at: one.at }));
  const peak = pairs.reduce(
    (most, pair) => (pair.values > most.values ? pair : most),
    pairs.length ? { values: 0 } : held[0],
  );
  const totals = {
    parameters: sum(rows, "parameters"),
    linear_parameters: sum(
      rows.filter(({ kind }) => kind === "linear"),
      "parameters",
    ),
    macs: sum(rows, "macs"),
    parameter_bytes: sum(rows, "parameters") * BYTES[numbers],
    training_bytes: sum(held, "values") * each,
    inference_bytes: peak.values * each,
  };
  return { rows, totals, stopped, peak: peak.at, each };
}

/** A whole number in groups of three, as far as it is exact. */
export function grouped(value) {
  if (value > Number.MAX_SAFE_INTEGER) return `about ${value.toExponential(2).replace("e+", "\u00b710^")}`;
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes as people write them; 1 kB is 1000 bytes. Python twin: memory. */
export function memory(size) {
  const [unit, scale] =
    [
      ["GB", 1e9],
      ["MB", 1e6],
      ["kB", 1000],
    ].find(([, least]) => size >= least) ?? [];
  if (!unit) return `${size} B`;
  const value = size / scale;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

/** A layer in a few words. Python twin: describe. */
export function describe(layer) {
  if (layer.kind === "linear") return `${layer.outputs} units`;
  if (layer.kernel === undefined) return "";
  const window = `${layer.kernel}\u00d7${layer.kernel}`;
  const said = [layer.kind === "conv" ? `${layer.channels} kernels ${window}` : window];
  if (layer.stride !== (layer.kind === "conv" ? 1 : layer.kernel)) said.push(`stride ${layer.stride}`);
  if (layer.padding) said.push(`padding ${layer.padding}`);
  return said.join(", ");
}

const short = (value) => {
  const [unit, scale] = [
    [" billion", 1e9],
    [" million", 1e6],
  ].find(([, least]) => value >= least) ?? ["", 1];
  return unit ? `${number(value / scale, 2)}${unit}` : grouped(value);
};
const percent = (part, whole) => {
  const share = whole ? (100 * part) / whole : 0;
  return share === 0 ? "0%" : share < 0.1 ? "<0.1%" : `${number(share, share < 10 ? 1 : 0)}%`;
};

/** A labelled field for a whole number; commits when a number within the bounds is typed or stepped to. */
function wholeField(label, [min, max], { oncommit, onfault }) {
  const id = uniqueId("whole");
  let kept = "";
  const commit = (final) => {
    if (input.value === kept) return;
    const value = Number(input.value);
    if (input.value !== "" && Number.isInteger(value) && value >= min && value <= max) {
      onfault("");
      oncommit(value);
    } else if (final) {
      onfault(`${label} must be a whole number from ${min} to ${grouped(max)}, so it stays ${kept}.`);
      input.value = kept;
    }
  };
  const input = el("input", {
    id,
    type: "number",
    class: "cnn-field",
    min,
    max,
    step: 1,
    oninput: () => commit(false),
    onchange: () => commit(true),
  });
  const root = el("div", { class: "cnn-control" }, el("label", { for: id }, label), input);
  return {
    root,
    input,
    set(value) {
      kept = String(value);
      if (input.value !== kept) input.value = kept;
    },
  };
}

const NAMES = ["layers", "shape", "batch", "numbers"];
const OWN = "your own";
const MOST_LAYERS = 60;
const DEFAULTS = { channels: 16, kernel: 3, stride: 1, padding: 0, outputs: 10 };
const LABELS = { channels: "kernels", kernel: "size", stride: "stride", padding: "padding", outputs: "units" };
const COLUMNS = ["parameters", "macs", "values"];

function render({ model, el: element }) {
  const root = mount(element, "cost-calculator", "Cost calculator");
  const networks = model.get("_networks");
  const limits = model.get("_limits");
  const fields = model.get("_fields");
  let state = {};
  let result = null;
  let chosen = null; // the layer whose settings are open
  let reachable = 0; // the layer that the Tab key reaches

  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const complain = (text) => {
    write(fault, text);
    fault.hidden = !text;
  };
  const network = choice("network", [...Object.keys(networks), OWN], (name) => {
    if (!networks[name]) {
      network.set(named());
      return;
    }
    chosen = null;
    reachable = 0;
    complain("");
    put(model, networks[name]);
  });
  const named = () =>
    Object.keys(networks).find(
      (name) =>
        JSON.stringify(networks[name].layers.map(describe)) === JSON.stringify(state.layers.map(describe)) &&
        state.layers.every((layer, n) => layer.kind === networks[name].layers[n].kind) &&
        String(networks[name].shape) === String(state.shape),
    ) ?? OWN;
  const sides = ["channels", "height", "width"].map((name, n) =>
    wholeField(name, limits[name], {
      onfault: complain,
      oncommit: (value) => put(model, { shape: state.shape.map((side, m) => (m === n ? value : side)) }),
    }),
  );
  const batch = wholeField("batch", [1, 65536], {
    onfault: complain,
    oncommit: (value) => put(model, { batch: value }),
  });
  const numbers = choice("numbers", Object.keys(BYTES), (value) => put(model, { numbers: value }));

  // The settings of one layer, shown below it.
  const setLayers = (layers) => {
    complain("");
    put(model, { layers });
  };
  const change = (more) =>
    setLayers(state.layers.map((layer, n) => (n === chosen ? { ...layer, ...more } : layer)));
  const ofKind = (kind, before = {}) => {
    const value = (name) =>
      before[name] ??
      (name === "stride" && kind !== "conv" ? 2 : name === "kernel" && kind !== "conv" ? 2 : DEFAULTS[name]);
    return { kind, ...Object.fromEntries(fields[kind].map((name) => [name, value(name)])) };
  };
  const kind = choice("kind", Object.keys(fields), (value) =>
    setLayers(state.layers.map((layer, n) => (n === chosen ? ofKind(value, layer) : layer))),
  );
  const inputs = Object.fromEntries(
    Object.keys(LABELS).map((name) => [
      name,
      wholeField(LABELS[name], limits[name], {
        onfault: complain,
        oncommit: (value) => change({ [name]: value }),
      }),
    ]),
  );
  const move = (by) => {
    const layers = [...state.layers];
    [layers[chosen], layers[chosen + by]] = [layers[chosen + by], layers[chosen]];
    chosen += by;
    reachable = chosen;
    setLayers(layers);
    draw();
    (by < 0 ? earlier : later).focus();
  };
  const insert = (at) => {
    if (state.layers.length >= MOST_LAYERS) {
      complain(`There is room for ${MOST_LAYERS} layers: remove one first.`);
      return;
    }
    const before = at === 0 ? state.shape : (result.rows[at - 1].shape ?? []);
    const added = before.length === 1 ? ofKind("linear") : { ...ofKind("conv"), padding: 1 };
    chosen = at;
    reachable = at;
    setLayers([...state.layers.slice(0, at), added, ...state.layers.slice(at)]);
    draw();
    kind.input.focus();
  };
  const earlier = button("\u2191 earlier", () => move(-1));
  const later = button("\u2193 later", () => move(1));
  const remove = button("remove", () => {
    const layers = state.layers.filter((_, n) => n !== chosen);
    reachable = Math.max(0, Math.min(chosen, layers.length - 1));
    chosen = null;
    setLayers(layers);
    draw();
    (lines[reachable]?.opener ?? add).focus();
  });
  const below = button("+ layer below", () => insert(chosen + 1));
  const editor = el(
    "tr",
    { class: "cnn-editor" },
    el(
      "td",
      { colspan: 5 },
      el(
        "div",
        { class: "cnn-bar" },
        el("div", { class: "cnn-row" }, kind.root, ...Object.values(inputs).map((one) => one.root)),
        el("div", { class: "cnn-row" }, earlier, later, below, remove),
      ),
    ),
  );

  // The table: one line a layer, its cells kept and only rewritten.
  const figure = (name) => {
    const [text, share, bar] = [
      el("span", { class: "cnn-number" }),
      el("small", { class: "cnn-muted" }),
      el("i", { "aria-hidden": "true" }),
    ];
    return {
      td: el("td", { class: `cnn-figure cnn-of-${name}` }, text, el("span", { class: "cnn-part" }, bar, share)),
      text,
      share,
      bar,
    };
  };
  const toggle = (n) => {
    chosen = chosen === n ? null : n;
    reachable = n;
    complain("");
    draw();
  };
  const makeLine = (n) => {
    const [place, kindText, words] = [
      el("span", { class: "cnn-muted" }),
      el("b"),
      el("span", { class: "cnn-muted" }),
    ];
    const opener = el(
      "button",
      {
        type: "button",
        class: "cnn-opener",
        "aria-expanded": "false",
        onclick: () => toggle(n),
        onfocus: () => reach(n),
      },
      place,
      el("span", {}, kindText, words),
    );
    const shape = el("td", { class: "cnn-shape" });
    const figures = Object.fromEntries(COLUMNS.map((name) => [name, figure(name)]));
    const trouble = el("td", { colspan: 4, class: "cnn-fault cnn-trouble" });
    const tr = el(
      "tr",
      {},
      el("td", { class: "cnn-what" }, opener),
      shape,
      ...COLUMNS.map((name) => figures[name].td),
      trouble,
    );
    return { tr, opener, place, kindText, words, shape, figures, trouble };
  };
  const lines = [];
  const inputShape = el("td", { class: "cnn-shape" });
  const inputValues = figure("values");
  const inputLine = el(
    "tr",
    {},
    el("td", { class: "cnn-what" }, el("b", {}, "input")),
    inputShape,
    ...["parameters", "macs"].map((name) => el("td", { class: `cnn-figure cnn-of-${name}` })),
    inputValues.td,
  );
  const totals = Object.fromEntries(
    COLUMNS.map((name) => [name, el("td", { class: `cnn-figure cnn-of-${name}` })]),
  );
  const add = button("+ layer at the end", () => insert(state.layers.length));
  const body = el("tbody", {}, inputLine);
  const table = el(
    "table",
    { class: "cnn-costs", "aria-label": "costs, layer by layer" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ...["layer", "output", "parameters", "multiply-adds", "activations"].map((name) =>
          el("th", { scope: "col" }, name),
        ),
      ),
    ),
    body,
    el(
      "tfoot",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "row" }, "total"),
        el("td", { class: "cnn-shape" }),
        ...COLUMNS.map((name) => totals[name]),
      ),
    ),
  );
  const reach = (n) => {
    reachable = n;
    lines.forEach(({ opener }, m) => {
      const index = m === reachable ? "0" : "-1";
      if (opener.getAttribute("tabindex") !== index) opener.setAttribute("tabindex", index);
    });
  };
  body.addEventListener("keydown", (event) => {
    if (!event.target.classList.contains("cnn-opener") || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = state.layers.length - 1;
    const to = { ArrowUp: reachable - 1, ArrowDown: reachable + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    lines[Math.max(0, Math.min(last, to))].opener.focus();
  });

  const summary = { parameters: el("p"), macs: el("p"), memory: el("p") };
  root.append(
    el(
      "div",
      { class: "cnn-row cnn-bar" },
      network.root,
      el(
        "span",
        { class: "cnn-row", role: "group", "aria-label": "shape of one image" },
        ...sides.map((one) => one.root),
      ),
      batch.root,
      numbers.root,
    ),
    fault,
    el("div", { class: "cnn-summary", role: "status" }, ...Object.values(summary)),
    el(
      "p",
      { class: "cnn-muted" },
      "Choose a layer to change it. A bar is long where a column\u2019s number is large; the percentage is its share " +
        "of the total.",
    ),
    table,
    add,
    el(
      "p",
      { class: "cnn-muted" },
      "Multiply-adds are for one image; activations for the whole batch. Every convolution and linear layer has its " +
        "bias; ReLU works in place and is not listed; flatten only reads the same numbers in one row.",
    ),
  );

  const bar = ({ text, share, bar: strip }, words, part, whole, most) => {
    write(text, words);
    write(share, part ? percent(part, whole) : "");
    const width = `${most ? (100 * part) / most : 0}%`;
    if (strip.style.width !== width) strip.style.width = width;
  };

  function summarise() {
    const { rows, totals: all, stopped, peak } = result;
    const so = stopped === null ? "" : ` up to layer ${stopped}, as layer ${stopped + 1} does not fit`;
    const convolutions = sum(
      rows.filter((row) => row.kind === "conv"),
      "macs",
    );
    const bold = (text) => el("b", {}, text);
    summary.parameters.replaceChildren(
      bold(`${grouped(all.parameters)} parameters`),
      `${so}, ${memory(all.parameter_bytes)}: `,
      `${grouped(all.linear_parameters)} (${percent(all.linear_parameters, all.parameters)}) in linear layers, ` +
        `${grouped(all.parameters - all.linear_parameters)} in convolutions.`,
    );
    summary.macs.replaceChildren(
      bold(`${short(all.macs)} multiply-adds`),
      ` an image: ${percent(convolutions, all.macs)} in convolutions, ` +
        `${percent(all.macs - convolutions, all.macs)} in linear layers.`,
    );
    const where = peak < 0 ? "the input" : `the input and output of layer ${peak + 1}`;
    summary.memory.replaceChildren(
      bold(`${memory(all.training_bytes)} of activations`),
      " kept for the backward pass in training; ",
      bold(memory(all.inference_bytes)),
      ` at most in inference (${where}), for a batch of ${grouped(state.batch)}.`,
    );
  }

  function draw() {
    state = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    result = compute(state);
    const { layers } = state;
    if (chosen !== null && chosen >= layers.length) chosen = null;
    network.set(named());
    sides.forEach((one, n) => one.set(state.shape[n]));
    batch.set(state.batch);
    numbers.set(state.numbers);

    while (lines.length < layers.length) {
      lines.push(makeLine(lines.length));
      body.append(lines.at(-1).tr);
    }
    while (lines.length > layers.length) lines.pop().tr.remove();
    reach(Math.max(0, Math.min(reachable, layers.length - 1)));
    const size = (values) => memory(values * result.each);
    const pixels = product(state.shape);
    const stored = sum(result.rows, "values") + pixels;
    const most = Object.fromEntries(
      COLUMNS.map((name) => [
        name,
        Math.max(...result.rows.map((row) => row[name] ?? 0), name === "values" ? pixels : 0),
      ]),
    );
    const whole = { ...result.totals, values: stored };
    write(inputShape, times(state.shape));
    bar(inputValues, size(pixels), pixels, stored, most.values);
    lines.forEach((line, n) => {
      const row = result.rows[n];
      write(line.place, String(n + 1));
      write(line.kindText, layers[n].kind);
      write(line.words, describe(layers[n]));
      line.opener.setAttribute("aria-expanded", String(n === chosen));
      mark(line.tr, "cnn-chosen", n === chosen);
      line.shape.hidden = Boolean(row.fault);
      line.trouble.hidden = !row.fault;
      mark(line.trouble, "cnn-waits", row.waits);
      write(line.trouble, row.fault ?? "");
      write(line.shape, row.fault ? "" : times(row.shape));
      for (const name of COLUMNS) {
        const cell = line.figures[name];
        cell.td.hidden = Boolean(row.fault);
        if (!row.fault)
          bar(cell, name === "values" ? size(row.values) : grouped(row[name]), row[name], whole[name], most[name]);
        mark(cell.td, "cnn-zero", !row[name]);
      }
    });
    write(totals.parameters, grouped(whole.parameters));
    write(totals.macs, grouped(whole.macs));
    write(totals.values, size(stored));
    summarise();

    const open = chosen === null ? null : lines[chosen].tr;
    if (!open) editor.remove();
    else {
      if (open.nextSibling !== editor) open.after(editor);
      const layer = layers[chosen];
      kind.set(layer.kind);
      for (const [name, one] of Object.entries(inputs)) {
        one.root.hidden = !(name in layer);
        if (name in layer) one.set(layer[name]);
      }
      earlier.disabled = chosen === 0;
      later.disabled = chosen === layers.length - 1;
    }
  }
  return follow(model, NAMES, draw);
}

export default { render };
