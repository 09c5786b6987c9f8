import { button, choice, el, follow, mark, mount, onWidth, put, svg, tick, write } from "./base.js";

// Pixels, as in architecture_strip.py: heights of a box, gaps, what stands around parallel branches.
export const SIZES = { lowest: 14, highest: 84, gap: 2, gutter: 7, lane: 5, arc: 9, label: 20 };
const WEIGHTED = ["convolution", "fully connected"];
const total = (numbers) => numbers.reduce((all, one) => all + one, 0);

/** Of each box its channels, or the parameters or macs of all that is drawn in it. Python twin: values. */
export function values({ steps }, owner, measure) {
  const boxes = {};
  steps.forEach((step, n) => {
    const own = owner[n];
    if (measure !== "channels") boxes[own] = (boxes[own] ?? 0) + step[measure.toLowerCase()];
    else if (own === n) {
      const before = step.kind === "dropout" ? owner[step.inputs[0]] : undefined;
      boxes[n] = before === undefined ? (step.shape_out[0] ?? 1) : boxes[before];
    }
  });
  return boxes;
}

/** Pixels of a box: eight times as much is twice as tall. Python twin: box_height. */
export function boxHeight(value, most) {
  return most ? Math.max(SIZES.lowest, Math.floor(SIZES.highest * Math.cbrt(value / most) + 0.5)) : SIZES.lowest;
}

/** Sums over a network, and the layers with weights on its longest path. Python twin: totals. */
export function totals({ steps, unused }) {
  const sum = (name, some = steps) => total(some.map((step) => step[name]));
  const deep = [];
  for (const step of steps) {
    const weighs = WEIGHTED.includes(step.kind) && (step.parameters > 0 || step.shared === true);
    deep.push(Number(weighs) + Math.max(...step.inputs.map((i) => deep[i] ?? 0)));
  }
  return {
    depth: Math.max(...deep),
    weighted: steps.filter((step) => WEIGHTED.includes(step.kind) && step.parameters > 0).length,
    parameters: sum("parameters") + unused,
    fully_connected: sum(
      "parameters",
      steps.filter(({ kind }) => kind === "fully connected"),
    ),
    unused,
    macs: sum("macs"),
  };
}

const empty = () => ({ width: 0, up: 0, down: 0, boxes: [], wires: [], arcs: [], frames: [] });
function add(out, piece, x, y) {
  out.boxes.push(...piece.boxes.map(([n, a, b]) => [n, a + x, b + y]));
  out.wires.push(...piece.wires.map(([a, b, c, d]) => [a + x, b + y, c + x, d + y]));
  out.arcs.push(...piece.arcs.map(([a, b, c, d]) => [a + x, b + x, c + y, d + y]));
  out.frames.push(...piece.frames.map(([a, b, c, ...rest]) => [a + x, b + x, c + y, ...rest]));
  out.width = Math.max(out.width, x + piece.width);
  out.up = Math.max(out.up, piece.up - y);
  out.down = Math.max(out.down, piece.down + y);
}

/** Where everything stands, from the left and from the middle line downwards. Python twin: place. */
export function place(elements, heights, width, toggled = [], fold = true) {
  const out = empty();
  for (const element of elements) {
    const start = out.width + (out.width ? SIZES.gap : 0);
    if (start) out.wires.push([out.width, 0, start, 0]);
    add(out, placed(element, heights, width, toggled, fold), start, 0);
  }
  return out;
}

const firstStep = (element) =>
  typeof element === "number"
    ? element
    : firstStep([element.copies ?? element.branches ?? element.tangle].flat(2)[0]);

/** Every box that has its like in other copies of a repeated block, with all of these, the first copy's first. */
export function peers(elements, found = new Map()) {
  const boxes = (element) =>
    typeof element === "number"
      ? [element]
      : (element.copies?.flat() ?? element.branches?.flat() ?? element.tangle).flatMap(boxes);
  for (const element of elements) {
    element.branches?.forEach((branch) => peers(branch, found));
    const copies = element.copies?.map((copy) => copy.flatMap(boxes)) ?? [];
    for (const copy of copies)
      copy.forEach((n, at) =>
        found.set(
          n,
          copies.map((other) => other[at]),
        ),
      );
  }
  return found;
}

