// The quiz: one question at a time, an explanation after each answer. All of it runs in the browser, so it
// still answers when the kernel is gone. Verdicts and explanations come sealed and are opened on "Check".
import { button, el, follow, mark, mount, number, put, uniqueId, write } from "./widgets/base.js";

/** The inverse of `seal_options` in course_lib/sealed.py: XOR with mulberry32 seeded by FNV-1a of the key. */
export function unseal(sealed, key) {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) state = Math.imul(state ^ byte, 0x01000193);
  const plain = Uint8Array.from(atob(sealed), (letter) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return letter.charCodeAt(0) ^ t ^ (t >>> 14);
  });
  const [right, why] = JSON.parse(new TextDecoder().decode(plain));
  return { right: right === 1, why };
}

/** Judge the picked options (indices) of a question: right as a whole, and the verdict of every option. */
export function judge(question, lesson, picked) {
  const key = `${lesson}/${question.id}`;
  const verdicts = question.options.map(({ sealed, text }) => unseal(sealed, `${key}/${text}`));
  const right = verdicts.every((verdict, k) => verdict.right === picked.includes(k));
  return { right, verdicts };
}

/** A text whose `code` stands between backticks and whose *stress* between asterisks. Twin: rich in quiz.py. */
function rich(text) {
  return text.split("`").flatMap((part, k) => {
    if (k % 2) return [el("code", {}, part)];
    return part.split(/\*(\w(?:[^*]*\w)?)\*/).map((piece, n) => (n % 2 ? el("em", {}, piece) : piece));
  });
}

function numbers(kind, rows) {
  const table = el("table", { class: `cnn-grid cnn-${kind}`, "aria-label": kind },
    el("caption", {}, kind),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((value) => (
      el("td", {}, el("span", { class: "cnn-cell" }, number(value)))
    ))))));
  table.style.setProperty("--columns", rows[0].length);
  return table;
}

const same = (a, b) => a.length === b.length && a.every((value, k) => value === b[k]);

/** One question. `oncheck(picked)` reports an answer; `show(picked, right)` shows what was answered last. */
function card(question, place, lesson, oncheck) {
  const group = uniqueId("quiz");
  const inputs = question.options.map((_, k) => el("input", {
    type: question.several ? "checkbox" : "radio", name: group, value: k, onchange: () => refresh(),
  }));
  const labels = question.options.map((option, k) => el("label", { class: "cnn-option" },
    inputs[k],
    el("span", {}, ...rich(option.text)),
    el("span", { class: "cnn-mark", "aria-hidden": "true" })));
  const feedback = el("div", { class: "cnn-feedback", role: "status" });
  let answered = [];

  const picked = () => inputs.flatMap((input, k) => (input.checked ? [k] : []));
  const line = ({ right, why }) => el("p", {},
    el("strong", { class: right ? "cnn-right" : "cnn-fault" }, right ? "Right. " : "Not right. "),
    ...rich(why));
  const about = (k) => el("p", { class: "cnn-about" }, ...rich(question.options[k].text));

  function explain() {
    const { right, verdicts } = judge(question, lesson, answered);
    const lines = answered.flatMap((k) => [...(question.several ? [about(k)] : []), line(verdicts[k])]);
    if (!right && answered.every((k) => verdicts[k].right)) {
      const incomplete = el("strong", { class: "cnn-fault" }, "Not complete. ");
      lines.push(el("p", {}, incomplete, "Another answer is right as well."));
    }
    const others = question.options.flatMap((option, k) => (answered.includes(k) ? [] : [
      el("dt", {}, ...rich(option.text)), el("dd", {}, ...rich(verdicts[k].why)),
    ]));
    const rest = right && others.length
      ? el("details", {}, el("summary", {}, "Why not the others?"), el("dl", {}, ...others)) : null;
    feedback.replaceChildren(...lines, ...(rest ? [rest] : []));
    labels.forEach((label, k) => {
      const chosen = answered.includes(k);
      mark(label, "is-right", chosen && verdicts[k].right);
      mark(label, "is-wrong", chosen && !verdicts[k].right);
      write(label.lastChild, !chosen ? "" : verdicts[k].right ? "\u2713" : "\u2717");
    });
  }

  /** Show the explanation only while the options picked are those that it is about. */
  function refresh() {
    if (answered.length && same(picked(), answered)) {
      explain();
      return;
    }
    feedback.replaceChildren();
    for (const label of labels) {
      label.classList.remove("is-right", "is-wrong");
      write(label.lastChild, "");
    }
  }

  const root = el("form", {
    class: "cnn-card",
    "data-question": question.id,
    onsubmit: (event) => {
      event.preventDefault();
      if (picked().length) oncheck(picked());
      else feedback.replaceChildren(el("p", {}, "Choose an answer first."));
    },
  },
  el("fieldset", {},
    el("legend", {},
      el("span", { class: "cnn-number" }, `Question ${place}`),
      el("span", {}, ...rich(question.question))),
    ...Object.entries(question.grids).map(([kind, rows]) => numbers(kind, rows)),
    question.several ? el("p", { class: "cnn-muted" }, "Tick every right answer.") : null,
    ...labels),
  button("Check", null, { type: "submit", class: "cnn-button cnn-main" }),
  feedback);

  return {
    root,
    focus: () => (inputs.find((input) => input.checked) ?? inputs[0]).focus(),
    show(now) {
      if (same(now, answered)) return; // and keep what was picked but not checked yet
      answered = now;
      inputs.forEach((input, k) => { input.checked = now.includes(k); });
      refresh();
    },
  };
}

