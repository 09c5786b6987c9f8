// What the widgets share: elements, labelled native controls, grids of numbers, numbers as text.
// Every control is native and labelled; every grid is one tab stop in which the arrow keys move.

const FOCUSABLE = new Set(["A", "BUTTON", "INPUT", "SELECT", "SUMMARY", "TEXTAREA"]);
// Every widget brings its own copy of this module, and several share a page: a count alone would meet its like.
const copy = Math.random().toString(36).slice(2, 10);
let nextId = 0;

/** A fresh id for a label and its control, unlike any other on the page. */
export function uniqueId(prefix) {
  nextId += 1;
  return `cnn-${prefix}-${copy}-${nextId}`;
}

/** An element with attributes, listeners (`onclick`...) and children; null children are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  // Jupyter takes arrows and letters away from a control unless the control itself carries this mark:
  // Notebook 7 listens in the capture phase, so stopping the event's propagation is not enough.
  if (FOCUSABLE.has(element.tagName) || element.hasAttribute("tabindex")) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An element of a drawing, with attributes and children. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Prepare the element that the front end gave: style, a name, and no key that leaks to the notebook. */
export function mount(element, name, label) {
  const root = el("section", { class: `cnn cnn-${name}`, "aria-label": label, "data-widget": name });
  root.addEventListener("keydown", (event) => event.stopPropagation());
  element.replaceChildren(root);
  return root;
}

/** Call `draw` at once and then, at most once a turn, whenever one of the model's names changed. */
export function follow(model, names, draw) {
  let asked = false;
  const redraw = () => {
    if (asked) return;
    asked = true;
    queueMicrotask(() => {
      asked = false;
      draw();
    });
  };
  for (const name of names) model.on(`change:${name}`, redraw);
  draw();
  return () => names.forEach((name) => model.off(`change:${name}`, redraw));
}

/** Call `draw` whenever the width of `root` has changed; call what is returned to end this. */
export function onWidth(root, draw) {
  let known = root.clientWidth;
  const watch = new ResizeObserver(() => {
    if (root.clientWidth === known) return;
    known = root.clientWidth;
    draw();
  });
  watch.observe(root);
  return () => watch.disconnect();
}

/** Set state of the model and send it to Python. */
export function put(model, state) {
  for (const [name, value] of Object.entries(state)) model.set(name, value);
  model.save_changes();
}

/** The kernel as it is laid on the picture: for a true convolution, rotated by 180 degrees. */
export function asApplied(kernel, operation) {
  return operation === "convolution" ? kernel.map((row) => [...row].reverse()).reverse() : kernel;
}

/** A number as people write it: at most `digits` decimals, no trailing zeros, a true minus sign. */
export function number(value, digits = 3) {
  const scale = 10 ** digits;
  const rounded = Math.round(value * scale) / scale;
  if (rounded === 0) return "0";
  return String(rounded).replace("-", "\u2212");
}

/** The number that a person typed (3, -1.5, 1/9, with either minus sign), or null. */
export function parse(text) {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+\.?\d*))?$/i.exec(
    text.trim().replace(/\u2212/g, "-").replace(",", ".").replace(/\s*\/\s*/, "/"),
  );
  if (!match) return null;
  const value = Number(match[1]) / (match[2] === undefined ? 1 : Number(match[2]));
  return Number.isFinite(value) ? value : null;
}

/** Bytes as Python sent them, or as a list where there is no Python. */
export function bytesOf(pixels) {
  return pixels.buffer
    ? new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength)
    : new Uint8Array(pixels);
}

/** A picture file, read in the browser, with no side over `largest`: its name, shape [H, W, 3] and bytes. */
export async function readPicture(file, largest) {
  const bitmap = await createImageBitmap(file);
  const factor = Math.min(1, largest / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * factor)));
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  context.fillStyle = "white"; // what shows through where the picture is transparent
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { name: file.name, shape: [height, width, 3], pixels: data.filter((_, t) => t % 4 !== 3) };
}

/** A button for a picture file of one's own: `use` gets what readPicture makes of it, `complain` a sentence or "". */
export function upload(largest, use, complain) {
  const id = uniqueId("file");
  const file = el("input", {
    id,
    type: "file",
    accept: "image/*",
    class: "cnn-hidden",
    async onchange() {
      const [picked] = file.files;
      if (!picked) return;
      try {
        const picture = await readPicture(picked, largest);
        complain("");
        use(picture);
      } catch {
        complain(`This browser cannot read \u201c${picked.name}\u201d as a picture: try a PNG or JPEG file.`);
      }
      file.value = "";
    },
  });
  return el("div", { class: "cnn-control" }, file, el("label", { for: id, class: "cnn-button" }, "your own\u2026"));
}

/**
 * A question to be answered before the result is shown, as state `prediction`, one of `answers` (value to words); the
 * button `label` sets `revealed`, then calls `shown`. `set` writes the question and the answer given.
 */