function placed(element, heights, width, toggled, fold) {
  const out = empty();
  if (typeof element === "number") {
    const half = heights[element] / 2;
    return { ...out, width, up: half, down: half, boxes: [[element, 0, -half]] };
  }
  if (element.copies) {
    const first = firstStep(element);
    const open = toggled.includes(first) === fold;
    add(out, place(open ? element.copies.flat() : element.copies[0], heights, width, toggled, fold), 0, 0);
    out.frames.push([0, out.width, out.down + 4, first, element.copies.length, element.same, open]);
    out.down += SIZES.label;
    return out;
  }
  if (element.tangle) {
    add(out, place(element.tangle, heights, width), 0, 0);
    const ceiling = out.up;
    for (const [a, b] of element.arcs) {
      const top = ceiling + Math.min(6 + 2 * (b - a), 40);
      const [left, right] = [a + 1, b].map((boxes) => boxes * (width + SIZES.gap) - SIZES.gap / 2);
      out.arcs.push([Math.max(0, left), Math.min(out.width, right), -top, 0]);
      out.up = Math.max(out.up, top);
    }
    return out;
  }
  const lanes = element.branches.map((branch) => place(branch, heights, width, toggled, fold));
  const wide = Math.max(...lanes.map((lane) => lane.width)) + 2 * SIZES.gutter;
  const tall = total(lanes.map(({ up, down }) => up + down)) + SIZES.lane * (lanes.length - 1);
  let top = lanes.length > 1 ? -tall / 2 : -lanes[0].up;
  const centres = [0];
  for (const lane of lanes) {
    const centre = top + lane.up;
    add(out, lane, SIZES.gutter, centre);
    out.wires.push([0, centre, SIZES.gutter, centre], [SIZES.gutter + lane.width, centre, wide, centre]);
    centres.push(centre);
    top = centre + lane.down + SIZES.lane;
  }
  if (lanes.length > 1) {
    for (const x of [0, wide]) out.wires.push([x, Math.min(...centres), x, Math.max(...centres)]);
  }
  out.width = wide;
  if (element.skip) {
    out.up += SIZES.arc;
    out.arcs.push([0, wide, -out.up, 0]);
  }
  return out;
}

const NAMES = ["height", "everything", "fold", "chosen"];
// Widths of a box: what fits is between the first two; where nothing does, the strips scroll at the last.
const WIDEST = 30;
const NARROWEST = 12;
const SCROLLING = 17;
const IMAGE = 9; // width of the input's block
const times = (numbers) => numbers.join("\u00d7");
const grouped = (value) => value.toLocaleString("en");
const short = (value) =>
  value < 1e6
    ? grouped(value)
    : value.toLocaleString("en", { notation: "compact", compactDisplay: "long", maximumFractionDigits: 2 });
