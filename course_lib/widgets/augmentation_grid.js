import { button, bytesOf, choice, el, follow, mark, mount, oneStop, put, slider, write } from "./base.js";

const COPIES = 12;
const ALPHAS = [0, 0.2, 0.4, 1];
const SETTINGS = ["flip", "padding", "border", "rotation", "jitter", "cutout", "mixup"];
const NAMES = ["picture", "seed", ...SETTINGS];
const NOTHING = { flip: "none", padding: 0, border: "reflect", rotation: 0, jitter: 0, cutout: 0, mixup: 0 };
const NO_DIGIT = "no digit";
const ON_ITS_SIDE = "on its side";
const SURVIVES_MIRROR = "018";
const SURVIVES_UPSIDE_DOWN = "0138";
const TURNED = { 0: "0", 1: "1", 2: "2", 5: "5", 6: "9", 8: "8", 9: "6" };
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** A function that gives the random numbers of one copy, each from 0 to below 1. Python twin: uniforms. */
export function uniforms(seed, copy) {
  let state = (Math.imul(seed, 0x9e3779b1) + Math.imul(copy, 0x85ebca77)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A number from Beta(alpha, alpha), by Johnk's rejection; 1 where alpha is 0. */
function beta(next, alpha) {
  if (alpha === 0) return 1;
  for (;;) {
    const a = next() ** (1 / alpha);
    const b = next() ** (1 / alpha);
    if (a + b > 0 && a + b <= 1) return a / (a + b);
  }
}

/** What chance decides for one copy of a picture. Python twin: draw. */
export function draw(seed, copy, [height, width], pictures, picture, settings) {
  const next = uniforms(seed, copy);
  const u = Array.from({ length: 10 }, next);
  const room = 2 * settings.padding + 1;
  const jitter = settings.jitter / 100;
  const other = Math.floor(u[9] * (pictures - 1));
  return {
    u,
    flipped: settings.flip !== "none" && u[0] < 0.5,
    row: Math.floor(u[1] * room),
    column: Math.floor(u[2] * room),
    angle: (2 * u[3] - 1) * settings.rotation,
    factors: u.slice(4, 7).map((number) => 1 + (2 * number - 1) * jitter),
    hole: [Math.floor(u[7] * height), Math.floor(u[8] * width)],
    partner: pictures > 1 ? other + Number(other >= picture) : picture,
    share: beta(next, settings.mixup),
  };
}

/** An index mirrored back into 0 to length - 1; the edge itself is not repeated. */
function beyond(index, length) {
  const period = 2 * (length - 1);
  const within = ((index % period) + period) % period;
  return within < length ? within : period - within;
}

/** A pixel's number of a channel at whole coordinates, which may lie outside the picture. */
function at(pixels, [height, width, channels], i, j, c, border) {
  const inside = i >= 0 && i < height && j >= 0 && j < width;
  if (!inside && border === "zeros") return 0;
  return pixels[(beyond(i, height) * width + beyond(j, width)) * channels + c];
}

function rotate(pixels, shape, angle, border) {
  const [height, width, channels] = shape;
  const middle = [(height - 1) / 2, (width - 1) / 2];
  const [cosine, sine] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const out = new Float64Array(pixels.length);
  let t = 0;
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const [down, right] = [row - middle[0], column - middle[1]];
      const [y, x] = [middle[0] + (right * sine + down * cosine), middle[1] + (right * cosine - down * sine)];
      const [i, j] = [Math.floor(y), Math.floor(x)];
      const [v, h] = [y - i, x - j];
      for (let c = 0; c < channels; c += 1, t += 1)
        out[t] =
          (1 - v) * (1 - h) * at(pixels, shape, i, j, c, border) +
          (1 - v) * h * at(pixels, shape, i, j + 1, c, border) +
          v * (1 - h) * at(pixels, shape, i + 1, j, c, border) +
          v * h * at(pixels, shape, i + 1, j + 1, c, border);
    }
  return out;
}

/** Brightness, contrast and saturation, each kept within 0 to 255; changes `pixels`. */
function recolour(pixels, channels, [brightness, contrast, saturation]) {
  const keep = (value) => clamp(value, 0, 255);
  const grey = (t) =>
    channels === 1 ? pixels[t] : 0.299 * pixels[t] + 0.587 * pixels[t + 1] + 0.114 * pixels[t + 2];
  pixels.forEach((value, t) => (pixels[t] = keep(brightness * value)));
  let mean = 0;
  for (let t = 0; t < pixels.length; t += channels) mean += grey(t);
  mean /= pixels.length / channels;
  pixels.forEach((value, t) => (pixels[t] = keep(mean + contrast * (value - mean))));
  for (let t = 0; t < pixels.length; t += channels) {
    const own = grey(t);
    for (let c = 0; c < channels; c += 1) pixels[t + c] = keep(own + saturation * (pixels[t + c] - own));
  }
}

/** One of the pictures after all changes, as bytes. Python twin: augment. */
export function augment(pictures, shape, picture, drawn, settings) {
  const [height, width, channels] = shape;
  const size = height * width * channels;
  const original = pictures.slice(picture * size, (picture + 1) * size);
  let out = Float64Array.from(original);
  const move = (source) => {
    const before = out;
    out = new Float64Array(size);
    for (let i = 0, t = 0; i < height; i += 1)
      for (let j = 0; j < width; j += 1)
        for (let c = 0; c < channels; c += 1, t += 1)
          out[t] = at(before, shape, ...source(i, j), c, settings.border);
  };
  if (drawn.flipped)
    move((i, j) => (settings.flip === "left-right" ? [i, width - 1 - j] : [height - 1 - i, j]));
  if (settings.padding)
    move((i, j) => [i + drawn.row - settings.padding, j + drawn.column - settings.padding]);
  if (settings.rotation) out = rotate(out, shape, drawn.angle, settings.border);
  if (settings.jitter) recolour(out, channels, drawn.factors);
  if (settings.cutout) {
    const [top, left] = drawn.hole.map((middle) => middle - (settings.cutout >> 1));
    for (let c = 0; c < channels; c += 1) {
      let mean = 0;
      for (let t = c; t < size; t += channels) mean += original[t];
      mean /= height * width;
      for (let i = Math.max(top, 0); i < Math.min(top + settings.cutout, height); i += 1)
        for (let j = Math.max(left, 0); j < Math.min(left + settings.cutout, width); j += 1)
          out[(i * width + j) * channels + c] = mean;
    }
  }
  const start = drawn.partner * size;
  return Uint8Array.from(out, (value, t) =>
    Math.floor(clamp(drawn.share * value + (1 - drawn.share) * pictures[start + t], 0, 255) + 0.5),
  );
}

/** What a digit reads as after a mirror and a turn: a rule of thumb. Python twin: reading. */
export function reading(label, mirrored, angle) {
  if (!/^[0-9]$/.test(label)) return label;
  const turn = Math.abs(((((angle + 180) % 360) + 360) % 360) - 180);
  if (turn > 45 && turn < 135) return label === "0" ? label : ON_ITS_SIDE;
  if (!mirrored) return turn <= 45 ? label : (TURNED[label] ?? NO_DIGIT);
  return (turn <= 45 ? SURVIVES_MIRROR : SURVIVES_UPSIDE_DOWN).includes(label) ? label : NO_DIGIT;
}

/** The settings as torchvision's transforms (v2) write them. */
export function torchvision(settings, [height, width]) {
  const steps = [];
  const size = height === width ? height : `(${height}, ${width})`;
  if (settings.flip !== "none")
    steps.push(settings.flip === "left-right" ? "RandomHorizontalFlip()" : "RandomVerticalFlip()");
  if (settings.padding) {
    const mode = settings.border === "reflect" ? ', padding_mode="reflect"' : "";
    steps.push(`RandomCrop(${size}, padding=${settings.padding}${mode})`);
  }
  if (settings.rotation) steps.push(`RandomRotation(${settings.rotation})`);
  if (settings.jitter) {
    const most = settings.jitter / 100;
    steps.push(`ColorJitter(brightness=${most}, contrast=${most}, saturation=${most})`);
  }
  return steps;
}

const PRESETS = {
  nothing: () => NOTHING,
  "usual for photographs": (side) => ({ ...NOTHING, flip: "left-right", padding: side >> 3 }),
  "usual for digits": (side) => ({ ...NOTHING, padding: side >> 4, border: "zeros", rotation: 10 }),
  "too much": () => ({ ...NOTHING, flip: "left-right", rotation: 180, border: "zeros" }),
};
const same = (a, b) => SETTINGS.every((name) => a[name] === b[name]);
const two = (value) => value.toFixed(2);
const signed = (value) => `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(0)}\u00b0`;

function render({ model, el: element }) {
  const root = mount(element, "augmentation-grid", "Augmentation");
  const {
    shape: [count, ...shape],
    pixels,
    labels,
    of,
  } = model.get("_images");
  const pictures = bytesOf(pixels);
  const [height, width, channels] = shape;
  const side = Math.min(height, width);
  let state = {};
  let copies = [];
  let shown = 0; // the copy whose draws are written out

  const canvasOf = (attributes = {}) => {
    const canvas = el("canvas", { "aria-hidden": "true", ...attributes });
    [canvas.height, canvas.width] = [height, width];
    mark(canvas, "cnn-coarse", side < 40);
    return canvas;
  };
  const paint = (canvas, bytes) => {
    const image = new ImageData(width, height);
    for (let t = 0; t < height * width; t += 1) {
      const from = t * channels;
      for (let c = 0; c < 3; c += 1) image.data[4 * t + c] = bytes[from + (channels === 3 ? c : 0)];
      image.data[4 * t + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  };
  const size = height * width * channels;
  const plain = (n) => pictures.subarray(n * size, (n + 1) * size);

  // Which picture.
  const choices = labels.map((label, n) => {
    const canvas = canvasOf();
    paint(canvas, plain(n));
    return el(
      "button",
      {
        type: "button",
        class: "cnn-pick",
        onclick: () => put(model, { picture: n }),
        "aria-pressed": "false",
        "aria-label": `picture ${n}: ${label}`,
        title: label,
      },
      canvas,
      el("small", {}, label),
    );
  });
  const more =
    of > count
      ? el("span", { class: "cnn-muted" }, `${count} of ${of.toLocaleString("en-US")} pictures`)
      : null;

  const picks = el("div", { class: "cnn-picks", role: "group", "aria-label": "picture" }, ...choices, more);
  oneStop(picks);

  // What is done to it.
  const presets = Object.entries(PRESETS).map(([name, make]) => ({
    settings: make(side),
    root: button(name, () => put(model, make(side)), { "aria-pressed": "false" }),
  }));
  const set = (name) => (value) => put(model, { [name]: value });
  const amount = (label, name, max, text, step = 1) =>
    slider(label, { min: 0, max, step, text, onchange: set(name) });
  const pixelsOf = (value) => `${value} px`;
  const controls = {
    flip: choice("flip", ["none", "left-right", "up-down"], set("flip")),
    padding: amount("pad and crop", "padding", Math.min(16, side >> 1), pixelsOf),
    border: choice("filled with", [["reflect", "reflection"], "zeros"], set("border")),
    rotation: amount("turn", "rotation", 180, (value) => `\u00b1${value}\u00b0`, 5),
    jitter: amount("colours", "jitter", 80, (value) => `\u00b1${value} %`, 5),
    cutout: amount("hole", "cutout", Math.min(64, side >> 1), pixelsOf),
    mixup: choice(
      "mixup \u03b1",
      ALPHAS.map((alpha) => [String(alpha), alpha ? String(alpha) : "off"]),
      (value) => put(model, { mixup: Number(value) }),
    ),
  };
  controls.mixup.input.disabled = count < 2;

  const heading = el("p", { class: "cnn-caption" });
  const another = button("another draw", () => put(model, { seed: (state.seed + 1) % 2 ** 31 }));
  const seed = el("span", { class: "cnn-muted" });
  const verdict = el("p", { class: "cnn-status", role: "status" });
  const versions = el("p", { class: "cnn-muted" });
  const code = el("p", { class: "cnn-muted cnn-code" });

  // The copies: one tab stop, arrow keys move.
  const tiles = Array.from({ length: COPIES }, (_, n) => {
    const canvas = canvasOf();
    const label = el("b");
    const words = el("small");
    const tell = () => {
      shown = n;
      point();
    };
    const tile = el(
      "button",
      {
        type: "button",
        class: "cnn-copy",
        onclick: tell,
        onpointerenter: tell,
        onfocus: tell,
      },
      canvas,
      label,
      words,
    );
    return { root: tile, canvas, label, words };
  });
  const grid = el(
    "div",
    { class: "cnn-copies", role: "group", "aria-label": "the picture in twelve epochs" },
    ...tiles.map((tile) => tile.root),
  );
  oneStop(grid);

  const drawnTitle = el("p", { class: "cnn-caption" });
  const list = el("ul", { class: "cnn-drawn" });
  const table = el("table", { class: "cnn-table" });
  const all = el(
    "details",
    {},
    el("summary", {}, "the numbers drawn for all twelve"),
    el("div", { class: "cnn-wide", tabindex: 0, role: "region", "aria-label": "numbers drawn" }, table),
  );
  // Jupyter must not take the key that opens it.
  all.firstChild.setAttribute("data-lm-suppress-shortcuts", "true");

  root.append(
    picks,
    el(
      "div",
      { class: "cnn-row cnn-presets", role: "group", "aria-label": "settings" },
      ...presets.map((one) => one.root),
    ),
    el("div", { class: "cnn-row cnn-bar" }, ...SETTINGS.map((name) => controls[name].root)),
    el("div", { class: "cnn-row cnn-between" }, heading, el("span", { class: "cnn-row" }, another, seed)),
    grid,
    verdict,
    el("div", { class: "cnn-bar" }, drawnTitle, list, all),
    versions,
    code,
  );

  const labelOf = ({ share, partner }) => {
    const own = labels[state.picture];
    if (share === 1 || labels[partner] === own) return own;
    return `${two(share)} ${own} + ${two(1 - share)} ${labels[partner]}`;
  };
  /** What is wrong with a copy whose label no longer holds, else "". */
  const risk = ({ reads }) => {
    if (reads === labels[state.picture]) return "";
    return reads === NO_DIGIT ? "no digit" : reads === ON_ITS_SIDE ? "lies on its side" : `reads as ${reads}`;
  };
  /** How the picture was moved, in a few characters each. */
  const brief = ({ flipped, row, column, angle }) => {
    const { flip, padding, rotation } = state;
    const shift = (by, back, on) => (by ? `${by < 0 ? back : on}${Math.abs(by)}` : "");
    return [
      flipped && (flip === "left-right" ? "mirrored" : "upside down"),
      padding &&
        `${shift(padding - row, "\u2191", "\u2193")} ${shift(padding - column, "\u2190", "\u2192")}`.trim(),
      rotation && signed(angle),
    ].filter(Boolean);
  };

  /** The draws of one copy as sentences of arithmetic. */
  function sentences({ u, flipped, row, column, angle, factors, hole, share, partner }) {
    const said = [];
    const { flip, padding, rotation, jitter, cutout, mixup } = state;
    const three = (value) => value.toFixed(3);
    if (flip !== "none")
      said.push(
        `flip: ${three(u[0])} is ${flipped ? "below" : "not below"} 0.5, so ${flipped ? `flipped ${flip}` : "left as it is"}`,
      );
    if (padding) {
      const room = 2 * padding + 1;
      said.push(
        `window of ${height}\u00d7${width} in ${height + 2 * padding}\u00d7${width + 2 * padding}: ` +
          `row \u230a${three(u[1])} \u00b7 ${room}\u230b = ${row}, column \u230a${three(u[2])} \u00b7 ${room}\u230b = ${column} ` +
          `(${padding}, ${padding} would not move it)`,
      );
    }
    if (rotation)
      said.push(
        `angle: (2 \u00b7 ${three(u[3])} \u2212 1) \u00b7 ${rotation}\u00b0 = ${angle.toFixed(1)}\u00b0`.replace(
          "= -",
          "= \u2212",
        ),
      );
    if (jitter) {
      const names = channels === 3 ? ["brightness", "contrast", "saturation"] : ["brightness", "contrast"];
      said.push(names.map((name, n) => `${name} \u00d7 ${two(factors[n])}`).join(", "));
    }
    if (cutout)
      said.push(
        `hole of ${cutout}\u00d7${cutout} around row ${hole[0]}, column ${hole[1]}, filled with the picture\u2019s mean`,
      );
    if (mixup)
      said.push(
        `mixup: \u03bb = ${three(share)} from Beta(${mixup}, ${mixup}): \u03bb of this picture and of its label, ` +
          `1 \u2212 \u03bb = ${three(1 - share)} of picture \u201c${labels[partner]}\u201d and of its label`,
      );
    return said.length ? said : ["nothing is random: every epoch sees the same picture"];
  }

  /** Everything that follows the pointer or the focus. */
  function point() {
    const copy = copies[shown];
    tiles.forEach(({ root: tile }, n) => {
      mark(tile, "cnn-now", n === shown);
    });
    write(drawnTitle, `epoch ${shown + 1}: what was drawn`);
    list.replaceChildren(...sentences(copy).map((sentence) => el("li", {}, sentence)));
  }

  function drawTable() {
    const { flip, padding, rotation, jitter, cutout, mixup } = state;
    const columns = [
      flip !== "none" && ["flip", ({ flipped, u }) => `${flipped ? "yes" : "no"} (${two(u[0])})`],
      padding && ["row, column", ({ row, column }) => `${row}, ${column}`],
      rotation && ["angle", ({ angle }) => signed(angle)],
      jitter && [
        "colours",
        ({ factors }) =>
          factors
            .slice(0, channels === 3 ? 3 : 2)
            .map(two)
            .join(", "),
      ],
      cutout && ["hole", ({ hole }) => hole.join(", ")],
      mixup && ["\u03bb, with", ({ share, partner }) => `${two(share)}, ${labels[partner]}`],
    ].filter(Boolean);
    all.hidden = columns.length === 0;
    table.replaceChildren(
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ...["epoch", ...columns.map(([name]) => name)].map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el(
        "tbody",
        {},
        ...copies.map((copy, n) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, String(n + 1)),
            ...columns.map(([, tell]) => el("td", {}, tell(copy))),
          ),
        ),
      ),
    );
  }

  /** How many versions of one picture there are. */
  function tellVersions() {
    const { flip, padding, rotation, jitter, cutout, mixup } = state;
    const room = 2 * padding + 1;
    const flips = flip === "none" ? 1 : 2;
    const holes = cutout ? height * width : 1;
    const parts = [
      flips > 1 && "2 flips",
      padding && `${room} \u00d7 ${room} windows`,
      cutout && `${height} \u00d7 ${width} places of the hole`,
    ].filter(Boolean);
    const total = flips * room * room * holes;
    if (!parts.length && !rotation && !jitter && !mixup)
      return "Nothing is changed: there is one version of the picture.";
    const endless = [rotation && "angles", jitter && "colours", mixup && "mixtures"].filter(Boolean);
    const counted = `${parts.join(" \u00d7 ")}: ${total.toLocaleString("en-US")} versions of one picture`;
    const words = [parts.length && counted, endless.length && `endlessly many ${endless.join(" and ")}`];
    const told = words.filter(Boolean).join(", in ");
    return `${told[0].toUpperCase()}${told.slice(1)}. None is stored: each is made when it is needed.`;
  }

  /** Whether the label still holds. */
  function judge(own, spoilt, aside) {
    if (spoilt)
      return (
        `In ${spoilt} of ${COPIES} epochs the picture no longer shows a ${own}` +
        (aside ? `, and in ${aside} it lies on its side` : "") +
        ", but its label says so every time: the network is taught a mistake."
      );
    if (aside)
      return `In ${aside} of ${COPIES} epochs the ${own} lies on its side, as it never will when it counts.`;
    if (state.mixup) return "The label is mixed as the picture is: nothing is only one of the two.";
    return "Is each of them still what its label says? If not, the change is too strong for this picture.";
  }

  return follow(model, NAMES, () => {
    state = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    const own = labels[state.picture];
    copies = Array.from({ length: COPIES }, (_, n) => {
      const drawn = draw(state.seed, n, shape, count, state.picture, state);
      const turn = drawn.flipped && state.flip === "up-down" ? 180 : 0;
      return { ...drawn, reads: reading(own, drawn.flipped, drawn.angle + turn) };
    });
    copies.forEach((copy, n) => {
      const { root: tile, canvas, label, words } = tiles[n];
      paint(canvas, augment(pictures, shape, state.picture, copy, state));
      const danger = risk(copy);
      write(label, danger ? `${own}: ${danger}` : labelOf(copy));
      mark(tile, "cnn-risk", danger !== "");
      const moved = brief(copy);
      words.replaceChildren(...moved.flatMap((part) => [el("span", {}, part), " "]));
      const name = [
        `epoch ${n + 1}: label ${labelOf(copy)}`,
        danger && `but it ${danger.replace("no", "shows no")}`,
        ...moved,
      ];
      tile.setAttribute("aria-label", name.filter(Boolean).join(", "));
    });
    choices.forEach((one, n) => one.setAttribute("aria-pressed", String(n === state.picture)));
    presets.forEach(({ root: one, settings }) =>
      one.setAttribute("aria-pressed", String(same(settings, state))),
    );
    for (const name of SETTINGS) controls[name].set(name === "mixup" ? String(state.mixup) : state[name]);
    controls.border.input.disabled = !state.padding && !state.rotation;
    write(heading, `\u201c${own}\u201d as the network meets it in twelve epochs`);
    write(seed, `seed ${state.seed}`);
    const spoilt = copies.filter((copy) => risk(copy) && copy.reads !== ON_ITS_SIDE).length;
    const aside = copies.filter((copy) => copy.reads === ON_ITS_SIDE).length;
    mark(verdict, "cnn-fault", spoilt + aside > 0);
    write(verdict, judge(own, spoilt, aside));
    drawTable();
    write(versions, tellVersions());
    const steps = torchvision(state, shape);
    code.hidden = steps.length === 0;
    code.replaceChildren(
      "In torchvision, v2: ",
      ...steps.flatMap((step, n) => [n ? ", " : "", el("code", {}, step)]),
    );
    point();
  });
}

export default { render };