export function predictionBox(model, answers, label, shown) {
  const group = uniqueId("prediction");
  const question = el("legend", {});
  const radios = Object.entries(answers).map(([value, words]) => {
    const input = el("input", {
      type: "radio",
      name: group,
      value,
      onchange: () => put(model, { prediction: value }),
    });
    return [value, input, el("label", { class: "cnn-answer" }, input, words)];
  });
  const reveal = button(label, () => {
    put(model, { revealed: true });
    queueMicrotask(shown); // as the button is gone by then
  });
  const hint = el("span", { class: "cnn-muted" });
  const root = el(
    "fieldset",
    { class: "cnn-ask" },
    question,
    el("div", { class: "cnn-answers" }, ...radios.map(([, , words]) => words)),
    el("div", { class: "cnn-row" }, reveal, hint),
  );
  const set = (text, prediction) => {
    write(question, text);
    for (const [value, input] of radios) input.checked = prediction === value;
    reveal.disabled = !prediction;
    write(hint, prediction ? "" : "choose an answer first");
  };
  return { root, set };
}

export function button(label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "cnn-button", onclick, ...attributes }, label);
}

/**
 * A labelled slider that shows its number, written by `text`; `set(value, bounds)` moves it without calling
 * `onchange`, and shows a number from Python as it is, even between two steps.
 */
export function slider(label, { min, max, step = 1, text = String, onchange }) {
  const id = uniqueId("range");
  const shown = el("output", { for: id, class: "cnn-value" });
  const input = el("input", {
    id, type: "range", min, max, step,
    oninput: () => {
      shown.textContent = text(Number(input.value));
      onchange(Number(input.value));
    },
  });
  const root = el("div", { class: "cnn-control" }, el("label", { for: id }, label), input, shown);
  return {
    root,
    input,
    set(value, bounds = {}) {
      for (const [name, bound] of Object.entries(bounds)) {
        if (input.getAttribute(name) !== String(bound)) input.setAttribute(name, bound);
      }
      if (input.value !== String(value)) input.value = value;
      write(shown, text(value));
    },
  };
}

/** A labelled list of choices; an option is a value, or a pair of value and text. */
export function choice(label, options, onchange) {
  const id = uniqueId("select");
  const input = el(
    "select",
    { id, onchange: () => onchange(input.value) },
    ...options.map((option) => [option].flat()).map(([value, text = value]) => el("option", { value }, text)),
  );
  const root = el("div", { class: "cnn-control" }, el("label", { for: id }, label), input);
  return { root, input, set: (value) => { if (input.value !== value) input.value = value; } };
}

/** A labelled tick box. */
export function tick(label, onchange) {
  const input = el("input", { type: "checkbox", onchange: () => onchange(input.checked) });
  const root = el("label", { class: "cnn-control cnn-tick" }, input, label);
  return { root, input, set: (value) => { if (input.checked !== value) input.checked = value; } };
}

/**
 * A grid of cells. `make(i, j)` gives the control of a cell (an input or a button), `draw(update)` calls
 * `update(cell, i, j)` on each. `resize` makes the cells anew only where rows, columns or `kind` changed.
 * `onpoint(i, j, "pointer" | "focus")` tells of hovering and of the keyboard's focus.
 * One cell is in the tab order; arrow keys, Home and End move the focus.
 * Cells are updated in place: replacing 130 of them costs 40 ms, more than two frames.
 */
export function grid({ label, className, make, onpoint = () => {}, onleave = () => {} }) {
  const body = el("tbody");
  const table = el("table", { class: `cnn-grid ${className}`, "aria-label": label }, body);
  let cells = [];
  let size = "";
  let current = [0, 0];

  const place = (event) => {
    const found = event.target.closest?.("td");
    return found && table.contains(found) ? [Number(found.dataset.row), Number(found.dataset.column)] : null;
  };
  const reachable = (cell) => FOCUSABLE.has(cell.control.tagName);
  const reach = (i, j) => {
    cells[current[0]]?.[current[1]]?.control.setAttribute("tabindex", "-1");
    current = [i, j];
    cells[i][j].control.setAttribute("tabindex", "0");
  };
  table.addEventListener("pointerover", (event) => { const at = place(event); if (at) onpoint(...at, "pointer"); });
  table.addEventListener("pointerleave", () => onleave());
  table.addEventListener("focusout", () => onleave());
  table.addEventListener("focusin", (event) => {
    const at = place(event);
    if (!at) return;
    reach(...at);
    if (event.target.select) event.target.select();
    onpoint(...at, "focus");
  });
  table.addEventListener("keydown", (event) => {
    const at = place(event);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    const typed = event.target;
    const editing = typed.tagName === "INPUT" && !(typed.selectionStart === 0 && typed.selectionEnd === typed.value.length);
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    let [i, j] = at;
    if (event.key in moves) {
      if (editing && moves[event.key][1]) return;
      i += moves[event.key][0];
      j += moves[event.key][1];
    } else if (event.key === "Home" && !editing) j = cells[i].findIndex(reachable);
    else if (event.key === "End" && !editing) j = cells[i].findLastIndex(reachable);
    else return;
    event.preventDefault();
    if (cells[i]?.[j] && reachable(cells[i][j])) cells[i][j].control.focus();
  });

  return {
    root: table,
    cell: (i, j) => cells[i]?.[j],
    focus: (i, j) => cells[i]?.[j]?.control.focus(),
    resize(rows, columns, kind = "") {
      if (size === `${rows}x${columns}${kind}`) return;
      size = `${rows}x${columns}${kind}`;
      cells = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => {
        const made = make(i, j);
        if (reachable(made)) made.control.setAttribute("tabindex", "-1");
        const td = el("td", { "data-row": i, "data-column": j }, made.control, made.extra);
        return { td, ...made };
      }));
      body.replaceChildren(...cells.map((row) => el("tr", {}, ...row.map((cell) => cell.td))));
      table.style.setProperty("--columns", columns);
      const row = cells.findIndex((line) => line.some(reachable));
      current = [row, row < 0 ? 0 : cells[row].findIndex(reachable)];
      if (row >= 0) reach(...current);
    },
    draw(update) {
      cells.forEach((row, i) => row.forEach((cell, j) => update(cell, i, j)));
    },
  };
}

