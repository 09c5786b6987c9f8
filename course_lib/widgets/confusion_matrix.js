import { button, el, follow, grid, mark, mount, oneStop, put, tick, write } from "./base.js";

const MOST_SHOWN = 48;
const MOST_PAIRS = 5;
const NAMES = ["chosen", "percent"];

/** What the counts (row true, column predicted) say. Python twins: ConfusionMatrix.recall, .precision, .accuracy. */
export function compute(counts) {
  const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);
  const found = counts.map((row, n) => row[n]);
  const ofTrue = counts.map(sum);
  const ofPredicted = counts.map((_, n) => sum(counts.map((row) => row[n])));
  const [right, total] = [sum(found), sum(ofTrue)];
  const share = (part, whole) => (whole ? part / whole : null);
  const pairs = counts
    .flatMap((row, i) => row.map((count, j) => ({ i, j, count })))
    .filter(({ i, j, count }) => i !== j && count)
    .sort((a, b) => b.count - a.count);
  return {
    ofTrue,
    ofPredicted,
    right,
    total,
    accuracy: right / total,
    recall: found.map((n, i) => share(n, ofTrue[i])),
    precision: found.map((n, i) => share(n, ofPredicted[i])),
    pairs,
  };
}

/** A fraction as a percentage of two or three figures; only what is none or all reads 0 or 100. */
export function percentage(fraction) {
  if (fraction === null) return "\u2013";
  const percent = 100 * fraction;
  if (fraction === 0 || fraction === 1) return String(percent);
  if (percent < 0.005) return "<0.01";
  if (percent > 99.995) return ">99.99";
  if (percent < 0.1 || percent > 99.9) return percent.toFixed(2);
  return percent < 9.95 || percent >= 99 ? percent.toFixed(1) : percent.toFixed(0);
}
const grouped = (value) => value.toLocaleString("en-US");
const pictures = (count) => (count === 1 ? "1 picture" : `${grouped(count)} pictures`);
/** A probability with two decimals; only what is none or all reads 0.00 or 1.00. */
export function certainty(probability) {
  if (probability > 0.995 && probability < 1) return ">0.99";
  return probability < 0.005 && probability > 0 ? "<0.01" : probability.toFixed(2);
}

