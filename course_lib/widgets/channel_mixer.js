import {
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
  write,
  writeSum,
} from "./base.js";

const CHANNELS = ["red", "green", "blue"];
const MOST_OUTPUTS = 4;
const LARGEST_WEIGHT = 1e6;
const times = (shape) => shape.join("\u00d7");
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** The valid cross-correlation of one plane (numbers row by row) with one square kernel, as numbers row by row. */
export function correlate(plane, [height, width], kernel) {
  const [rows, columns] = [height - kernel.length + 1, width - kernel.length + 1];
  const map = new Float64Array(rows * columns);
  kernel.forEach((line, a) =>
    line.forEach((weight, b) => {
      if (weight === 0) return;
      for (let i = 0, t = 0; i < rows; i += 1) {
        for (let j = 0, from = (i + a) * width + b; j < columns; j += 1, t += 1, from += 1)
          map[t] += weight * plane[from];
      }
    }),
  );
  return map;
}

/** The whole arithmetic: planes and weights in, maps out. Python twins: ChannelMixer.partials and .output. */
export function compute(pixels, [, height, width], weights, bias) {
  const count = height * width;
  const planes = CHANNELS.map((_, c) => pixels.slice(c * count, (c + 1) * count));
  const partials = weights.map((kernels) =>
    kernels.map((kernel, c) => correlate(planes[c], [height, width], kernel)),
  );
  const output = partials.map((parts, c) =>
    parts[0].map((_, t) => parts.reduce((sum, part) => sum + part[t], 0) + bias[c]),
  );
  const size = weights[0][0].length;
  const shape = [weights.length, height - size + 1, width - size + 1];
  const kernels = weights.length * CHANNELS.length;
  return {
    planes,
    partials,
    output,
    shape,
    weights: kernels * size * size,
    macs: kernels * size * size * shape[1] * shape[2],
  };
}

/** The least and the largest of some maps and 0: what is shown black and white. Python twin: grey. */
export function range(maps) {
  let [low, high] = [0, 0];
  for (const map of maps)
    for (const value of map) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return { low, high };
}
export const tone = (value, { low, high }) => Math.floor((255 * (value - low)) / (high - low || 1) + 0.5);

/** The middle of a kernel, cut or surrounded by zeros to another size. */
const resized = (kernel, size) => {
  const around = (size - kernel.length) / 2;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) => kernel[i - around]?.[j - around] ?? 0),
  );
};
const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const NAMES = ["weights", "bias", "chosen", "side", "_photo"];
const OWN = "your own";
const TINTS = [
  [1, 0.3, 0.3],
  [0.3, 1, 0.3],
  [0.38, 0.5, 1],
];

/** A picture on which a pixel can be pointed at; `at` gets [row, column] in its own pixels. */
function picture(label, { at, leave, press, keys }) {
  const canvas = el(
    "canvas",
    keys
      ? { tabindex: 0, role: "application", "aria-roledescription": "output map", "aria-label": label }
      : { role: "img", "aria-label": label },
  );
  const frame = el("i", { class: "cnn-frame", "aria-hidden": "true" });
  const root = el("span", { class: "cnn-picture" }, canvas, frame);
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      clamp(Math.floor(((event.clientY - box.top) / box.height) * canvas.height), 0, canvas.height - 1),
      clamp(Math.floor(((event.clientX - box.left) / box.width) * canvas.width), 0, canvas.width - 1),
    ];
  };
  canvas.addEventListener("pointermove", (event) => at(place(event)));
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("click", (event) => press(place(event)));
  if (keys) canvas.addEventListener("keydown", keys);
  return {
    root,
    canvas,
    draw(height, width, colour) {
      if (canvas.height !== height || canvas.width !== width) [canvas.height, canvas.width] = [height, width];
      root.style.aspectRatio = `${width} / ${height}`;
      const image = new ImageData(width, height);
      for (let t = 0; t < height * width; t += 1) image.data.set(colour(t), 4 * t);
      canvas.getContext("2d").putImageData(image, 0, 0);
    },
    frame(i, j, size) {
      frame.style.cssText =
        `left:${(100 * j) / canvas.width}%;top:${(100 * i) / canvas.height}%;` +
        `width:${(100 * size) / canvas.width}%;height:${(100 * size) / canvas.height}%`;
    },
  };
}

