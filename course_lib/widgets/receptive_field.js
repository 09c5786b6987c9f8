import { button, choice, el, follow, mark, mount, number, put, slider, write } from "./base.js";

const NAMES = ["size", "layers", "unit"];
const MOST_LAYERS = 8;
const FIELDS = { kernel: [1, 11], stride: [1, 4], dilation: [1, 16], padding: [0, 16] };
const ROW = 24; // height of a level, in pixels
const GAP = 46; // between two levels; their captions stand in it

const layer = (kernel, stride = 1, padding = 0, dilation = 1, name = "") => ({ name, kernel, stride, dilation, padding });
const conv = (kernel, padding = 0) => layer(kernel, 1, padding);
const pool = () => layer(2, 2, 0, 1, "pool");

/** Stacks worth seeing. */
export const PRESETS = {
  "three 3\u00d73": { size: 9, layers: [conv(3), conv(3), conv(3)] },
  "one 7\u00d77": { size: 9, layers: [conv(7)] },
  "LeNet-5": { size: 32, layers: [conv(5), pool(), conv(5), pool(), conv(5)] },
  "VGG blocks": { size: 16, layers: [conv(3, 1), conv(3, 1), pool(), conv(3, 1), conv(3, 1), pool()] },
  "stride 2, three times": { size: 16, layers: [layer(3, 2, 1), layer(3, 2, 1), layer(3, 2, 1)] },
  "dilated 1-2-4": { size: 17, layers: [layer(3, 1, 0, 1), layer(3, 1, 0, 2), layer(3, 1, 0, 4)] },
  "dilated 2-2-2: holes": { size: 15, layers: [layer(3, 1, 0, 2), layer(3, 1, 0, 2), layer(3, 1, 0, 2)] },
};

/** Every level, the input first: units, jump, receptive field, and the pixel where the first field begins. */
export function levels(size, layers) {
  const all = [{ units: size, jump: 1, field: 1, start: 0 }];
  for (const { kernel, stride, dilation, padding } of layers) {
    const { units, jump, field, start } = all.at(-1);
    const room = units + 2 * padding - dilation * (kernel - 1) - 1;
    if (room < 0) break;
    all.push({
      units: Math.floor(room / stride) + 1,
      jump: jump * stride,
      field: field + dilation * (kernel - 1) * jump,
      start: start - padding * jump,
    });
  }
  return all;
}

/** What one unit sees: for its level and every level below, paths to each unit there, and the places in the frame. */
export function window(size, layers, level, unit) {
  const all = levels(size, layers);
  const seen = Array.from({ length: level + 1 }, () => ({ paths: new Map(), frame: new Set() }));
  seen[level].paths.set(unit, 1);
  for (let l = level; l > 0; l -= 1) {
    const { kernel, stride, dilation, padding } = layers[l - 1];
    const { units } = all[l - 1];
    for (const [from, paths] of seen[l].paths) {
      for (let a = 0; a < kernel; a += 1) {
        const to = from * stride - padding + a * dilation;
        if (to < 0 || to >= units) seen[l - 1].frame.add(to);
        else seen[l - 1].paths.set(to, (seen[l - 1].paths.get(to) ?? 0) + paths);
      }
    }
  }
  const sorted = (keys) => [...keys].sort((one, other) => one - other);
  return seen.map(({ paths, frame }) => ({
    units: sorted(paths.keys()), paths: sorted(paths.keys()).map((key) => paths.get(key)), frame: sorted(frame),
  }));
}

