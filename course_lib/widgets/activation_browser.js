import { choice, el, follow, mark, mount, number, oneStop, put, upload, write } from "./base.js";

const LARGEST_SIDE = 320; // pixels of a picture of one's own that is sent to Python
const NAMES = ["layer", "channel", "unit", "scale", "_maps", "_patches", "_picture"];
const WRITTEN_FROM = 34; // pixels of a unit on the screen in which its value is written

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Bytes of a base64 text. */
export function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** What a unit answers, to half a 255th of its map's range. Python twin: unpacked. */
export function valueAt({ low, high, maps }, [, height, width], channel, row, column) {
  const byte = maps[(channel * height + row) * width + column];
  return low[channel] + ((high[channel] - low[channel]) * byte) / 255;
}

/** The part of the picture in a unit's window: first and last row and column. Python twin: window_of. */
export function windowOf({ rows, columns }, row, column, [height, width]) {
  const [[first, last], [left, right]] = [rows[row], columns[column]];
  return [Math.max(0, first), Math.min(height - 1, last), Math.max(0, left), Math.min(width - 1, right)];
}

/** A share from -1 to 1 as a colour [r, g, b]: dark is 0. Python twin: tint. */
export function tint(share, { zero, positive, negative }) {
  const end = share >= 0 ? positive : negative;
  return zero.map((dark, n) => Math.floor(dark + (end[n] - dark) * Math.abs(share) + 0.5));
}

/** Decimals that a byte per unit can tell apart in a range. */
export function decimals(low, high) {
  const step = (high - low) / 255;
  return step > 0 ? clamp(Math.ceil(-Math.log10(step)), 0, 6) : 0;
}

