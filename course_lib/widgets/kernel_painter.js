import {
  asApplied,
  button,
  bytesOf,
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
  upload,
  write,
  writeSum,
} from "./base.js";

/** Brightness of interleaved RGB bytes, as PIL computes it. Python twin: as_grey. */
export function toGrey(pixels) {
  const grey = new Uint8Array(pixels.length / 3);
  for (let n = 0, t = 0; n < grey.length; n += 1, t += 3) {
    grey[n] = (19595 * pixels[t] + 38470 * pixels[t + 1] + 7471 * pixels[t + 2] + 32768) >> 16;
  }
  return grey;
}

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** The picture with its edge pixels repeated `top` and `left` pixels outwards on each side. */
function repeatEdge(pixels, [height, width, channels], top, left) {
  const padded = new Float64Array((height + 2 * top) * (width + 2 * left) * channels);
  for (let i = -top, t = 0; i < height + top; i += 1) {
    const row = clamp(i, 0, height - 1) * width;
    for (let j = -left; j < width + left; j += 1) {
      const from = (row + clamp(j, 0, width - 1)) * channels;
      for (let c = 0; c < channels; c += 1, t += 1) padded[t] = pixels[from + c];
    }
  }
  return padded;
}

/**
 * Every pixel's sum of products, as floats in the order of `pixels`. Python twin: respond.
 * Both add the products kernel row by kernel row, so that both round alike; a weight of 0 adds nothing.
 */
export function respond(pixels, shape, kernel, operation) {
  const [height, width, channels] = shape;
  const applied = asApplied(kernel, operation);
  const padded = repeatEdge(pixels, shape, applied.length >> 1, applied[0].length >> 1);
  const wide = (width + applied[0].length - 1) * channels;
  const taps = applied.flatMap((row, a) =>
    row.map((weight, b) => ({ weight, offset: a * wide + b * channels })),
  );
  const used = taps.filter(({ weight }) => weight !== 0);
  const weights = Float64Array.from(used, ({ weight }) => weight);
  const offsets = Int32Array.from(used, ({ offset }) => offset);
  const length = width * channels;
  const response = new Float64Array(height * length);
  for (let i = 0; i < height; i += 1) {
    sumRow(response.subarray(i * length, (i + 1) * length), padded, i * wide, weights, offsets);
  }
  return response;
}

/** One row of sums, four at a time: twice as fast as one by one, and each sum keeps its order. */
function sumRow(row, padded, start, weights, offsets) {
  let t = 0;
  for (; t + 3 < row.length; t += 4) {
    let [y0, y1, y2, y3] = [0, 0, 0, 0];
    for (let n = 0; n < weights.length; n += 1) {
      const weight = weights[n];
      const from = start + t + offsets[n];
      y0 += weight * padded[from];
      y1 += weight * padded[from + 1];
      y2 += weight * padded[from + 2];
      y3 += weight * padded[from + 3];
    }
    row[t] = y0;
    row[t + 1] = y1;
    row[t + 2] = y2;
    row[t + 3] = y3;
  }
  for (; t < row.length; t += 1) {
    for (let n = 0; n < weights.length; n += 1) row[t] += weights[n] * padded[start + t + offsets[n]];
  }
}

const TONES = { clip: (value) => value, absolute: Math.abs, "mid-grey": (value) => value + 128 };

/** A response as bytes to show, its range, and the share cut off at 0 or 255. Python twin: display. */
export function display(response, show) {
  const tone = TONES[show];
  const shown = new Uint8Array(response.length);
  let [low, high, cut] = [Infinity, -Infinity, 0];
  for (let t = 0; t < response.length; t += 1) {
    const value = response[t];
    if (value < low) low = value;
    if (value > high) high = value;
    const rounded = Math.floor(tone(value) + 0.5);
    shown[t] = clamp(rounded, 0, 255);
    if (shown[t] !== rounded) cut += 1;
  }
  return { shown, low, high, cut: cut / response.length };
}