function render({ model, el: element }) {
  const root = mount(element, "confusion-matrix", "Confusion matrix");
  const classes = model.get("_classes");
  const counts = model.get("_counts");
  const sure = model.get("_sure");
  const result = compute(counts);
  const size = classes.length;
  const last = size + 1; // where recall and precision stand
  let chosen = model.get("chosen");
  let percent = model.get("percent");
  let pointed = null; // the cell under the pointer or the focus

  // The pictures that are here: those that travelled along, and whole cells that a kernel sent later.
  const sets = new Map();
  const cellKey = ([i, j]) => `${i},${j}`;
  const asked = new Set();
  const load = ({ url }) => {
    const image = new Image();
    image.src = url;
    return { image, ready: image.decode() };
  };
  const take = (told, sprite) => {
    const file = load(sprite);
    const fresh = new Map();
    told.forEach((picture, place) => {
      const key = cellKey(picture.cell);
      if (!fresh.has(key)) fresh.set(key, []);
      fresh.get(key).push({ ...picture, place, sprite, file });
    });
    for (const [key, members] of fresh) sets.set(key, members);
  };
  take(model.get("_pictures"), model.get("_sprite"));

  const summary = el("p", { class: "cnn-summary" });
  const wrong = result.total - result.right;
  const sureWords =
    sure === null || wrong === 0
      ? ""
      : ` The network gave ${sure === 0 ? "none" : grouped(sure)} of them a probability of 0.9 or more.`;
  summary.append(
    `${grouped(result.right)} of ${grouped(result.total)} right: `,
    el("b", {}, `accuracy ${(100 * result.accuracy).toFixed(2)}\u00a0%`),
    wrong ? `, ${grouped(wrong)} mistake${wrong === 1 ? "" : "s"}.${sureWords}` : ", no mistake.",
  );

  const asPercent = tick("percent of each row", (value) => put(model, { percent: value }));
  const choose = (i, j) => put(model, { chosen: [i, j] });
  const pairs = result.pairs.slice(0, MOST_PAIRS).map(({ i, j, count }) => ({
    i,
    j,
    root: button(`${classes[i]} \u2192 ${classes[j]}: ${grouped(count)}`, () => choose(i, j), {
      "aria-label": `${classes[i]} taken for ${classes[j]}: ${pictures(count)}`,
      "aria-pressed": "false",
    }),
  }));
  const pairsLine = el(
    "div",
    { class: "cnn-row cnn-pairs", role: "group", "aria-label": "most frequent mistakes" },
    el("span", { class: "cnn-muted" }, "most mistakes"),
    ...pairs.map((pair) => pair.root),
  );
  pairsLine.hidden = pairs.length === 0;

  const inside = (i, j) => i > 0 && i < last && j > 0 && j < last;
  const matrix = grid({
    label: "confusion matrix: rows are the true class, columns the predicted one",
    className: "cnn-counts",
    make: (i, j) => ({
      control: inside(i, j)
        ? el("button", { type: "button", onclick: () => choose(i - 1, j - 1) })
        : el("span", { class: "cnn-cell" }),
    }),
    onpoint: (i, j) => {
      pointed = inside(i, j) ? [i - 1, j - 1] : null;
      point();
    },
    onleave: () => {
      pointed = null;
      point();
    },
  });
  matrix.resize(size + 2, size + 2);
  const digits = Math.max(...counts.flat().map((count) => grouped(count).length));
  root.style.setProperty("--least", `${Math.max(5.6 * digits, 17)}px`);
  const long = Math.max(...classes.map((name) => name.length));
  root.style.setProperty("--classes", size);
  root.style.setProperty("--names", `${Math.min(10 + 7.2 * long, 96)}px`);
  mark(root, "cnn-long", long > 3);
  const worst = Math.max(...result.pairs.map(({ i, count }) => count / result.ofTrue[i]), 1e-9);
  matrix.draw(({ td, control }, i, j) => {
    if (i === 0 || i === last || j === 0 || j === last) td.classList.add("cnn-edge");
    if (i === 0 && j > 0 && j < last) td.classList.add("cnn-above");
    if (j === 0) td.classList.add("cnn-beside");
    if (j === last) td.classList.add("cnn-recall");
    if (i === last) td.classList.add("cnn-precision");
    if (!inside(i, j)) {
      if (i === 0 && j === 0) td.setAttribute("aria-hidden", "true");
      else if (i === 0) write(control, j === last ? "recall %" : classes[j - 1]);
      else if (j === 0) write(control, i === last ? "precision %" : classes[i - 1]);
      else if (i === last && j < last) write(control, percentage(result.precision[j - 1]));
      else if (j === last && i < last) write(control, percentage(result.recall[i - 1]));
      if (i === 0 || j === 0) control.title = control.textContent;
      return;
    }
    const count = counts[i - 1][j - 1];
    const share = count / (result.ofTrue[i - 1] || 1);
    const strength = i === j ? share * 40 : count ? 6 + (34 * share) / worst : 0;
    td.style.setProperty("--strength", `${strength.toFixed(1)}%`);
    mark(td, "cnn-diagonal", i === j);
    mark(td, "cnn-none", count === 0);
    control.setAttribute(
      "aria-label",
      `true ${classes[i - 1]}, predicted ${classes[j - 1]}: ${pictures(count)}`,
    );
  });

  const told = el("p", { class: "cnn-status", "aria-live": "polite" });
  const title = el("p", { class: "cnn-caption" });
  const shown = el("small");
  const tiles = el("div", { class: "cnn-tiles", role: "group" });
  const detail = el("p", { class: "cnn-status", "aria-live": "polite" });
  root.append(
    summary,
    el("div", { class: "cnn-row cnn-bar" }, pairsLine, asPercent.root),
    el(
      "p",
      { class: "cnn-muted" },
      "Rows: the true class. Columns: what the network says. Choose a number to see its pictures.",
    ),
    el("div", { class: "cnn-scroll" }, matrix.root),
    told,
    el("div", { class: "cnn-bar" }, title, tiles, detail),
  );

  /** What a cell says, with its arithmetic. */
  function tell([i, j]) {
    const count = counts[i][j];
    const [mine, called] = [result.ofTrue[i], result.ofPredicted[j]];
    if (i !== j) {
      if (!mine) return `There is no picture of class ${classes[i]}.`;
      return (
        `True ${classes[i]}, predicted ${classes[j]}: ${grouped(count)} of ${grouped(mine)} = ` +
        `${percentage(count / mine)} % of the row. The reverse, ${classes[j]} taken for ${classes[i]}: ` +
        `${grouped(counts[j][i])}.`
      );
    }
    const recall = mine
      ? `recall ${grouped(count)} / ${grouped(mine)} = ${percentage(result.recall[i])} % of its pictures were found`
      : "no recall, as it has no picture";
    const precision = called
      ? `precision ${grouped(count)} / ${grouped(called)} = ${percentage(result.precision[i])} % of what was called ` +
        `${classes[i]} is right`
      : "no precision, as nothing was called so";
    return `${classes[i]}: ${recall}; ${precision}.`;
  }

  /** Everything that follows the pointer or the focus. */
  function point() {
    const [i, j] = pointed ?? chosen;
    write(told, tell([i, j]));
    matrix.draw(({ td }, r, c) => {
      mark(
        td,
        "cnn-here",
        (r === i + 1 && (c === 0 || c === last)) || (c === j + 1 && (r === 0 || r === last)),
      );
    });
  }

  const renewStop = oneStop(tiles);

  function describe({ index, cell: [i, j], top }) {
    if (!top.length) return `Picture ${index} is of class ${classes[i]}; the network says ${classes[j]}.`;
    const says = top.map(([n, probability]) => `${classes[n]} with ${certainty(probability)}`).join(", ");
    return `Picture ${index} is of class ${classes[i]}; the network says ${says}.`;
  }

  async function paint(canvas, { place, sprite, file }) {
    const [height, width] = sprite.side;
    [canvas.height, canvas.width] = [height, width];
    await file.ready;
    const [down, right] = [
      Math.floor(place / sprite.columns) * sprite.cell[0],
      (place % sprite.columns) * sprite.cell[1],
    ];
    canvas.getContext("2d").drawImage(file.image, right, down, width, height, 0, 0, width, height);
  }

  function makeTile(picture) {
    const canvas = el("canvas", { "aria-hidden": "true" });
    paint(canvas, picture);
    const mine = picture.top[0]?.[1];
    const tell = () => write(detail, describe(picture));
    return el(
      "button",
      {
        type: "button",
        class: "cnn-tile",
        "aria-label": describe(picture),
        onpointerenter: tell,
        onclick: tell,
        onfocus: tell,
      },
      canvas,
      el("small", {}, mine === undefined ? `no. ${picture.index}` : certainty(mine)),
    );
  }

  /** The pictures of the chosen cell: those that are here; a kernel is asked for the others. */
  function open() {
    const [i, j] = chosen;
    const count = counts[i][j];
    const here = sets.get(cellKey(chosen)) ?? [];
    const want = Math.min(count, MOST_SHOWN);
    if (here.length < want && !asked.has(cellKey(chosen))) {
      asked.add(cellKey(chosen));
      model.send({ cell: chosen });
    }
    const what = i === j ? `${classes[i]}, found` : `${classes[i]} taken for ${classes[j]}`;
    const order = !here[0]?.top.length ? "" : i === j ? ", the least sure first" : ", the surest first";
    const few =
      here.length < count
        ? `${here.length} of ${grouped(count)} shown${order}` +
          (here.length < want ? "; a running kernel brings the others" : "")
        : `${grouped(count)}${count > 1 ? order : ""}`;
    title.replaceChildren(what, " ", shown);
    write(shown, count ? few : "");
    tiles.setAttribute("aria-label", `pictures: ${what}`);
    tiles.replaceChildren(...here.map((picture) => makeTile(picture)));
    renewStop();
    write(detail, here.length ? describe(here[0]) : "No picture is counted here.");
    matrix.draw(({ td, control }, r, c) => {
      if (!inside(r, c)) return;
      const now = r === i + 1 && c === j + 1;
      mark(td, "cnn-now", now);
      control.setAttribute("aria-pressed", String(now));
    });
    for (const pair of pairs) pair.root.setAttribute("aria-pressed", String(pair.i === i && pair.j === j));
  }

  function drawNumbers() {
    matrix.draw(({ td, control }, i, j) => {
      if (!inside(i, j)) return;
      const count = counts[i - 1][j - 1];
      const text = percent
        ? percentage(result.ofTrue[i - 1] ? count / result.ofTrue[i - 1] : null)
        : grouped(count);
      write(control, text);
      td.style.setProperty("--length", text.length);
    });
    asPercent.set(percent);
  }

  const receive = (message) => {
    if (!message.cell) return;
    take(message.pictures, message.sprite);
    if (cellKey(message.cell) === cellKey(chosen)) open();
  };
  model.on("msg:custom", receive);
  let drawn = null;
  const unfollow = follow(model, NAMES, () => {
    [chosen, percent] = [model.get("chosen"), model.get("percent")];
    drawNumbers();
    if (drawn !== cellKey(chosen)) open();
    drawn = cellKey(chosen);
    point();
  });
  return () => {
    unfollow();
    model.off("msg:custom", receive);
  };
}

export default { render };