function render({ model, el: element }) {
  const root = mount(element, "receptive-field", "Receptive field explorer");
  const read = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
  let state = read();
  let all = levels(state.size, state.layers);
  let preview = null; // the unit under the pointer
  let rows = []; // for each level, its row, caption, buttons
  let drawn = "";
  let focused = [0, 0]; // the unit in the tab order

  const OWN = "your own";
  const title = (level) => (level ? `layer ${level}` : "input");
  const kind = ({ name, kernel }) => `${name ? `${name} ` : ""}${kernel}\u00d7${kernel}`;
  const last = () => all.length - 1;
  const middle = (level, among = all) => Math.floor((among[level].units - 1) / 2);
  const top = (size, layers) => {
    const made = levels(size, layers);
    return [made.length - 1, middle(made.length - 1, made)];
  };
  const setStack = (size, layers) => put(model, { size, layers, unit: top(size, layers) });
  const chosen = () => {
    const [level, unit] = preview ?? state.unit;
    return [Math.min(level, last()), Math.min(unit, all[Math.min(level, last())].units - 1)];
  };

  const preset = choice("example", [OWN, ...Object.keys(PRESETS)], (name) => {
    if (PRESETS[name]) setStack(PRESETS[name].size, PRESETS[name].layers);
  });
  const size = slider("input side", { min: 1, max: 48, onchange: (value) => setStack(value, state.layers) });
  const add = button("+ Add a layer", () => setStack(state.size, [...state.layers, layer(3)]));

  const stage = el("div", { class: "cnn-stage", role: "group", "aria-label": "units of every level, the input at the bottom" });
  const beams = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  beams.setAttribute("preserveAspectRatio", "none");
  beams.setAttribute("aria-hidden", "true");
  beams.setAttribute("class", "cnn-beams");
  const says = el("p", { class: "cnn-says", role: "status" });
  const detail = el("p", { class: "cnn-muted" });
  const fault = el("p", { class: "cnn-fault", role: "alert" });
  const body = el("tbody");
  const table = el("table", { class: "cnn-layers" },
    el("thead", {}, el("tr", {}, ...["layer", "kernel", "stride", "dilation", "padding", "units", "jump", "field"]
      .map((text, n) => el("th", { scope: "col", class: n > 4 ? "cnn-derived" : null }, text)), el("td"))), body);

  root.append(
    el("div", { class: "cnn-row cnn-bar" }, preset.root, size.root),
    stage,
    says,
    detail,
    el("div", { class: "cnn-layers-scroll" }, table),
    fault,
    el("div", { class: "cnn-row" }, add),
  );

  /** Left edge and width of a unit, as shares of the stage: its centre is that of its field, its width its jump. */
  let left = 0;
  let wide = 1;
  const share = (pixels) => (100 * pixels) / wide;
  const centre = (level, unit) => all[level].start + unit * all[level].jump + all[level].field / 2;
  const breadth = (level) => all[level].jump;
  const edge = (level, unit) => centre(level, unit) - breadth(level) / 2 - left;
  const yOf = (level) => (last() - level) * (ROW + GAP) + GAP / 2;

  stage.addEventListener("pointerover", (event) => {
    const unit = event.target.closest("button[data-unit]");
    preview = unit ? [Number(unit.dataset.level), Number(unit.dataset.unit)] : null;
    paint();
  });
  stage.addEventListener("pointerleave", () => { preview = null; paint(); });
  stage.addEventListener("focusin", (event) => {
    const { level, unit } = event.target.dataset;
    reach(Number(level), Number(unit));
    preview = null;
    if (state.unit[0] !== Number(level) || state.unit[1] !== Number(unit)) put(model, { unit: [Number(level), Number(unit)] });
  });
  stage.addEventListener("keydown", (event) => {
    let [level, unit] = focused;
    if (event.key === "ArrowLeft") unit -= 1;
    else if (event.key === "ArrowRight") unit += 1;
    else if (event.key === "Home") unit = 0;
    else if (event.key === "End") unit = all[level].units - 1;
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const to = level + (event.key === "ArrowUp" ? 1 : -1);
      if (!all[to]) return;
      unit = Math.round((centre(level, unit) - centre(to, 0)) / all[to].jump);
      unit = Math.max(0, Math.min(all[to].units - 1, unit));
      level = to;
    } else return;
    event.preventDefault();
    rows[level]?.units[unit]?.focus();
  });

  function reach(level, unit) {
    rows[focused[0]]?.units[focused[1]]?.setAttribute("tabindex", "-1");
    focused = [level, unit];
    rows[level].units[unit].setAttribute("tabindex", "0");
  }

  /** Builds the stage anew for another stack. */
  function build() {
    const spans = all.flatMap((_, level) => [centre(level, 0) - breadth(level) / 2, centre(level, all[level].units - 1) + breadth(level) / 2]);
    const frames = state.layers.slice(0, last()).flatMap(({ padding }, level) => [
      centre(level, -padding) - breadth(level) / 2, centre(level, all[level].units - 1 + padding) + breadth(level) / 2]);
    left = Math.min(...spans, ...frames);
    wide = Math.max(...spans, ...frames) - left;
    const height = yOf(0) + ROW + 4;
    beams.setAttribute("viewBox", `0 0 100 ${height}`);
    beams.style.height = `${height}px`;
    stage.style.height = `${height}px`;
    const place = (level, unit) => `left:${share(edge(level, unit))}%;width:${share(breadth(level))}%`;
    rows = all.map(({ units }, level) => {
      const padding = level < last() ? state.layers[level].padding : 0;
      const ghosts = Array.from({ length: 2 * padding }, (_, n) => (n < padding ? n - padding : units + n - padding));
      const made = Array.from({ length: units }, (_, unit) => el("button", {
        type: "button", tabindex: "-1", "data-level": level, "data-unit": unit, style: place(level, unit),
        "aria-label": `${title(level)}, unit ${unit}`,
        onclick: () => put(model, { unit: [level, unit] }),
      }));
      const frame = new Map(ghosts.map((unit) => [unit, el("span", { class: "cnn-ghost", style: place(level, unit), "aria-hidden": "true" })]));
      const caption = el("p", { class: "cnn-level-caption", style: `top:${yOf(level) - 19}px` }, el("b"), " ", el("span"));
      const row = el("div", { class: `cnn-level ${level ? "cnn-map" : "cnn-pixels"}`, style: `top:${yOf(level)}px;--units:${units}`,
        "data-level": level, "data-crowd": units > 24 ? "much" : units > 12 ? "some" : null }, ...made, ...frame.values());
      return { row, caption, units: made, frame };
    });
    stage.replaceChildren(beams, ...[...rows].reverse().flatMap(({ row, caption }) => [caption, row]));
    rows.forEach(({ caption }, level) => {
      write(caption.firstChild, title(level));
      const { units, jump, field } = all[level];
      if (!level) return;
      const { stride, dilation } = state.layers[level - 1];
      const how = `${kind(state.layers[level - 1])}${stride > 1 ? `, stride ${stride}` : ""}${dilation > 1 ? `, dilation ${dilation}` : ""}`;
      write(caption.lastChild, `${units} unit${units === 1 ? "" : "s"} \u00b7 field ${field} \u00b7 jump ${jump} \u00b7 ${how}`);
    });
    const [level, unit] = chosen();
    reach(level, unit);
  }

  /** Light up the window of the unit in question, level by level. */
  function paint() {
    const [level, unit] = chosen();
    const seen = window(state.size, state.layers, level, unit);
    rows.forEach(({ units, frame }, l) => {
      const paths = new Map(seen[l]?.units.map((key, n) => [key, seen[l].paths[n]]) ?? []);
      const most = Math.max(...paths.values());
      const outside = new Set(seen[l]?.frame ?? []);
      units.forEach((one, u) => {
        const count = paths.get(u) ?? 0;
        mark(one, "cnn-seen", count > 0);
        mark(one, "cnn-chosen", l === level && u === unit);
        one.style.setProperty("--weight", count ? `${Math.round(25 + (75 * count) / most)}%` : "0%");
        write(one, l || !level ? String(u) : count ? String(count) : "");
      });
      for (const [place, ghost] of frame) mark(ghost, "cnn-seen", outside.has(place));
    });
    const corners = seen.slice(0, -1).map((below, l) => {
      const reached = [...below.units, ...below.frame];
      const above = seen[l + 1].units;
      if (!reached.length || !above.length) return "";
      const [a, b] = [share(edge(l + 1, above[0])), share(edge(l + 1, above.at(-1)) + breadth(l + 1))];
      const [c, d] = [share(edge(l, Math.min(...reached))), share(edge(l, Math.max(...reached)) + breadth(l))];
      return `M${a} ${yOf(l + 1) + ROW} L${b} ${yOf(l + 1) + ROW} L${d} ${yOf(l)} L${c} ${yOf(l)} Z`;
    });
    let beam = beams.firstChild;
    if (!beam) {
      beam = document.createElementNS("http://www.w3.org/2000/svg", "path");
      beams.append(beam);
    }
    beam.setAttribute("d", corners.join(" "));
    write(rows[0].caption.lastChild, `${state.size} pixels${level ? " \u00b7 numbers: paths to the red unit" : ""}`);
    tell(level, unit, seen);
  }

  /** The same in words. */
  function tell(level, unit, seen) {
    if (level === 0) {
      write(says, `Pixel ${unit} of the input. Choose a unit further up to see its window at every level below.`);
      write(detail, "");
      return;
    }
    const { field, jump, start } = all[level];
    const first = start + unit * jump;
    const pixels = seen[0].units;
    const outside = Math.max(0, -first) + Math.max(0, first + field - state.size);
    const holes = field - outside - pixels.length;
    const inFrame = outside ? `, ${outside} of them in the frame of zeros` : "";
    const skipped = holes > 0 ? ` It reads only ${pixels.length} of them: the others are holes.` : "";
    write(says, `Unit ${unit} of ${title(level)} (${kind(state.layers[level - 1])}) has a receptive field of ${field} pixels, ${number(first)} to ${number(first + field - 1)}${inFrame}.${skipped}`);
    const counts = seen[0].paths;
    const further = all[level].units > 1 ? `Its neighbours look ${jump} pixel${jump === 1 ? "" : "s"} further. ` : "";
    write(detail, `In two dimensions ${field}\u00d7${field} = ${field ** 2} pixels. ${further}`
      + `Paths to the pixels that it reads: ${counts.join(" ")}.`);
  }

  /** The table of layers: made anew where their number changed, else updated in place. */
  function drawLayers() {
    const edit = (index, name, input) => {
      const [least, most] = FIELDS[name];
      const value = Number(input.value);
      if (!Number.isInteger(value) || value < least || value > most) {
        write(fault, `${name} of layer ${index + 1} must be a whole number from ${least} to ${most}; it stays ${state.layers[index][name]}.`);
        input.value = state.layers[index][name];
        return;
      }
      const layers = state.layers.map((one, n) => (n === index ? { ...one, [name]: value } : one));
      setStack(state.size, layers);
    };
    while (body.children.length > state.layers.length) body.lastChild.remove();
    while (body.children.length < state.layers.length) {
      const index = body.children.length;
      const inputs = Object.entries(FIELDS).map(([name, [least, most]]) => {
        const input = el("input", { type: "number", class: "cnn-field", min: least, max: most, "aria-label": `${name} of layer ${index + 1}`,
          onchange: () => edit(index, name, input) });
        return el("td", {}, input);
      });
      const remove = button("\u2715", () => setStack(state.size, state.layers.filter((_, n) => n !== index)), { "aria-label": `remove layer ${index + 1}` });
      body.append(el("tr", {}, el("th", { scope: "row" }), ...inputs,
        ...Array.from({ length: 3 }, () => el("td", { class: "cnn-derived" })), el("td", {}, remove)));
    }
    state.layers.forEach((one, index) => {
      const cells = body.children[index].children;
      write(cells[0], `${index + 1} \u00b7 ${kind(one)}`);
      Object.keys(FIELDS).forEach((name, n) => {
        const input = cells[n + 1].firstChild;
        if (input.value !== String(one[name])) input.value = one[name];
      });
      const made = all[index + 1];
      [made?.units, made?.jump, made?.field].forEach((value, n) => write(cells[5 + n], value === undefined ? "\u2013" : String(value)));
      mark(body.children[index], "cnn-unfit", !made);
    });
    const unfit = last() < state.layers.length ? last() : -1;
    if (unfit >= 0) {
      const { kernel, dilation, padding } = state.layers[unfit];
      const covers = dilation * (kernel - 1) + 1;
      write(fault, `Layer ${unfit + 1} does not fit: its kernel covers ${covers} units, and the level below has only `
        + `${all[unfit].units + 2 * padding}${padding ? " with its frame" : ""}. Take a larger input, a smaller kernel or more padding.`);
    } else write(fault, "");
  }

  return follow(model, NAMES, () => {
    state = read();
    all = levels(state.size, state.layers);
    const stack = JSON.stringify([state.size, state.layers]);
    if (stack !== drawn) {
      drawn = stack;
      preview = null;
      build();
      drawLayers();
    }
    size.set(state.size);
    const same = ([, wanted]) => wanted.size === state.size && JSON.stringify(wanted.layers.map(Object.values)) === JSON.stringify(
      state.layers.map(({ name, kernel, stride, dilation, padding }) => [name, kernel, stride, dilation, padding]));
    preset.set(Object.entries(PRESETS).find(same)?.[0] ?? OWN);
    add.disabled = state.layers.length >= MOST_LAYERS;
    paint();
  });
}

export default { render };
