import { el, follow, mark, mount, number, put, write } from "./base.js";

const IN_TILE = 4; // patches beside a made picture

/** How many times `other` a value is, or null where that says nothing. Python twin: times. */
export function times(value, other) {
  return other > 0 && value > 0 ? value / other : null;
}

/** An answer as people read it. */
export function answerText(value) {
  const size = Math.abs(value);
  return number(value, size < 9.95 ? 2 : size < 99.5 ? 1 : 0);
}

function render({ model, el: element }) {
  const root = mount(element, "crude-to-fine", "From crude to fine");
  const rows = model.get("_rows");
  const sheets = model.get("_sheets").map(({ made, found }) => ({ made: load(made), found: load(found) }));
  let chosen = model.get("chosen");

  function load(sheet) {
    if (!sheet) return null;
    const image = new Image();
    image.src = sheet.url;
    return { ...sheet, image, ready: image.decode() };
  }

  /** A picture of a sheet on a canvas, as large as it is. */
  async function paint(canvas, sheet, n, [height, width]) {
    await sheet.ready;
    [canvas.height, canvas.width] = [height, width];
    const [down, right] = [Math.floor(n / sheet.columns) * sheet.cell[0], (n % sheet.columns) * sheet.cell[1]];
    canvas.getContext("2d").drawImage(sheet.image, right, down, width, height, 0, 0, width, height);
  }
  const made = (canvas, row, place) => paint(canvas, sheets[row].made, place, rows[row].units[place].side);
  const found = (canvas, row, place, n) => {
    const before = rows[row].units.slice(0, place).reduce((sum, unit) => sum + unit.sides.length, 0);
    return paint(canvas, sheets[row].found, before + n, rows[row].units[place].sides[n]);
  };
  const sees = ({ field }) => field.join("\u00d7");
  const best = (unit) => (unit.answers.length ? Math.max(...unit.answers) : null);

  // The chosen unit, large.
  const large = el("canvas", { role: "img" });
  const title = el("p", { class: "cnn-caption" });
  const facts = Object.fromEntries(
    ["layer", "it sees", "answer to its picture", "to the strongest patch", "picture over patch", "typical answer"].map((name) => [
      name,
      { dt: el("dt", {}, name), dd: el("dd", {}) },
    ]),
  );
  const patches = el("div", { class: "cnn-patches" });
  const spoken = el("p", { class: "cnn-hidden", role: "status" });
  const detail = el(
    "div",
    { class: "cnn-bar cnn-detail" },
    el("figure", {}, large, el("figcaption", { class: "cnn-muted" }, "made to excite it")),
    el(
      "div",
      {},
      title,
      el("dl", {}, ...Object.values(facts).flatMap(({ dt, dd }) => [dt, dd])),
      patches,
    ),
  );

  // The gallery: one tab stop in which arrow keys choose.
  const tiles = rows.map(({ layer, units }, row) =>
    units.map((unit, place) => {
      const picture = el("canvas", { "aria-hidden": "true" });
      made(picture, row, place);
      const small = unit.sides.slice(0, IN_TILE).map((_, n) => {
        const canvas = el("canvas", { "aria-hidden": "true" });
        found(canvas, row, place, n);
        return canvas;
      });
      return el(
        "button",
        {
          type: "button",
          class: "cnn-tile",
          tabindex: "-1",
          "aria-label":
            `${layer}, unit ${unit.unit}: answer ${answerText(unit.value)} to its picture, ` +
            `typical ${answerText(unit.typical)}`,
          onclick: () => put(model, { chosen: [row, place] }),
          onkeydown: (event) => go(event, row, place),
        },
        el("span", { class: "cnn-pair" }, picture, el("span", { class: "cnn-small" }, ...small)),
        el("small", {}, el("b", {}, String(unit.unit)), ` ${answerText(unit.value)}`),
      );
    }),
  );
  function go(event, row, place) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    let [i, j] = [row, place];
    if (event.key in moves) [i, j] = [row + moves[event.key][0], place + moves[event.key][1]];
    else if (event.key === "Home") j = 0;
    else if (event.key === "End") j = tiles[row].length - 1;
    else return;
    event.preventDefault();
    if (!tiles[i]) return;
    j = Math.min(j, tiles[i].length - 1);
    if (j < 0) return;
    tiles[i][j].focus();
    put(model, { chosen: [i, j] });
  }

  const most = Math.max(...rows.map((row) => row.units.length));
  root.style.setProperty("--columns", most);
  root.append(
    detail,
    spoken,
    el(
      "p",
      { class: "cnn-muted" },
      "Each unit: the picture made for it, beside the strongest patches of photographs; its number, and its answer to " +
        "the made picture. From the first layer to the last.",
    ),
    ...rows.map((row, n) =>
      el(
        "div",
        { class: "cnn-layer", role: "group", "aria-label": `${row.layer}, a unit sees ${sees(row)} pixels` },
        el("p", { class: "cnn-caption" }, `${row.layer} `, el("small", {}, `a unit sees ${sees(row)} pixels`)),
        el("div", { class: "cnn-units" }, ...tiles[n]),
      ),
    ),
  );

  const unfollow = follow(model, ["chosen"], () => {
    chosen = model.get("chosen");
    const [row, place] = chosen;
    const unit = rows[row].units[place];
    made(large, row, place);
    large.setAttribute("aria-label", `picture made to excite unit ${unit.unit} of ${rows[row].layer}`);
    write(title, `unit ${unit.unit}`);
    const top = best(unit);
    const share = top === null ? null : times(unit.value, top);
    const texts = {
      layer: rows[row].layer,
      "it sees": `${sees(rows[row])} pixels`,
      "answer to its picture": answerText(unit.value),
      "to the strongest patch": top === null ? "\u2013" : answerText(top),
      "picture over patch": share === null ? "\u2013" : `\u00d7\u00a0${number(share, share < 9.95 ? 1 : 0)}`,
      "typical answer": answerText(unit.typical),
    };
    for (const [name, { dd }] of Object.entries(facts)) write(dd, texts[name]);
    patches.replaceChildren(
      ...unit.answers.map((answer, n) => {
        const canvas = el("canvas", { role: "img", "aria-label": `patch ${n + 1}: answer ${answerText(answer)}` });
        found(canvas, row, place, n);
        return el("figure", {}, canvas, el("figcaption", {}, answerText(answer)));
      }),
    );
    write(
      spoken,
      `unit ${unit.unit} of ${rows[row].layer}: answer ${answerText(unit.value)}, typical ${answerText(unit.typical)}`,
    );
    tiles.forEach((line, i) =>
      line.forEach((tile, j) => {
        const now = i === row && j === place;
        mark(tile, "cnn-now", now);
        tile.setAttribute("aria-pressed", String(now));
        tile.setAttribute("tabindex", now ? "0" : "-1");
      }),
    );
  });
  return unfollow;
}

export default { render };