function render({ model, el: host }) {
  const lesson = model.get("lesson");
  const questions = model.get("questions");
  const title = `Quiz: ${model.get("title")}`;
  const root = mount(host, "quiz", title);
  const progress = el("p", { class: "cnn-muted cnn-progress" });
  let current = Math.max(0, questions.findIndex((question) => !model.get("chosen")[question.id]));

  const cards = questions.map((question, k) => {
    const oncheck = (picked) => put(model, { chosen: { ...model.get("chosen"), [question.id]: picked } });
    return card(question, `${k + 1} of ${questions.length}`, lesson, oncheck);
  });
  const steps = questions.map((_, k) => button(String(k + 1), () => go(k), { class: "cnn-button cnn-step" }));
  const back = button("Previous", () => go(current - 1));
  const next = button("Next", () => go(current + 1));

  function go(k) {
    current = k;
    draw();
    cards[current].focus();
  }

  function draw() {
    const chosen = model.get("chosen");
    let answered = 0;
    let right = 0;
    questions.forEach((question, k) => {
      const picked = chosen[question.id] ?? [];
      const isRight = picked.length > 0 && judge(question, lesson, picked).right;
      answered += picked.length > 0;
      right += isRight;
      cards[k].show(picked);
      cards[k].root.hidden = k !== current;
      const state = isRight ? "right" : picked.length ? "not right yet" : "not answered";
      steps[k].setAttribute("aria-label", `Question ${k + 1}, ${state}`);
      if (k === current) steps[k].setAttribute("aria-current", "step");
      else steps[k].removeAttribute("aria-current");
      mark(steps[k], "is-right", isRight);
      mark(steps[k], "is-wrong", picked.length && !isRight);
    });
    write(progress, `${answered} of ${questions.length} answered, ${right} right`);
    back.disabled = current === 0;
    next.disabled = current === questions.length - 1;
  }

  root.append(
    el("header", { class: "cnn-row" }, el("h3", {}, title), progress),
    el("nav", { class: "cnn-row cnn-steps", "aria-label": "Questions" }, ...steps),
    ...cards.map((one) => one.root),
    el("div", { class: "cnn-row cnn-moves" }, back, next),
  );
  return follow(model, ["chosen"], draw);
}

export default { render };