function render({ model, el: element }) {
  const root = mount(element, "activation-browser", "Activation browser");
  const layers = model.get("_layers");
  const palette = model.get("_palette");
  const names = model.get("_names");
  const sprite = model.get("_sprite");
  let state = {};
  let layer = layers[0]; // the one that is open
  let here = null; // its maps, once they are there
  let chosen = [0, 0, 0]; // channel, row, column: those that the layer has
  let pointed = null; // [row, column] under the pointer, which goes before

  // What came: maps and patches by layer, those that travelled along and those that a kernel sent.
  const open = new Map();
  const asked = new Set();
  const unpack = ({ low, high, maps }) => ({ low, high, maps: bytes(maps) });
  const unpackPatches = ({ places, answers }) => ({
    places: new Int32Array(bytes(places).buffer),
    answers: new Float32Array(bytes(answers).buffer),
  });
  const takeAll = () => {
    open.clear();
    asked.clear();
    const patches = model.get("_patches");
    for (const [name, maps] of Object.entries(model.get("_maps")))
      open.set(name, { ...unpack(maps), patches: unpackPatches(patches[name]) });
  };
  const photographs = new Image();
  photographs.src = sprite.url;
  const ready = photographs.decode();

  // Which layer, which picture.
  const size = ([, height, width]) => `${height}\u00d7${width}`;
  const layerChoice = choice(
    "layer",
    layers.map(({ name, kind, shape }) => [name, `${name} \u00b7 ${kind}, ${shape[0]} of ${size(shape)}`]),
    (value) => {
      // The unit stays about where it is in the picture.
      const next = layers.find((one) => one.name === value);
      const unit = [1, 2].map((n) => Math.floor(((chosen[n] + 0.5) * next.shape[n]) / layer.shape[n]));
      put(model, { layer: value, unit });
    },
  );
  const scale = choice("brightness by", ["each map", "whole layer"], (value) =>
    put(model, { scale: value }),
  );
  const fault = el("p", { class: "cnn-fault", role: "alert", hidden: true });
  const complain = (text) => {
    write(fault, text);
    fault.hidden = !text;
  };
  const waiting = el("p", { class: "cnn-muted", role: "status", hidden: true });
  const wait = (text) => {
    write(waiting, text);
    waiting.hidden = !text;
  };
  const own = el("option", { value: "", hidden: true });
  const photograph = choice("picture", Object.entries(model.get("_photographs")), (name) => {
    complain("");
    wait(`Asking Python for ${name}\u2026 (this needs a running kernel)`);
    model.send({ photograph: name });
  });
  photograph.input.append(own);
  const file = upload(
    LARGEST_SIDE,
    ({ name, shape, pixels }) => {
      wait(`Asking Python to run the network on ${name}\u2026 (this needs a running kernel)`);
      const letters = Array.from(pixels, (byte) => String.fromCharCode(byte)).join("");
      model.send({ name, shape, pixels: btoa(letters) });
    },
    complain,
  );

  // The picture with the window, and the map on which a unit is chosen.
  const seen = el("canvas", { role: "img" });
  const frame = el("i", { class: "cnn-frame", "aria-hidden": "true" });
  const seenTitle = el("p", { class: "cnn-caption" });
  const map = el("canvas", { tabindex: 0, role: "application", "aria-roledescription": "map of units" });
  const cursor = el("i", { class: "cnn-frame cnn-cursor", "aria-hidden": "true" });
  const values = el("span", { class: "cnn-values", "aria-hidden": "true" });
  const mapStage = el("div", { class: "cnn-stage" }, map, values, cursor);
  const mapTitle = el("p", { class: "cnn-caption" });
  const told = el("p", { class: "cnn-told", role: "status" });

  // All channels of the layer, and what the chosen one answers to most.
  const tilesTitle = el("p", { class: "cnn-caption" });
  const tiles = el("div", { class: "cnn-tiles", role: "group" });
  const renewStop = oneStop(tiles);
  const patchesTitle = el("p", { class: "cnn-caption" });
  const patches = el("div", { class: "cnn-patches" });

  const panels = el(
    "div",
    { class: "cnn-panels" },
    el("div", { class: "cnn-panel" }, seenTitle, el("div", { class: "cnn-stage" }, seen, frame)),
    el("div", { class: "cnn-panel" }, mapTitle, mapStage),
  );
  const missing = el("p", { class: "cnn-muted", role: "status", hidden: true });
  const body = el("div", {}, panels, told, tilesTitle, tiles, patchesTitle, patches);
  root.append(
    el("div", { class: "cnn-bar cnn-row" }, layerChoice.root, photograph.root, file, scale.root),
    fault,
    waiting,
    missing,
    body,
  );

  const sides = () => state._picture.shape.slice(0, 2);
  const at = (channel, row, column) => valueAt(here, layer.shape, channel, row, column);
  const write1 = (value, channel) => number(value, decimals(here.low[channel], here.high[channel]));
  const widest = (channel) => Math.max(Math.abs(here.low[channel]), Math.abs(here.high[channel]));
  const spans = (first, last) => (first === last ? String(first) : `${first} to ${last}`);

  function drawPicture() {
    const { shape, pixels, name, says } = state._picture;
    const [height, width, channels] = shape;
    const rgb = bytes(pixels);
    const image = new ImageData(width, height);
    for (let t = 0; t < height * width; t += 1)
      image.data.set([0, 1, 2].map((c) => rgb[t * channels + (channels === 3 ? c : 0)]).concat(255), 4 * t);
    [seen.height, seen.width] = [height, width];
    seen.getContext("2d").putImageData(image, 0, 0);
    seen.parentElement.style.aspectRatio = `${width} / ${height}`;
    seen.setAttribute("aria-label", `${name}, ${height} by ${width} pixels, as the network gets it`);
    seenTitle.replaceChildren(`${name} `, el("small", {}, says || `${height}\u00d7${width}`));
    const known = [...photograph.input.options].some((option) => option.value === name);
    own.textContent = name;
    own.value = known ? "" : name;
    photograph.set(name);
  }

  /** One map on a canvas, a pixel per unit. */
  function paint(canvas, channel, most) {
    const [, height, width] = layer.shape;
    if (canvas.height !== height || canvas.width !== width) [canvas.height, canvas.width] = [height, width];
    const image = new ImageData(width, height);
    const [low, range] = [here.low[channel], here.high[channel] - here.low[channel]];
    // A byte has 256 values, so a map needs no more colours.
    const colours = Array.from({ length: 256 }, (_, byte) =>
      tint(most > 0 ? (low + (range * byte) / 255) / most : 0, palette),
    );
    const start = channel * height * width;
    for (let t = 0; t < height * width; t += 1) {
      const [r, g, b] = colours[here.maps[start + t]];
      image.data.set([r, g, b, 255], 4 * t);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  const most = (channel) =>
    state.scale === "each map" ? widest(channel) : Math.max(...here.low.map((_, n) => widest(n)));

  function makeTiles() {
    const [channels] = layer.shape;
    tiles.replaceChildren(
      ...Array.from({ length: channels }, (_, channel) =>
        el(
          "button",
          { type: "button", class: "cnn-tile", onclick: () => put(model, { channel }) },
          el("canvas", { "aria-hidden": "true" }),
          el("small", {}, el("b", {}, String(channel)), " ", el("span")),
        ),
      ),
    );
    renewStop();
  }

  function drawTiles() {
    const [channels, height, width] = layer.shape;
    [...tiles.children].forEach((tile, channel) => {
      paint(tile.firstChild, channel, most(channel));
      const { low, high } = here;
      const largest = -low[channel] > high[channel] ? low[channel] : high[channel];
      const text = number(largest, Math.abs(largest) < 9.95 ? 2 : Math.abs(largest) < 99.5 ? 1 : 0);
      write(tile.lastChild.lastChild, text);
      tile.setAttribute("aria-label", `channel ${channel}, farthest from 0: ${text}`);
      tile.firstChild.style.aspectRatio = `${width} / ${height}`;
    });
    tilesTitle.replaceChildren(
      `${channels} channels of ${layer.name} `,
      el("small", {}, "with the answer farthest from 0; dark is 0, blue above, red below"),
    );
    tiles.setAttribute("aria-label", `channels of ${layer.name}`);
  }

  /** The chosen channel, large, its numbers written where there is room. */
  function drawMap() {
    const [channel] = chosen;
    const [, height, width] = layer.shape;
    paint(map, channel, most(channel));
    mapStage.style.aspectRatio = `${width} / ${height}`;
    mapTitle.replaceChildren(
      `channel ${channel} `,
      el("small", {}, `${size(layer.shape)} units, each sees ${layer.field.join("\u00d7")}`),
    );
    map.setAttribute(
      "aria-label",
      `channel ${channel} of ${layer.name}, ${height} rows and ${width} columns of units; arrow keys choose one, ` +
        "Home and End go to the border",
    );
    const room = (mapStage.clientWidth || 280) / width;
    values.hidden = room < WRITTEN_FROM;
    values.style.gridTemplateColumns = `repeat(${width}, 1fr)`;
    const written = values.hidden
      ? []
      : Array.from({ length: height * width }, (_, t) => {
          const value = at(channel, Math.floor(t / width), t % width);
          const bright = most(channel) > 0 && Math.abs(value) / most(channel) > 0.45;
          const text = number(value, room < 50 ? 1 : 2);
          return el("span", { class: bright ? "cnn-on-bright" : null }, text);
        });
    values.replaceChildren(...written);
  }

  const place = (stage, [top, bottom, left, right], [height, width]) => {
    stage.style.cssText =
      `left:${(100 * left) / width}%;top:${(100 * top) / height}%;` +
      `width:${(100 * (right - left + 1)) / width}%;height:${(100 * (bottom - top + 1)) / height}%`;
  };

  /** Everything that follows the pointer or the chosen unit. */
  function point() {
    const [channel, ...unit] = chosen;
    const [row, column] = pointed ?? unit;
    const window = windowOf(layer, row, column, sides());
    place(frame, window, sides());
    place(cursor, [row, row, column, column], layer.shape.slice(1));
    const [first, last, left, right] = window;
    const [down, across] = [layer.rows[row], layer.columns[column]];
    const beyond = down[0] < 0 || across[0] < 0 || down[1] >= sides()[0] || across[1] >= sides()[1];
    write(
      told,
      `Channel ${channel}, unit (${row}, ${column}): ${write1(at(channel, row, column), channel)}. It sees rows ` +
        `${spans(first, last)} and columns ${spans(left, right)} of the picture, framed` +
        `${beyond ? `; its field of ${layer.field.join("\u00d7")} goes beyond the edge, where there are zeros` : ""}.`,
    );
  }

  /** The strongest patches of the chosen channel, cut out of the pictures. */
  async function drawPatches() {
    const [channel] = chosen;
    const [channels, height, width] = layer.shape;
    const { places, answers } = here.patches;
    const count = places.length / channels;
    patchesTitle.replaceChildren(
      `What channel ${channel} answers to most `,
      el("small", {}, "windows of its strongest units, each with its answer"),
    );
    const now = layer;
    const cards = Array.from({ length: count }, (_, n) => {
      const flat = places[channel * count + n];
      const [picture, row, column] = [Math.floor(flat / (height * width)), Math.floor(flat / width) % height, flat % width];
      const cut = windowOf(now, row, column, sides());
      const answer = answers[channel * count + n];
      const text = number(answer, Math.abs(answer) < 9.95 ? 2 : 1);
      const canvas = el("canvas", {
        role: "img",
        "aria-label": `${names[picture]}, rows ${spans(cut[0], cut[1])}, columns ${spans(cut[2], cut[3])}: ${text}`,
      });
      return { canvas, picture, cut, root: el("figure", {}, canvas, el("figcaption", {}, el("b", {}, text), ` ${names[picture]}`)) };
    });
    patches.replaceChildren(...cards.map((card) => card.root));
    await ready;
    for (const { canvas, picture, cut } of cards) {
      // The browser's pictures may be smaller than the network's.
      const [high, wide] = sprite.side.map((side, n) => side / sides()[n]);
      const [top, bottom, left, right] = cut;
      const corner = [
        Math.floor(picture / sprite.columns) * sprite.cell[0] + top * high,
        (picture % sprite.columns) * sprite.cell[1] + left * wide,
      ];
      const part = [(bottom - top + 1) * high, (right - left + 1) * wide];
      [canvas.height, canvas.width] = part.map((side) => Math.max(1, Math.round(side)));
      canvas.getContext("2d").drawImage(photographs, corner[1], corner[0], part[1], part[0], 0, 0, canvas.width, canvas.height);
    }
  }

  // On the map: the pointer shows, a click or an arrow key chooses.
  const under = (event) => {
    const box = map.getBoundingClientRect();
    const [, height, width] = layer.shape;
    return [
      clamp(Math.floor(((event.clientY - box.top) / box.height) * height), 0, height - 1),
      clamp(Math.floor(((event.clientX - box.left) / box.width) * width), 0, width - 1),
    ];
  };
  map.addEventListener("pointermove", (event) => {
    pointed = under(event);
    point();
  });
  map.addEventListener("pointerleave", () => {
    pointed = null;
    if (here) point();
  });
  map.addEventListener("click", (event) => put(model, { unit: under(event) }));
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const [, height, width] = layer.shape;
    let [, row, column] = chosen;
    if (event.key in moves) {
      row += moves[event.key][0];
      column += moves[event.key][1];
    } else if (event.key === "Home") column = 0;
    else if (event.key === "End") column = width - 1;
    else return;
    event.preventDefault();
    pointed = null;
    put(model, { unit: [clamp(row, 0, height - 1), clamp(column, 0, width - 1)] });
  });

  let drawn = {};
  function draw() {
    state = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    if (state._maps !== drawn._maps || state._patches !== drawn._patches) {
      takeAll();
      drawn.layer = null;
    }
    if (state._picture !== drawn._picture) {
      wait("");
      drawPicture();
    }
    layer = layers.find((one) => one.name === state.layer) ?? layers[0];
    here = open.get(layer.name) ?? null;
    layerChoice.set(layer.name);
    scale.set(state.scale);
    if (!here && !asked.has(layer.name)) {
      asked.add(layer.name);
      model.send({ layer: layer.name });
    }
    write(missing, here ? "" : `The maps of ${layer.name} did not travel along: a running kernel brings them.`);
    missing.hidden = Boolean(here);
    body.hidden = !here;
    if (here) {
      chosen = [state.channel, ...state.unit].map((value, n) => clamp(value, 0, layer.shape[n] - 1));
      const fresh = drawn.layer !== layer.name;
      if (fresh) {
        makeTiles();
        pointed = null;
      }
      if (fresh || drawn.scale !== state.scale) drawTiles();
      if (fresh || drawn.scale !== state.scale || drawn.channel !== chosen[0]) {
        drawMap();
        [...tiles.children].forEach((tile, n) => {
          mark(tile, "cnn-now", n === chosen[0]);
          tile.setAttribute("aria-pressed", String(n === chosen[0]));
        });
        if (fresh || drawn.channel !== chosen[0]) drawPatches();
      }
      point();
    }
    drawn = { ...state, layer: here && layer.name, channel: chosen[0] };
  }

  const receive = (message) => {
    if (!message.layer) return;
    open.set(message.layer, { ...unpack(message.maps), patches: unpackPatches(message.patches) });
    draw();
  };
  model.on("msg:custom", receive);
  const unfollow = follow(model, NAMES, draw);
  return () => {
    unfollow();
    model.off("msg:custom", receive);
  };
}

export default { render };