/** How a kernel's weights are written: over one denominator up to 64 where decimals would be long. */
export function weightTexts(kernel) {
  const weights = kernel.flat();
  const close = (value) => Math.abs(value - Math.round(value)) < 1e-9 * Math.max(1, Math.abs(value));
  let over = 0;
  if (!weights.every((weight) => close(weight * 100))) {
    for (let d = 3; d <= 64 && !over; d += 1) if (weights.every((weight) => close(weight * d))) over = d;
  }
  const fraction = (weight) => (weight === 0 ? "0" : `${number(weight * over, 0)}/${over}`);
  return kernel.map((row) => row.map((weight) => (over ? fraction(weight) : number(weight))));
}

const WORDS = {
  clip: "Below 0 is shown black, above 255 white.",
  absolute: "Minus signs are dropped: edges from dark to bright and from bright to dark look alike.",
  "mid-grey": "0 is shown as mid-grey: darker is negative, brighter is positive.",
};
const NAMES = ["kernel", "operation", "show", "grey", "_photo"];
const SIZES = [3, 5, 7];
const LARGEST_SIDE = 360;
const LARGEST_WEIGHT = 1e6;
const TERMS_WRITTEN = 9;
const CHANNELS = ["red", "green", "blue"];

/** Grey or RGB bytes as a canvas wants them. */
function imageOf(bytes, [height, width, channels]) {
  const image = new ImageData(width, height);
  for (let n = 0; n < width * height; n += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * n + c] = bytes[n * channels + (channels === 3 ? c : 0)];
    image.data[4 * n + 3] = 255;
  }
  return image;
}