const percent = (part, whole) => {
  const share = whole ? (100 * part) / whole : 0;
  return share > 0 && share < 0.1 ? "less than 0.1%" : `${share.toFixed(share > 0 && share < 9.95 ? 1 : 0)}%`;
};
const plural = (count, one) => `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;
const calls = {
  batch_norm: "batch norm",
  relu: "ReLU",
  layer_norm: "layer norm",
  group_norm: "group norm",
  mul: "multiply",
};
const called = (step) =>
  calls[step.call] ?? step.call.replace("multi_head_attention_forward", "attention").replaceAll("_", " ");
const paint = (element, kind) => {
  const token = kind.replaceAll(" ", "-");
  element.style.setProperty("--fill", `var(--cnn-${token})`);
  element.style.setProperty("--on", `var(--cnn-${token}-ink)`);
};

/** What a layer does, in the words of the course. */
export function says(step) {
  const {
    kind,
    kernel = [],
    stride = [],
    padding = [],
    dilation = [],
    groups = 1,
    shape_in: given,
    shape_out: made,
  } = step;
  const differs = (numbers, usual) => numbers.some((one) => one !== usual);
  const size = (numbers) => (new Set(numbers).size > 1 ? times(numbers) : String(numbers[0]));
  const settings = [
    ["stride", stride, 1],
    ["padding", padding, 0],
    ["dilation", dilation, 1],
  ]
    .filter(([, numbers, usual]) => differs(numbers, usual))
    .map(([name, numbers]) => `, ${name} ${size(numbers)}`)
    .join("");
  if (kind === "convolution") {
    const reads = step.call.includes("transpose")
      ? "spread over a larger map"
      : groups === 1
        ? `each over ${given[0] > 1 ? "all " : ""}${plural(given[0], "map")}`
        : `each over ${plural(given[0] / groups, "map")} of the ${given[0]} (${groups} groups)`;
    return `${plural(made[0], "kernel")} ${times(kernel)}, ${reads}${settings}.`;
  }
  if (kind === "max pool" || kind === "average pool") {
    const what = kind === "max pool" ? "the largest value" : "the mean";
    if (!kernel.length || (made.slice(1).every((side) => side === 1) && times(kernel) === times(given.slice(1)))) {
      return `Keeps ${what} of each whole map: one number a channel.`;
    }
    return `Keeps ${what} of each window ${times(kernel)}${settings}.`;
  }
  if (kind === "fully connected") {
    const inputs = given.at(-1);
    return `${plural(made.at(-1), "unit")}, each with a weight for every one of ${plural(inputs, "number")}.`;
  }
  if (kind === "concat") return `Stacks the maps of its inputs: ${(step.parts ?? []).join(" + ")} channels.`;
  if (kind === "residual add") return "Adds what comes through the layers to what comes past them, number by number.";
  if (kind === "multiply") return "Multiplies its inputs, number by number: one opens or closes the other.";
  if (kind === "dropout") return "Sets some numbers to zero while training, at random; later it changes nothing.";
  if (kind === "softmax") return "Turns scores into probabilities that sum to 1.";
  if (kind === "activation") return `${called(step)}, on every number by itself.`;
  if (kind === "normalisation")
    return `${called(step)}: shifts and scales, with learned numbers or running statistics.`;
  return `The torch call ${step.call}, for which the lecture's legend has no colour.`;
}

/** How much of the image one output sees. */
export function sees({ field }, shape) {
  if (field === "all") return "the whole input";
  if (!field || !field[0].length) return "not followed through this layer";
  const [sizes, jumps] = field;
  const image = shape.slice(1);
  const beyond = sizes.every((side, n) => side >= image[n]) ? ", no less than the whole input" : "";
  const apart = new Set(jumps).size > 1 ? `${times(jumps)} pixels` : plural(jumps[0], "pixel");
  return `${times(sizes)} pixels of the input${beyond}; neighbours\u2019 windows are ${apart} apart`;
}

/** Scrolls so that an element that was at `before` pixels from the top is there again. */
function keepPlace(element, before) {
  const shift = element.getBoundingClientRect().top - before;
  if (!shift) return;
  let parent = element.parentElement;
  while (
    parent &&
    !(parent.scrollHeight > parent.clientHeight && /auto|scroll/.test(getComputedStyle(parent).overflowY))
  ) {
    parent = parent.parentElement;
  }
  (parent ?? document.scrollingElement).scrollTop += shift;
}