function render({ model, el: element }) {
  const root = mount(element, "channel-mixer", "Channel mixer");
  const presets = model.get("_presets");
  const photographs = Object.entries(model.get("_photographs"));
  let state = {};
  let result = null;
  let pinned = null; // [row, column] of the output's pixel whose arithmetic is shown
  let pointed = null; // the one under the pointer, which goes before
  let hovered = null; // the output under the pointer

  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const complain = (text) => {
    write(fault, text);
    fault.hidden = !text;
  };
  const waiting = el("p", { class: "cnn-muted", role: "status", hidden: true });
  const ask = (what) => {
    complain("");
    write(waiting, `Asking Python for ${what}\u2026 (this needs a running kernel)`);
    waiting.hidden = false;
  };
  const photo = choice("photograph", [...photographs, OWN], (name) => {
    if (name === OWN) {
      photo.set(state._photo.name);
      return;
    }
    ask(name);
    model.send({ photo: name });
  });
  const side = choice(
    "pixels",
    ["28", "48", "64"].map((n) => [n, `${n}\u00d7${n}`]),
    (value) => {
      ask(`${value}\u00d7${value} pixels`);
      put(model, { side: Number(value) });
    },
  );
  const otherSide = el("option", { value: "", hidden: true });
  side.input.append(otherSide);
  const outputs = slider("outputs", { min: 1, max: MOST_OUTPUTS, onchange: (count) => setOutputs(count) });
  const size = choice(
    "kernel",
    Object.keys(presets).map((n) => [n, `${n}\u00d7${n}`]),
    (value) => setSize(Number(value)),
  );

  const kernelSize = () => state.weights[0][0].length;
  const known = (c) =>
    Object.entries(presets[kernelSize()]).find(([, kernels]) => same(kernels, state.weights[c]))?.[0];
  const setWeights = (weights, more = {}) => {
    complain("");
    put(model, { weights, ...more });
  };
  const setOutputs = (count) => {
    const used = new Set(state.weights.map((_, c) => known(c)));
    const fresh = Object.entries(presets[kernelSize()])
      .filter(([name]) => !used.has(name))
      .map(([, kernels]) => kernels);
    const weights = Array.from({ length: count }, (_, c) => state.weights[c] ?? fresh[c - state.weights.length]);
    setWeights(weights, {
      bias: weights.map((_, c) => state.bias[c] ?? 0),
      chosen: [Math.min(state.chosen[0], count - 1), state.chosen[1]],
    });
  };
  const setSize = (to) =>
    setWeights(
      state.weights.map((kernels, c) => presets[to][known(c)] ?? kernels.map((kernel) => resized(kernel, to))),
    );
  const setOutput = (c, kernels) => setWeights(state.weights.map((old, n) => (n === c ? kernels : old)));
  const choose = (c, channel) => put(model, { chosen: [c, channel] });
  const refused = (value) => {
    if (Math.abs(value) <= LARGEST_WEIGHT) return false;
    complain(`Numbers go up to ${number(LARGEST_WEIGHT)} here; you typed ${number(value)}.`);
    drawNumbers();
    return true;
  };

  // Pointing: a pixel of an output map, or, on an input plane, the window that begins around it.
  const leave = () => {
    pointed = null;
    hovered = null;
    inspect();
  };
  const bound = ([i, j]) => [clamp(i, 0, result.shape[1] - 1), clamp(j, 0, result.shape[2] - 1)];
  const centred = ([i, j]) => bound([i - (kernelSize() >> 1), j - (kernelSize() >> 1)]);
  const point = (c, place) => {
    hovered = c;
    pointed = place;
    inspect();
  };
  const keysOf = (c) => (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 5 : 1;
    const [i, j] = pinned;
    const moves = {
      ArrowUp: [i - far, j],
      ArrowDown: [i + far, j],
      ArrowLeft: [i, j - far],
      ArrowRight: [i, j + far],
      Home: [i, 0],
      End: [i, Infinity],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    pinned = bound(moves[event.key]);
    pointed = null;
    hovered = null;
    if (state.chosen[0] !== c) choose(c, state.chosen[1]);
    inspect();
    write(spoken, told.textContent);
  };

  const planes = CHANNELS.map((name) =>
    picture(`${name} channel of the input`, {
      at: (place) => point(hovered, centred(place)),
      leave,
      press: (place) => {
        pinned = centred(place);
        inspect();
      },
    }),
  );
  const whole = picture("the photograph", {
    at: (place) => point(hovered, centred(place)),
    leave,
    press: (place) => {
      pinned = centred(place);
      inspect();
    },
  });
  const inputNames = CHANNELS.map((name, n) => el("span", { class: "cnn-muted" }, `X[${n}] ${name}`));
  const header = el(
    "div",
    { class: "cnn-line cnn-inputs" },
    el("div", { class: "cnn-about" }, whole.root, el("span", { class: "cnn-muted" }, "input X")),
    ...planes.map((one, n) => el("div", { class: "cnn-share" }, one.root, inputNames[n])),
  );

  const makeLine = (c) => {
    const preset = choice("weights", [...Object.keys(presets[5]), OWN], (name) => {
      if (presets[kernelSize()][name]) setOutput(c, presets[kernelSize()][name]);
      else draw();
    });
    const bias = numberCell(c, 0, "bias", {
      onfault: complain,
      oncommit: (_, __, value) => {
        if (!refused(value)) put(model, { bias: state.bias.map((old, n) => (n === c ? value : old)) });
      },
    });
    bias.control.setAttribute("aria-label", `bias of output ${c}`);
    bias.control.classList.add("cnn-field");
    const shares = CHANNELS.map((name, n) => {
      const mini = el("span", { class: "cnn-mini", "aria-hidden": "true" });
      const total = el("small");
      const opener = el(
        "button",
        { type: "button", class: "cnn-plane", "aria-pressed": "false", onclick: () => choose(c, n) },
        mini,
        total,
      );
      const map = picture(`share of ${name} in output ${c}`, {
        at: (place) => point(c, place),
        leave,
        press: (place) => {
          pinned = place;
          choose(c, n);
          inspect();
        },
      });
      const sign = el("span", { class: "cnn-sign", "aria-hidden": "true" }, n ? "+" : "");
      return { root: el("div", { class: "cnn-share" }, sign, opener, map.root), mini, total, opener, map };
    });
    const map = picture(`output ${c}; arrow keys move the pixel that is explained, with Shift by five`, {
      at: (place) => point(c, place),
      leave,
      keys: keysOf(c),
      press: (place) => {
        pinned = place;
        if (state.chosen[0] !== c) choose(c, state.chosen[1]);
        map.canvas.focus({ preventScroll: true });
        inspect();
      },
    });
    const words = el("span", { class: "cnn-muted" });
    const about = el(
      "div",
      { class: "cnn-about" },
      el("b", {}, `output ${c}`),
      preset.root,
      el("label", { class: "cnn-control cnn-bias" }, "bias", bias.control),
    );
    const line = el(
      "div",
      { class: "cnn-line", role: "group", "aria-label": `output ${c}` },
      about,
      ...shares.map((one) => one.root),
      el(
        "div",
        { class: "cnn-result" },
        el("span", { class: "cnn-sign", "aria-hidden": "true" }, "="),
        map.root,
        words,
      ),
    );
    return { root: line, preset, bias, shares, map, words };
  };
  const lines = Array.from({ length: MOST_OUTPUTS }, (_, c) => makeLine(c));

  // One pixel's arithmetic, and the chosen plane.
  const told = el("p", { class: "cnn-sum cnn-told" });
  const spoken = el("p", { class: "cnn-hidden", role: "status" });
  const planeName = el("p", { class: "cnn-caption" });
  const products = el("p", { class: "cnn-sum cnn-products" });
  const share = el("p", { class: "cnn-muted" });
  const editor = grid({
    label: "weights of the chosen plane",
    className: "cnn-kernel",
    make: (i, j) =>
      numberCell(i, j, "w", {
        live: true,
        onfault: complain,
        oncommit(row, column, value) {
          if (refused(value)) return;
          const [c, n] = state.chosen;
          setOutput(
            c,
            state.weights[c].map((kernel, m) =>
              m === n
                ? kernel.map((line, a) => line.map((w, b) => (a === row && b === column ? value : w)))
                : kernel,
            ),
          );
        },
      }),
  });
  const zero = button("set to 0", () => {
    const [c, n] = state.chosen;
    setOutput(
      c,
      state.weights[c].map((kernel, m) => (m === n ? kernel.map((line) => line.map(() => 0)) : kernel)),
    );
  });
  const counts = el("p");
  root.append(
    el("div", { class: "cnn-row cnn-bar" }, photo.root, side.root, size.root, outputs.root),
    fault,
    waiting,
    el("div", { class: "cnn-mix" }, header, ...lines.map((line) => line.root)),
    told,
    spoken,
    el(
      "div",
      { class: "cnn-panels cnn-bar" },
      el("div", { class: "cnn-panel" }, planeName, editor.root, zero),
      el("div", { class: "cnn-panel cnn-words" }, products, share),
    ),
    counts,
    el(
      "p",
      { class: "cnn-muted" },
      "Choose a weight plane to edit it; point at a pixel to see its sum. In a plane, blue weights are positive, " +
        "those with a minus sign negative. The maps of one output share one scale, written beside it: its first " +
        "number is black, its second white.",
    ),
  );

  const chips = (parts) =>
    parts.flatMap(([value, name], n) => [
      el(
        "span",
        { class: "cnn-term" },
        el(
          "b",
          { class: name === "bias" ? "cnn-w" : "cnn-x" },
          value < 0 ? `(${number(value, 1)})` : number(value, 1),
        ),
        el("i", { class: "cnn-muted" }, ` ${name}`),
        el("i", {}, n < parts.length - 1 ? " +" : ""),
      ),
    ]);

  /** Everything that follows the pointer. */
  function inspect() {
    const [i, j] = pointed ?? pinned;
    const k = kernelSize();
    const c = hovered ?? state.chosen[0];
    const t = i * result.shape[2] + j;
    for (const one of [whole, ...planes]) one.frame(i, j, k);
    lines.slice(0, state.weights.length).forEach(({ map, shares, root: line }, n) => {
      for (const one of [map, ...shares.map((s) => s.map)]) one.frame(i, j, 1);
      mark(line, "cnn-now", n === c);
    });
    told.replaceChildren(
      el("span", { class: "cnn-name" }, `y[${c}, ${i}, ${j}] =`),
      ...chips([...CHANNELS.map((name, n) => [result.partials[c][n][t], name]), [state.bias[c], "bias"]]),
      el("span", { class: "cnn-total" }, `= ${number(result.output[c][t], 1)}`),
    );
    const [, n] = state.chosen;
    const width = state._photo.shape[2];
    const kernel = state.weights[c][n];
    const terms = kernel
      .flatMap((row, a) => row.map((weight, b) => ({ weight, value: result.planes[n][(i + a) * width + j + b] })))
      .filter(({ weight }) => weight !== 0);
    writeSum(products, `${CHANNELS[n]}\u2019s share of y[${c}, ${i}, ${j}] =`, terms, result.partials[c][n][t], 9);
    const mean = (map) => map.reduce((sum, value) => sum + Math.abs(value), 0) / map.length;
    const sizes = result.partials[c].map(mean);
    const all = sizes.reduce((sum, value) => sum + value, 0);
    const brings = CHANNELS.map((name, m) => `${name} brings ${number((100 * sizes[m]) / all, 0)}%`);
    write(
      share,
      all === 0
        ? `All weights of output ${c} are 0: only its bias is left.`
        : `Over the whole map, ${brings.join(", ")} of output ${c} (by mean size, signs aside).`,
    );
  }

  function drawNumbers() {
    const [c, n] = state.chosen;
    const k = kernelSize();
    editor.resize(k, k);
    editor.draw((cell, i, j) => cell.show(state.weights[c][n][i][j]));
    lines.slice(0, state.weights.length).forEach((line, m) => line.bias.show(state.bias[m]));
  }

  function drawMini({ mini, total, opener }, kernel, c, n) {
    const k = kernel.length;
    const flat = kernel.flat();
    const most = Math.max(...state.weights[c].flat(2).map(Math.abs)) || 1;
    if (mini.children.length !== k * k) mini.replaceChildren(...flat.map(() => el("i")));
    mini.style.setProperty("--columns", k);
    flat.forEach((weight, m) => {
      const cell = mini.children[m];
      cell.style.setProperty("--strength", `${weight === 0 ? 0 : 25 + (75 * Math.abs(weight)) / most}%`);
      mark(cell, "cnn-negative", weight < 0);
    });
    const sum = flat.reduce((all, weight) => all + weight, 0);
    write(total, k === 1 ? number(sum) : `\u03a3 ${number(sum)}`);
    const chosen = state.chosen[0] === c && state.chosen[1] === n;
    opener.setAttribute("aria-pressed", String(chosen));
    const name = `weights W[${c}, ${n}], ${CHANNELS[n]} to output ${c}, sum ${number(sum)}`;
    if (opener.getAttribute("aria-label") !== name) opener.setAttribute("aria-label", name);
  }

  function draw() {
    const fresh = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    if (fresh._photo !== state._photo) waiting.hidden = true;
    // Python drops or adds biases where it sets other weights; until that arrives, the view does the same.
    fresh.bias = fresh.weights.map((_, c) => fresh.bias[c] ?? 0);
    fresh.chosen = [Math.min(fresh.chosen[0], fresh.weights.length - 1), fresh.chosen[1]];
    state = fresh;
    const { shape, pixels, name } = state._photo;
    const bytes = bytesOf(pixels);
    result = compute(bytes, shape, state.weights, state.bias);
    const [, height, width] = shape;
    const [, rows, columns] = result.shape;
    pinned = bound(pinned ?? [Math.floor(rows * 0.62), Math.floor(columns * 0.3)]);
    if (pointed) pointed = bound(pointed);
    if (hovered !== null && hovered >= state.weights.length) hovered = null;
    whole.draw(height, width, (t) => [...result.planes.map((plane) => plane[t]), 255]);
    planes.forEach((one, n) =>
      one.draw(height, width, (t) => [...TINTS[n].map((tint) => tint * result.planes[n][t]), 255]),
    );
    lines.forEach((line, c) => {
      line.root.hidden = c >= state.weights.length;
      if (line.root.hidden) return;
      const scale = range([...result.partials[c], result.output[c]]);
      const paint = (map, one) =>
        one.draw(rows, columns, (t) => {
          const grey = tone(map[t], scale);
          return [grey, grey, grey, 255];
        });
      line.shares.forEach((one, n) => {
        paint(result.partials[c][n], one.map);
        drawMini(one, state.weights[c][n], c, n);
      });
      paint(result.output[c], line.map);
      write(line.words, `${number(scale.low, 0)} to ${number(scale.high, 0)}`);
      for (const option of line.preset.input.options)
        option.disabled = option.value !== OWN && !presets[kernelSize()][option.value];
      line.preset.set(known(c) ?? OWN);
    });
    const k = kernelSize();
    photo.set(photographs.some(([one]) => one === name) ? name : OWN);
    const regular = height === width && ["28", "48", "64"].includes(String(height));
    write(otherSide, times([height, width]));
    side.set(regular ? String(height) : "");
    side.input.disabled = !photographs.some(([one]) => one === name);
    size.set(String(k));
    outputs.set(state.weights.length);
    const [c, n] = state.chosen;
    planeName.replaceChildren(`W[${c}, ${n}] `, el("small", {}, `${CHANNELS[n]} to output ${c}, ${times([k, k])}`));
    drawNumbers();
    const side1 = (from, to) => `${from} \u2212 ${k} + 1 = ${to}`;
    const sizes = height === width ? side1(height, rows) : `${side1(height, rows)}, ${side1(width, columns)}`;
    const count = state.weights.length;
    counts.replaceChildren(
      el("b", {}, `${times(shape)} \u2192 ${times(result.shape)}`),
      ` (${sizes}). `,
      el("b", {}, `Kernel ${times([count, 3, k, k])}`),
      `: ${count * 3} planes, one for each pair of output and input channel; ` +
        `${grouped(result.weights)} weights + ${count} ` +
        `${count === 1 ? "bias" : "biases"} = `,
      el("b", {}, `${grouped(result.weights + count)} parameters`),
      "; ",
      el("b", {}, `${grouped(result.macs)} multiply-adds`),
      ` (${times(result.shape)} outputs, ${3 * k * k} products each).`,
    );
    inspect();
  }
  return follow(model, NAMES, draw);
}

export default { render };