/**
 * The control of an editable cell: commits a number on Enter or when left, Escape takes it back.
 * With `live` every key that makes a number commits at once; the text stays as typed until the cell is left.
 */
export function numberCell(i, j, label, { oncommit, onfault, live = false }) {
  const input = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false",
    "aria-label": `${label}[${i}, ${j}]` });
  let kept = ""; // how the model's value is written
  let held = 0; // the model's value
  let before = null; // the value to go back to, while somebody types in a live cell
  const settle = () => {
    before = null;
    input.value = kept;
    input.style.setProperty("--length", kept.length);
  };
  const commit = () => {
    if (input.value === kept) {
      before = null;
      return;
    }
    const typed = parse(input.value);
    if (typed === null) {
      onfault(`\u201c${input.value}\u201d is not a number, so the cell keeps ${kept}. Try 3, -1.5 or 1/9.`);
      settle();
      return;
    }
    onfault("");
    oncommit(i, j, typed);
    if (live) settle();
  };
  if (live) {
    input.addEventListener("input", () => {
      before ??= held;
      const typed = parse(input.value);
      if (typed === null) return;
      onfault("");
      oncommit(i, j, typed);
    });
  }
  input.addEventListener("change", commit);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") commit();
    if (event.key === "Escape") {
      if (before !== null) oncommit(i, j, before);
      settle();
    }
    if (event.key === "Enter" || event.key === "Escape") input.select();
  });
  return {
    control: input,
    show(value, text = number(value)) {
      held = value;
      if (kept === text && input.value === text) return;
      kept = text;
      if (before === null) settle();
    },
  };
}

/**
 * Make the buttons in `root`, however they are wrapped into lines, one tab stop: arrow keys, Home and End move
 * the focus. Call what it returns after other buttons were put in.
 */
export function oneStop(root) {
  const all = () => [...root.children].filter((child) => child.tagName === "BUTTON");
  const reach = (to) => all().forEach((one) => one.setAttribute("tabindex", one === to ? "0" : "-1"));
  root.addEventListener("focusin", (event) => reach(event.target.closest("button")));
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = all();
    const line = buttons.filter((one) => one.offsetTop === buttons[0].offsetTop).length;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -line, ArrowDown: line };
    let to = buttons.indexOf(event.target) + (moves[event.key] ?? 0);
    if (event.key === "Home") to = 0;
    else if (event.key === "End") to = buttons.length - 1;
    else if (!(event.key in moves)) return;
    event.preventDefault();
    buttons[to]?.focus();
  });
  const renew = () => reach(all()[0]);
  renew();
  return renew;
}

/** Set a class and a text in place, touching the page only where something changed. */
export function mark(element, className, on) {
  if (element.classList.contains(className) !== Boolean(on)) element.classList.toggle(className, Boolean(on));
}
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A sum of products as chips in the colours of input and kernel, of which at most `most` are written.
 * `terms` are {value, weight, text}: `text` is how the weight is written, where `number` does not serve.
 */
export function writeSum(line, name, terms, total, most = 49) {
  const written = terms.length > most ? terms.slice(0, most - 1) : terms;
  const chip = () => el("span", { class: "cnn-term" }, el("b", { class: "cnn-x" }), "\u00b7", el("b", { class: "cnn-w" }), el("i"));
  if (!line.firstChild) line.append(el("span", { class: "cnn-name" }), el("span"), el("span", { class: "cnn-total" }));
  while (line.children.length > written.length + 3) line.children[1].remove();
  while (line.children.length < written.length + 3) line.insertBefore(chip(), line.children[1]);
  write(line.firstChild, name);
  written.forEach(({ value, weight, text }, n) => {
    const [x, , w, plus] = line.children[n + 1].childNodes;
    const factor = text ?? number(weight);
    write(x, number(value));
    write(w, weight < 0 ? `(${factor})` : factor);
    write(plus, n < terms.length - 1 ? " +" : "");
  });
  const more = line.children[written.length + 1];
  const cut = terms.length - written.length;
  write(more, cut ? `${cut} more products` : terms.length ? "" : "nothing: every weight is 0");
  more.hidden = !more.textContent;
  write(line.lastChild, total === null ? "= ?" : `= ${number(total)}`);
}