function render({ model, el: element }) {
  const root = mount(element, "architecture-strip", "Architecture strips");
  const networks = model.get("_networks");
  const letters = model.get("_letters");
  const sums = networks.map(totals);
  const toggled = networks.map(() => []); // repeated blocks that are open though others are folded, or the reverse
  let state = {};
  let asked = ""; // the chosen layer that was last brought into view

  const measures = { channels: "channels", parameters: "parameters", MACs: "multiply-adds" };
  const height = choice("height shows", Object.entries(measures), (value) => put(model, { height: value }));
  const everything = tick("ReLU and norms too", (on) => put(model, { everything: on }));
  const fold = tick("repeats drawn once", (on) => {
    toggled.forEach((list) => list.splice(0));
    put(model, { fold: on });
  });
  const legend = el("ul", { class: "cnn-legend", "aria-label": "legend" });
  const scale = el("p", { class: "cnn-muted" });

  // The chosen layer, told below its strip.
  const told = {
    chip: el("span", { class: "cnn-chip", "aria-hidden": "true" }),
    kind: el("b"),
    name: el("code"),
    what: el("p"),
  };
  const terms = ["shape", "parameters", "multiply-adds", "receptive field", "in the same box", "repeats"];
  const facts = Object.fromEntries(terms.map((term) => [term, { dt: el("dt", {}, term), dd: el("dd") }]));
  const turn = (by) => {
    const { keys } = strips[state.chosen[0]];
    const to = keys[keys.indexOf(standIn()) + by];
    if (to !== undefined) put(model, { chosen: [state.chosen[0], to] });
  };
  const previous = button("\u2039", () => turn(-1), { "aria-label": "previous layer" });
  const next = button("\u203a", () => turn(1), { "aria-label": "next layer" });
  const card = el(
    "div",
    { class: "cnn-bar cnn-details" },
    el(
      "div",
      { class: "cnn-row cnn-title" },
      el("span", {}, told.chip, " ", told.kind, " ", told.name),
      el("span", {}, previous, " ", next),
    ),
    el("div", { role: "status" }, told.what, el("dl", {}, ...Object.values(facts).flatMap(({ dt, dd }) => [dt, dd]))),
  );

  const strips = networks.map((network, k) => {
    const wires = svg("svg", { class: "cnn-wires", "aria-hidden": "true" });
    const image = el("span", { class: "cnn-image", "aria-hidden": "true", title: "input" });
    const canvas = el(
      "div",
      { class: "cnn-canvas", role: "group", "aria-label": `${network.name}, layer by layer` },
      wires,
      image,
    );
    const scroll = el("div", { class: "cnn-strip" }, canvas);
    const end = network.steps.at(-1).shape_out;
    const summary = el("p", { class: "cnn-sums" });
    const figure = el(
      "div",
      { class: "cnn-network" },
      el(
        "h3",
        {},
        network.name,
        " ",
        el("small", { class: "cnn-muted" }, `${times(network.shape)} \u2192 ${times(end)}`),
      ),
      scroll,
      summary,
    );
    tell(summary, network, sums[k]);
    const strip = {
      network,
      figure,
      canvas,
      scroll,
      wires,
      image,
      boxes: new Map(),
      labels: new Map(),
      keys: [],
      at: [],
      stop: null,
    };
    canvas.addEventListener("keydown", (event) => move(event, strip));
    canvas.addEventListener("focusin", (event) => reach(strip, event.target));
    return strip;
  });

  root.append(
    el("div", { class: "cnn-row cnn-bar" }, height.root, everything.root, fold.root),
    legend,
    scale,
    ...strips.map(({ figure }) => figure),
  );

  function tell(line, network, sum) {
    const more = sum.weighted === sum.depth ? "" : ` (${grouped(sum.weighted)} with weights in all)`;
    const share = percent(sum.fully_connected, sum.parameters);
    const connected = `, ${share} fully connected (${grouped(sum.fully_connected)})`;
    line.append(
      el("span", {}, el("b", {}, plural(sum.depth, "layer"), " deep"), more),
      el("span", {}, el("b", {}, plural(sum.parameters, "parameter")), connected),
      el("span", {}, el("b", {}, short(sum.macs)), " multiply-adds"),
      sum.unused ? el("span", {}, el("b", {}, grouped(sum.unused)), " of the parameters not used in this run") : "",
    );
  }

  const variant = (network) => network[state.everything ? "everything" : "folded"];
  const shownStep = () => {
    const [k, n] = state.chosen;
    return variant(networks[k]).owner[n];
  };

  /** The box in which the chosen layer is seen: of a block that is drawn once, the first copy's. */
  const standIn = () => {
    const n = shownStep();
    const { network, keys } = strips[state.chosen[0]];
    return keys.includes(n) ? n : (peers(variant(network).elements).get(n)?.[0] ?? keys[0]);
  };

  /** The control that the Tab key reaches in a strip. */
  function reach(strip, control) {
    if (strip.stop === control) return;
    strip.stop?.setAttribute("tabindex", "-1");
    control.setAttribute("tabindex", "0");
    strip.stop = control;
  }

  function move(event, strip) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const controls = [...strip.canvas.querySelectorAll("button")];
    const here = controls.indexOf(event.target);
    let to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: controls.length - 1 }[event.key];
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const sign = event.key === "ArrowUp" ? -1 : 1;
      const middle = (one) => [one.offsetLeft + one.offsetWidth / 2, one.offsetTop + one.offsetHeight / 2];
      const [x, y] = middle(event.target);
      const away = (one) => {
        const [a, b] = middle(one);
        return sign * (b - y) > 4 && Math.abs(a - x) < 3 * one.offsetWidth
          ? Math.abs(b - y) + 2 * Math.abs(a - x)
          : Infinity;
      };
      const nearest = controls.reduce((best, one) => (away(one) < away(best) ? one : best), event.target);
      to = controls.indexOf(nearest);
    }
    if (to === undefined) return;
    event.preventDefault();
    controls[to]?.focus();
  }

  function makeBox(k, n) {
    const { kind, name, shape_out: shape } = networks[k].steps[n];
    const choose = () => {
      if (String(state.chosen) !== String([k, n])) put(model, { chosen: [k, n] });
    };
    const box = el(
      "button",
      {
        type: "button",
        class: "cnn-box",
        tabindex: "-1",
        "data-step": n,
        "aria-label": `${kind}${name ? ` ${name}` : ""}, ${times(shape)}`,
        onclick: () => {
          box.focus();
          choose();
        },
        onfocus: choose,
      },
      letters[kind],
    );
    paint(box, kind);
    return box;
  }
  function makeLabel(k, first) {
    return el("button", {
      type: "button",
      class: "cnn-repeat",
      tabindex: "-1",
      onclick: () => {
        const at = toggled[k].indexOf(first);
        if (at < 0) toggled[k].push(first);
        else toggled[k].splice(at, 1);
        draw();
      },
    });
  }

  /** Keep the elements that are still wanted, make the others, and put all in order without moving any. */
  function renew(strip, wanted) {
    for (const kept of [strip.boxes, strip.labels]) {
      for (const [key, control] of kept)
        if (!wanted.some((one) => one.control === control)) {
          control.remove();
          kept.delete(key);
        }
    }
    let cursor = strip.image.nextSibling;
    for (const { control } of wanted) {
      if (cursor === control) cursor = cursor.nextSibling;
      else strip.canvas.insertBefore(control, cursor);
    }
  }

  function drawStrip(strip, k, heights, zeros, width) {
    const { elements } = variant(strip.network);
    const plan = place(elements, heights, width, toggled[k], state.fold);
    const left = IMAGE + SIZES.gap + 2;
    const top = Math.max(plan.up, SIZES.lowest / 2) + 3;
    strip.canvas.style.width = `${plan.width + left + 2}px`;
    strip.canvas.style.height = `${top + plan.down + 3}px`;
    strip.image.style.cssText = `left:0;width:${IMAGE}px;height:${SIZES.lowest}px;top:${top - SIZES.lowest / 2}px`;
    const lines = [[-SIZES.gap - 2, 0, 0, 0], ...plan.wires];
    const path = lines.map(([a, b, c, d]) => `M${a + left},${b + top}L${c + left},${d + top}`).join("");
    const round = (a, b, high, low) => {
      const r = Math.min(6, (b - a) / 2);
      const over = `q0,${-r} ${r},${-r}H${b + left - r}q${r},0 ${r},${r}`;
      return `M${a + left},${low + top}V${high + top + r}${over}V${low + top}`;
    };
    const brackets = plan.frames.map(([a, b, y]) => `M${a + left},${y + top - 3}v3H${b + left}v-3`).join("");
    strip.wires.replaceChildren(
      svg("path", { d: path }),
      svg("path", { class: "cnn-arc", d: plan.arcs.map((arc) => round(...arc)).join("") }),
      svg("path", { class: "cnn-bracket", d: brackets }),
    );
    const items = plan.boxes.map(([n, x, y]) => {
      if (!strip.boxes.has(n)) strip.boxes.set(n, makeBox(k, n));
      const control = strip.boxes.get(n);
      control.style.left = `${x + left}px`;
      control.style.top = `${y + top}px`;
      control.style.width = `${width}px`;
      control.style.height = `${heights[n]}px`;
      mark(control, "cnn-none", zeros[n]);
      return { order: n, x, control };
    });
    for (const [a, b, y, first, count, same, open] of plan.frames) {
      if (!strip.labels.has(first)) strip.labels.set(first, makeLabel(k, first));
      const control = strip.labels.get(first);
      const order =
        Math.max(
          ...items.filter(({ x, order: n }) => Number.isInteger(n) && x >= a && x < b).map((item) => item.order),
        ) + 0.5;
      control.style.left = `${(a + b) / 2 + left}px`;
      control.style.top = `${y + top - 2}px`;
      write(control, open ? `fold ${count}` : `\u00d7 ${count}`);
      control.setAttribute("aria-expanded", String(open));
      control.setAttribute(
        "aria-label",
        `${count} blocks ${same ? "alike" : "of one structure, of different widths"}: draw ${open ? "one" : "all"}`,
      );
      items.push({ order, x: a, control });
    }
    items.sort((one, other) => one.order - other.order);
    renew(strip, items);
    strip.keys = plan.boxes.map(([n]) => n).sort((one, other) => one - other);
    for (const [n, box] of strip.boxes) {
      const on = k === state.chosen[0] && n === standIn();
      mark(box, "cnn-chosen", on);
      mark(box, "cnn-stands-in", on && n !== shownStep());
      if (on) box.setAttribute("aria-current", "true");
      else box.removeAttribute("aria-current");
    }
    const chosen = k === state.chosen[0] ? strip.boxes.get(standIn()) : null;
    if (!strip.stop?.isConnected || chosen) reach(strip, chosen ?? items[0].control);
    if (chosen && asked !== String(state.chosen)) {
      const beside = Number.parseFloat(chosen.style.left) - strip.scroll.scrollLeft;
      if (beside < 0 || beside + width > strip.scroll.clientWidth)
        strip.scroll.scrollLeft += beside - strip.scroll.clientWidth / 2;
      asked = String(state.chosen);
    }
  }

  function drawCard() {
    const [k] = state.chosen;
    const { network, figure, keys } = strips[k];
    const { owner } = variant(network);
    const n = shownStep();
    const step = network.steps[n];
    const members = network.steps.filter((_, m) => owner[m] === n);
    const others = members.filter((one) => one !== step);
    const count = (name) => total(members.map((one) => one[name]));
    write(told.chip, letters[step.kind]);
    paint(told.chip, step.kind);
    write(told.kind, step.kind);
    write(told.name, step.name);
    write(told.what, says(step));
    const given = step.kind === "concat" ? "" : `${times(step.shape_in)} \u2192 `;
    write(facts.shape.dd, given + times(step.shape_out));
    const apart =
      others.length && count("parameters") !== step.parameters
        ? ` (${grouped(step.parameters)} of the ${step.kind} itself)`
        : "";
    const shared = step.shared ? " (its weights are those of an earlier layer)" : "";
    const share = (name) => (count(name) ? `, ${percent(count(name), sums[k][name])} of the network\u2019s` : "");
    write(facts.parameters.dd, `${grouped(count("parameters"))}${share("parameters")}${apart}${shared}`);
    write(facts["multiply-adds"].dd, `${grouped(count("macs"))}${share("macs")}`);
    write(facts["receptive field"].dd, sees(step, network.shape));
    const last = facts["in the same box"];
    write(last.dd, others.map((one) => `${called(one)}${one.name ? ` ${one.name}` : ""}`).join(", "));
    last.dt.hidden = last.dd.hidden = !others.length;
    const alike = peers(variant(network).elements).get(n) ?? [];
    const widths = [...new Set(alike.map((m) => network.steps[m].shape_out[0]))];
    const all = alike.map((m) => total(network.steps.filter((_, i) => owner[i] === m).map((one) => one.parameters)));
    const sum = total(all) ? `, ${grouped(total(all))} parameters together` : "";
    write(
      facts.repeats.dd,
      `${alike.length} boxes like it in repeated blocks${sum}${
        widths.length > 1 ? `; channels ${alike.map((m) => network.steps[m].shape_out[0]).join(", ")}` : ""
      }`,
    );
    facts.repeats.dt.hidden = facts.repeats.dd.hidden = !alike.length;
    previous.disabled = keys[0] === standIn();
    next.disabled = keys.at(-1) === standIn();
    if (card.parentNode !== figure) {
      const before = figure.getBoundingClientRect().top;
      figure.append(card);
      keepPlace(figure, before);
    }
  }

  function drawLegend(numbers) {
    const present = Object.keys(letters).filter((kind) =>
      networks.some(({ steps }, k) => Object.keys(numbers[k]).some((n) => steps[n].kind === kind)),
    );
    if (legend.dataset.kinds === String(present)) return;
    legend.dataset.kinds = present;
    legend.replaceChildren(
      ...present.map((kind) => {
        const chip = el("span", { class: "cnn-chip", "aria-hidden": "true" }, letters[kind]);
        paint(chip, kind);
        return el("li", {}, chip, " ", kind);
      }),
    );
  }

  function draw() {
    state = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    height.set(state.height);
    everything.set(state.everything);
    fold.set(state.fold);
    const numbers = networks.map((network) => values(network, variant(network).owner, state.height));
    const most = Math.max(...numbers.flatMap(Object.values));
    const tall = numbers.map((of) =>
      Object.fromEntries(Object.entries(of).map(([n, value]) => [n, boxHeight(value, most)])),
    );
    const lowest = Math.round((SIZES.highest / SIZES.lowest) ** 3);
    const hollow = numbers.some((of) => Object.values(of).includes(0)) ? " A hollow box has none." : "";
    const tallest = `The tallest box: ${grouped(most)} ${measures[state.height]}; an eighth of that is half as tall`;
    write(scale, `${tallest}, and below a ${lowest}th all are equally low.${hollow} Choose a box to read it below.`);
    drawLegend(numbers);
    const room = strips[0].scroll.clientWidth - IMAGE - SIZES.gap - 4;
    const fits = (width) =>
      networks.every(
        (network, k) => place(variant(network).elements, tall[k], width, toggled[k], state.fold).width <= room,
      );
    let width = WIDEST;
    while (width >= NARROWEST && !fits(width)) width -= 1;
    if (width < NARROWEST) width = SCROLLING;
    strips.forEach((strip, k) => {
      const zeros = Object.fromEntries(Object.entries(numbers[k]).map(([n, value]) => [n, value === 0]));
      drawStrip(strip, k, tall[k], zeros, width);
    });
    drawCard();
  }

  const stop = follow(model, NAMES, draw);
  const unwatch = onWidth(root, draw);
  return () => {
    unwatch();
    stop();
  };
}

export default { render };