function render({ model, el: element }) {
  const root = mount(element, "kernel-painter", "Kernel painter");
  const presets = Object.entries(model.get("_presets"));
  const photographs = Object.entries(model.get("_photographs"));
  let state = {};
  let photo = null; // { pixels, shape } of what is filtered
  let before = null; // both as ImageData
  let after = null;
  let response = null;
  let shown = null;
  let split = 50; // percent of the picture's width that is left as it was
  let pinned = null; // [row, column] of the pixel whose arithmetic is shown
  let pointed = null; // the one under the pointer, which goes before
  let channel = 0;

  // The photograph: which, colour or grey.
  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const complain = (text) => {
    write(fault, text);
    fault.hidden = !text;
  };
  const waiting = el("p", { class: "cnn-muted", role: "status", hidden: true });
  const own = el("option", { value: "", hidden: true });
  const photoChoice = choice("photograph", photographs, (name) => {
    complain("");
    write(
      waiting,
      `Asking Python for ${name}\u2026 (this needs a running kernel; your own picture does not)`,
    );
    waiting.hidden = false;
    model.send({ photo: name });
  });
  photoChoice.input.append(own);
  const file = upload(
    LARGEST_SIDE,
    ({ name, shape, pixels }) => put(model, { _photo: { name, shape, pixels: new DataView(pixels.buffer) } }),
    complain,
  );
  const grey = tick("grey", (value) => put(model, { grey: value }));

  // The kernel.
  const takeKernel = (kernel, more = {}) => {
    complain("");
    put(model, { kernel, ...more });
  };
  const sizeNow = () => (SIZES.includes(state.kernel.length) ? state.kernel.length : 3);
  const presetButtons = presets.map(([name, { show, kernels }]) =>
    button(name, () => takeKernel(kernels[sizeNow()], { show }), { "aria-pressed": "false" }),
  );
  const current = () => presets.find(([, { kernels }]) => same(kernels[state.kernel.length], state.kernel));
  const sizeChoice = choice(
    "size",
    SIZES.map((size) => [String(size), `${size}\u00d7${size}`]),
    (text) => {
      const size = Number(text);
      takeKernel(current()?.[1].kernels[size] ?? resized(state.kernel, size));
    },
  );
  const oddSize = el("option", { value: "", hidden: true });
  sizeChoice.input.append(oddSize);
  const kernelGrid = grid({
    label: "kernel w",
    className: "cnn-kernel",
    make: (i, j) =>
      numberCell(i, j, "kernel w", {
        live: true,
        onfault: complain,
        oncommit(row, column, weight) {
          if (Math.abs(weight) > LARGEST_WEIGHT)
            return complain(`Weights go up to ${number(LARGEST_WEIGHT)} here; you typed ${number(weight)}.`);
          return put(model, {
            kernel: state.kernel.map((r, a) => r.map((w, b) => (a === row && b === column ? weight : w))),
          });
        },
      }),
  });
  const sumText = el("p", { role: "status" });
  const divide = button("divide by the sum", () => {
    const sum = total(state.kernel);
    takeKernel(state.kernel.map((row) => row.map((weight) => weight / sum)));
  });
  const operation = choice("operation", ["cross-correlation", "convolution"], (value) =>
    put(model, { operation: value }),
  );
  const rotated = el("p", { class: "cnn-muted" });

  // The picture.
  const canvas = el("canvas", {
    tabindex: 0,
    role: "application",
    "aria-roledescription": "photograph",
    "aria-label":
      "photograph, filtered to the right of the divider; arrow keys move the pixel that is computed below, " +
      "with Shift by ten, Home and End to the border",
  });
  const context = canvas.getContext("2d");
  const frame = el("div", { class: "cnn-window", "aria-hidden": "true" });
  const divider = el("div", { class: "cnn-divider", "aria-hidden": "true" }, el("span", {}, "\u2039\u203a"));
  const badges = ["before", "after"].map((text) =>
    el("span", { class: `cnn-badge cnn-${text}`, "aria-hidden": "true" }, text),
  );
  const stage = el("div", { class: "cnn-stage" }, canvas, frame, divider, ...badges);
  const splitter = slider("before | after", {
    min: 0,
    max: 100,
    onchange: (value) => {
      split = value;
      compose();
    },
  });
  const range = el("p", { class: "cnn-muted" });
  const show = choice("show as", Object.keys(WORDS), (value) => put(model, { show: value }));
  const words = el("p", { class: "cnn-muted" });

  // One pixel's arithmetic.
  const spoken = el("p", { class: "cnn-hidden", role: "status" });
  const channelChoice = choice("channel", CHANNELS, (name) => {
    channel = CHANNELS.indexOf(name);
    inspect();
  });
  const place = el("p", { class: "cnn-caption" });
  const near = el("tbody");
  const nearTable = el(
    "table",
    { class: "cnn-near", "aria-label": "pixels under the kernel, each with its weight" },
    near,
  );
  const sum = el("p", { class: "cnn-sum" });
  const verdict = el("p", { class: "cnn-muted" });

  root.append(
    el("div", { class: "cnn-row cnn-bar" }, photoChoice.root, file, grey.root),
    el(
      "div",
      { class: "cnn-row cnn-presets", role: "group", "aria-label": "preset kernels" },
      ...presetButtons,
    ),
    fault,
    waiting,
    el(
      "div",
      { class: "cnn-panels" },
      el("div", { class: "cnn-panel cnn-picture" }, stage, splitter.root, range),
      el(
        "div",
        { class: "cnn-panel cnn-side" },
        el(
          "div",
          { class: "cnn-row cnn-between" },
          el("p", { class: "cnn-caption" }, "kernel w"),
          sizeChoice.root,
        ),
        kernelGrid.root,
        sumText,
        divide,
        operation.root,
        rotated,
        show.root,
        words,
      ),
    ),
    el(
      "div",
      { class: "cnn-panels cnn-bar cnn-inspect" },
      el("div", { class: "cnn-panel" }, nearTable),
      el(
        "div",
        { class: "cnn-panel cnn-words" },
        el("div", { class: "cnn-row cnn-between" }, place, channelChoice.root),
        sum,
        verdict,
      ),
    ),
    spoken,
  );

  /** The picture: left of the divider as it was, right of it filtered. */
  function compose() {
    const [, width] = photo.shape;
    const edge = Math.round((split / 100) * width);
    context.putImageData(before, 0, 0);
    context.putImageData(after, 0, 0, edge, 0, width - edge, photo.shape[0]);
    divider.style.left = `${(100 * edge) / width}%`;
    splitter.set(split);
    mark(badges[0], "cnn-away", split < 18);
    mark(badges[1], "cnn-away", split > 82);
  }

  /** The pixel under the pointer, or the pinned one: what lies under the kernel, and the sum of products. */
  function inspect() {
    const [height, width, channels] = photo.shape;
    const [i, j] = pointed ?? pinned;
    const applied = asApplied(state.kernel, state.operation);
    const texts = weightTexts(applied);
    const [top, left] = [applied.length >> 1, applied[0].length >> 1];
    const depth = channels === 3 ? channel : 0;
    const at = (a, b) =>
      (clamp(i + a - top, 0, height - 1) * width + clamp(j + b - left, 0, width - 1)) * channels;
    const terms = applied.flatMap((row, a) =>
      row.map((weight, b) => ({
        weight,
        text: texts[a][b],
        value: photo.pixels[at(a, b) + depth],
        from: at(a, b),
      })),
    );

    resizeTable(near, applied.length, applied[0].length);
    [...near.querySelectorAll("td")].forEach((cell, n) => {
      const { value, text, from, weight } = terms[n];
      const rgb = [0, 1, 2].map((c) => photo.pixels[from + (channels === 3 ? c : 0)]);
      cell.style.background = `rgb(${rgb.join(" ")})`;
      // Black on a bright pixel, white on a dark one: at least 4.5 to 1 on any colour.
      cell.style.color = luminance(rgb) > 0.18 ? "#000" : "#fff";
      write(cell.firstChild, String(value));
      write(cell.lastChild, `\u00d7${text.length > 5 ? number(weight, 2) : text}`);
      mark(cell, "cnn-idle", weight === 0);
    });
    frame.style.cssText =
      `left:${(100 * (j - left)) / width}%;top:${(100 * (i - top)) / height}%;` +
      `width:${(100 * applied[0].length) / width}%;height:${(100 * applied.length) / height}%`;

    const t = (i * width + j) * channels + depth;
    const used = terms.filter(({ weight }) => weight !== 0);
    writeSum(sum, `y[${i}, ${j}] =`, used, response[t], TERMS_WRITTEN);
    write(place, `pixel [${i}, ${j}]`);
    channelChoice.root.hidden = channels === 1;
    const border = i < top || j < left || i >= height - top || j >= width - left;
    write(
      verdict,
      `Shown as ${shown[t]} on a screen that goes from 0 to 255.` +
        (border ? " At the border, the edge pixels are repeated." : ""),
    );
    const middle = terms[terms.length >> 1].value;
    return `row ${i}, column ${j}: ${middle} becomes ${number(response[t])}, shown as ${shown[t]}`;
  }

  /** Everything that follows the state. */
  const unfollow = follow(model, NAMES, () => {
    const fresh = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    if (fresh._photo !== state._photo || fresh.grey !== state.grey) takePhoto(fresh);
    state = fresh;

    response = respond(photo.pixels, photo.shape, state.kernel, state.operation);
    const result = display(response, state.show);
    shown = result.shown;
    after = imageOf(shown, photo.shape);
    compose();

    const [rows, columns] = [state.kernel.length, state.kernel[0].length];
    const texts = weightTexts(state.kernel);
    kernelGrid.resize(rows, columns);
    root.style.setProperty("--kernel-columns", columns);
    root.style.setProperty("--longest", Math.max(...texts.flat().map((text) => text.length)));
    kernelGrid.draw((cell, i, j) => cell.show(state.kernel[i][j], texts[i][j]));
    const regular = rows === columns && SIZES.includes(rows);
    write(oddSize, `${rows}\u00d7${columns}`);
    sizeChoice.set(regular ? String(rows) : "");
    const name = current()?.[0];
    presetButtons.forEach((one, n) => one.setAttribute("aria-pressed", String(presets[n][0] === name)));
    show.set(state.show);
    write(words, WORDS[state.show]);
    operation.set(state.operation);
    grey.set(state.grey);
    const weight = total(state.kernel);
    const one = Math.abs(weight - 1) < 1e-9;
    const none = Math.abs(weight) < 1e-9;
    write(
      sumText,
      `The weights sum to ${number(weight)}: a flat patch of value v becomes ` +
        `${none ? "0" : one ? "v\u00a0again" : `${number(weight)}\u00a0\u00d7\u00a0v`}.`,
    );
    divide.disabled = none || one;
    write(
      rotated,
      state.operation === "convolution" ? "The kernel is laid on rotated by 180\u00b0, as below." : "",
    );
    rotated.hidden = state.operation !== "convolution";
    const percent = result.cut < 0.01 ? "less than 1" : number(100 * result.cut, 0);
    const loss = result.cut ? `${percent}% are cut off at black or white` : "as shown, none is cut off";
    write(
      range,
      `The sums run from ${number(result.low, 1)} to ${number(result.high, 1)}; ` +
        `${loss}. ` +
        "Beyond the border the edge pixels are repeated, so the picture keeps its size.",
    );
    inspect();
  });

  function takePhoto({ _photo, grey: wanted }) {
    const [height, width, channels] = _photo.shape;
    const pixels = bytesOf(_photo.pixels);
    const fades = wanted && channels === 3;
    photo = { pixels: fades ? toGrey(pixels) : pixels, shape: [height, width, fades ? 1 : channels] };
    before = imageOf(photo.pixels, photo.shape);
    if (canvas.width !== width || canvas.height !== height || !pinned) {
      [canvas.width, canvas.height] = [width, height];
      stage.style.setProperty("--width", width);
      stage.style.setProperty("--height", height);
      pinned = [height >> 1, Math.floor(width * 0.7)];
      pointed = null;
    }
    for (const badge of badges) badge.hidden = Math.min(height / width, width / height) < 0.2;
    const known = photographs.some(([name]) => name === _photo.name);
    write(own, _photo.name);
    photoChoice.set(known ? _photo.name : "");
    grey.input.disabled = channels === 1;
    waiting.hidden = true;
  }

  // Pointer: hovering inspects, a click pins the pixel, dragging moves the divider.
  const pixelAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const [height, width] = photo.shape;
    return [
      clamp(Math.floor(((event.clientY - box.top) / box.height) * height), 0, height - 1),
      clamp(Math.floor(((event.clientX - box.left) / box.width) * width), 0, width - 1),
    ];
  };
  const splitAt = (event) => {
    const box = canvas.getBoundingClientRect();
    split = Math.round(clamp(((event.clientX - box.left) / box.width) * 100, 0, 100));
    compose();
  };
  let pressed = null;
  let dragging = false;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pressed = event.clientX;
    dragging = divider.contains(event.target);
    stage.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (pressed !== null && Math.abs(event.clientX - pressed) > 4) dragging = true;
    mark(stage, "cnn-dragging", dragging);
    if (dragging) splitAt(event);
    else {
      pointed = pixelAt(event);
      inspect();
    }
  });
  const release = (event) => {
    if (pressed !== null && !dragging && event.type === "pointerup") pinned = pixelAt(event);
    pressed = null;
    dragging = false;
    mark(stage, "cnn-dragging", false);
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("pointerleave", () => {
    pointed = null;
    inspect();
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [height, width] = photo.shape;
    const far = event.shiftKey ? 10 : 1;
    const [i, j] = pinned;
    const moves = {
      ArrowUp: [i - far, j],
      ArrowDown: [i + far, j],
      ArrowLeft: [i, j - far],
      ArrowRight: [i, j + far],
      Home: [i, 0],
      End: [i, width - 1],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [row, column] = moves[event.key];
    pinned = [clamp(row, 0, height - 1), clamp(column, 0, width - 1)];
    pointed = null;
    write(spoken, inspect());
  });

  return unfollow;
}

const total = (kernel) => kernel.flat().reduce((sum, weight) => sum + weight, 0);
const same = (a, b) =>
  a !== undefined &&
  a.length === b.length &&
  a[0].length === b[0].length &&
  a.every((row, i) => row.every((weight, j) => weight === b[i][j]));

/** The middle of a kernel, cut or surrounded by zeros to another size. */
export function resized(kernel, size) {
  const [top, left] = [(size - kernel.length) / 2, (size - kernel[0].length) / 2];
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => kernel[i - top]?.[j - left] ?? 0),
  );
}

/** Relative luminance of an sRGB colour, 0 to 1 (WCAG 2). */
function luminance(rgb) {
  const [red, green, blue] = rgb.map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Give a table body so many cells, each with a line for the pixel and one for its weight. */
function resizeTable(body, rows, columns) {
  if (body.rows.length === rows && body.rows[0].cells.length === columns) return;
  body.replaceChildren(
    ...Array.from({ length: rows }, () =>
      el("tr", {}, ...Array.from({ length: columns }, () => el("td", {}, el("span"), el("small")))),
    ),
  );
  body.parentElement.style.setProperty("--columns", columns);
}

export default { render };
