"""Build the site: every page, and below assets/ what they share.

Addresses are relative and every page is whole in itself, so the folder may be moved, zipped or put on any host.
"""

import posixpath
import re
import shutil
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path, PurePosixPath

from course_lib.errors import CourseError
from course_lib.instructor import release
from course_lib.instructor.site import explorables, lessons
from course_lib.instructor.site.pages import HERE, github_ids, links, markdown, program, relative, shell, stylesheet
from course_lib.instructor.source import source_files

# The course's texts, and where each is on the site.
TEXTS = {"CONTRIBUTING.md": "contributing.html"} | {
    f"docs/{name}.md": f"docs/{name}.html" for name in (
        "slides", "errata", "data", "students", "instructors", "training", "performance", "architecture")}
SAYS = "Convolutional neural networks, computed by hand, coded, checked: a course in twelve notebooks."
HERO = "convolution_stepper"


class Site:
    """A site below `folder`, made from the checkout `root`."""

    def __init__(self, root: Path, folder: Path, say: Callable[[str], None] = print):
        self.root, self.folder, self.say = root, folder, say
        self.repository = release.repository(root)
        self.notebooks = [path.stem for path in source_files(root)]
        self.explorables = explorables.catalogue()
        self.titles: dict[str, str] = {}  # of the notebooks, and their text and code, once they are read
        self.sources: dict[str, str] = {}

    def write(self, page: str, text: str) -> None:
        """Write one file."""
        path = self.folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self, solutions: bool = False, execute: Iterable[str] | None = None) -> None:
        """Write everything; `execute` names the notebooks to be run, all by default."""
        if self.folder.exists() and any(self.folder.iterdir()) and not (self.folder / "assets" / "site.js").exists():
            raise CourseError(f"{self.folder} holds something else than a site: name an empty folder, or one of an "
                              "earlier site.")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assets()
        self.lessons(solutions, self.notebooks if execute is None else list(execute))
        self.explore()
        for source, page in TEXTS.items():
            self.text(source, page)
        self.results()
        self.start()

    # ------------------------------------------------------------------------------------------------- what pages share

    def assets(self) -> None:
        """Style, scripts, views, pictures."""
        self.write("assets/site.css", stylesheet())
        model = (HERE.parents[1] / "widgets" / "model.js").read_text(encoding="utf-8")
        self.write("assets/site.js", model.replace("export function", "function") + (HERE / "site.js").read_text())
        shutil.copy(HERE / "icon.svg", self.folder / "assets" / "icon.svg")
        for name, kind in explorables.views().items():
            self.write(f"assets/views/{name}.js", explorables.view_script(name, kind))
        shutil.copytree(self.root / "docs" / "images", self.folder / "assets" / "images")

    def page_of(self, path: PurePosixPath) -> str | None:
        """Where a file of the checkout is on the site, or None."""
        name = path.as_posix()
        if name in TEXTS:
            return TEXTS[name]
        if name in (".", "README.md"):
            return "index.html"
        if path.suffix == ".ipynb" and path.stem in self.notebooks:
            return f"notebooks/{path.stem}.html"
        if name.startswith("docs/images/"):
            return f"assets/images/{name.removeprefix('docs/images/')}"
        return None

    def turn(self, source: str, page: str) -> Callable[[str], str]:
        """Addresses in a Markdown file as the page made from it has them: on the site, or in the repository."""
        def address(found: str) -> str:
            if re.match(r"[a-z]+:", found):
                return found
            name, hash_, part = found.partition("#")
            path = PurePosixPath(posixpath.normpath(PurePosixPath(source).parent / name))
            if target := self.page_of(path):
                return relative(target, page) + hash_ + part
            if not (self.root / path).exists():
                raise CourseError(f"{source} leads to {found}, and there is no such file.")
            return f"{self.repository}/{'tree' if (self.root / path).is_dir() else 'blob'}/main/{path}"

        return address

    def text(self, source: str, page: str) -> None:
        """A Markdown file of the course as a page."""
        words = (self.root / source).read_text(encoding="utf-8")
        if source == "docs/slides.md":
            words = self._rows_to_sections(words)
        title = re.search(r"^# (.*)$", words, re.MULTILINE)[1]
        body = links(github_ids(markdown(words)), self.turn(source, page))
        self.write(page, shell(page, title, f'<article class="text">{body}</article>', f"{title}. {SAYS}"))

    def _rows_to_sections(self, words: str) -> str:
        """The notebooks' numbers and sections in the tables of docs/slides.md as links."""
        names, columns, lines = {name[:2]: name for name in self.notebooks}, [], []
        for line in words.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
            if "Notebook" in cells:
                columns = cells
            elif columns and len(cells) == len(columns) and (number := cells[columns.index("Notebook")]) in names:
                address = f"../notebooks/{names[number]}/{names[number]}.ipynb"
                cells[columns.index("Notebook")] = f"[{number}]({address})"
                if "Section" in columns:
                    section = cells[columns.index("Section")]
                    cells[columns.index("Section")] = f"[{section}]({address}#{_anchor(section)})"
                line = f"| {' | '.join(cells)} |"
            lines.append(line)
        return "\n".join(lines)

    # ------------------------------------------------------------------------------------------------------- the course

    def lessons(self, solutions: bool, execute: list[str]) -> None:
        """The notebooks, run and rendered."""
        if unknown := set(execute) - set(self.notebooks):
            raise CourseError(f"There is no notebook {', '.join(sorted(unknown))}; choose from: "
                              f"{', '.join(self.notebooks)}.")
        notebooks = {name: lessons.read(self.root, name, solutions) for name in self.notebooks}
        for count, name in enumerate(lessons.run(self.root, {name: notebooks[name] for name in execute}, solutions), 1):
            self.say(f"notebooks: {name} has run, {count} of {len(execute)}")
        items = []
        for number, (name, notebook) in enumerate(notebooks.items()):
            first, self.sources[name] = notebook.cells[0].source, "\n".join(cell.source for cell in notebook.cells)
            self.titles[name] = re.search(r"^# (.*)$", first, re.MULTILINE)[1]
            intro = re.sub(r"\s+", " ", first.split("\n\n")[1])
            page = f"notebooks/{name}.html"
            source = f"notebooks/{name}/{name}.ipynb"
            body = links(lessons.render(notebook), self.turn(source, page))
            steps = [(self.notebooks[other], word) for other, word in ((number - 1, "Before"), (number + 1, "Next"))
                     if 0 <= other < len(self.notebooks)]
            way = " · ".join(f'<a href="{other}.html">{word}: {other[:2]}</a>' for other, word in steps)
            where = {"slug": self.repository.removeprefix("https://github.com/"), "path": source}
            note = ("<strong>Solved: for instructors.</strong>" if solutions else
                    "As you open it, run once. Where a cell waits for you, it says so.")
            self.write(page, shell(page, self.titles[name], f"""
<p class="bar">{note}
<a href="{release.COLAB.format(**where)}" rel="external">Do it in Colab</a> ·
<a href="{release.BINDER.format(**where)}" rel="external">in Binder</a> ·
or at home: <code>make lab</code></p>
<article class="lesson">{body}</article>
<p class="bar">{way}</p>""", intro[:300]))
            items.append(f'<li><a href="{page}"><b>{escape(self.titles[name])}</b></a><p>{_line(intro)}</p></li>')
        self.write("notebooks.html", shell("notebooks.html", "Notebooks", f"""
<h1>Twelve notebooks</h1>
<p class="lead">Each takes 45 to 90 minutes: predict, compute by hand, code, check, explain. 01 to 05 need NumPy
alone; from 06 on PyTorch trains, on a laptop.</p>
<ol class="lessons">{"".join(items)}</ol>""", "The twelve notebooks of the course."))

    def explore(self) -> None:
        """A page for each widget, and one for all."""
        for number, one in enumerate(self.explorables):
            self.say(f"widgets: {one.title}, {number + 1} of {len(self.explorables)}")
            widget = explorables.write(self.write, one)
            page, others = f"explore/{one.slug}.html", self.explorables
            before, after = others[number - 1], others[(number + 1) % len(others)]
            questions = "".join(f"<li>{escape(question)}</li>" for question in one.questions)
            used = ", ".join(f'<a href="../notebooks/{name}.html">{escape(self.titles[name])}</a>'
                             for name, text in self.sources.items() if one.is_shown_in(text))
            self.write(page, shell(page, one.title, f"""
<h1>{escape(one.title)}</h1>
<p class="lead">{escape(one.says)}</p>
{live(one, static=widget.static_html())}
<section class="try" aria-labelledby="try"><h2 id="try">Find out</h2><ul>{questions}</ul></section>
<p>In the course: {used or "in a notebook of your own"}.</p>
<details><summary>The same in a notebook, with your own numbers</summary>
{program(f"from course_lib.widgets import {one.name}" + chr(10) + one.code)}
<p>Its state can be read and set from Python.</p></details>
<p class="bar"><a href="{before.slug}.html">{escape(before.title)}</a> · <a href="../explore.html">all</a> ·
<a href="{after.slug}.html">{escape(after.title)}</a></p>""", one.says))
        self.write("explore.html", shell("explore.html", "Explore", f"""
<h1>Play with it</h1>
<p class="lead">The widgets of the course, live in your browser: no installation, no account, no network. Everything
works with a mouse, a finger or the keyboard alone.</p>
{self._cards("explore.html")}""", "The widgets of the course, live in the browser."))

    def _cards(self, page: str) -> str:
        cards = "".join(f"""
<li><a href="{relative(f"explore/{one.slug}.html", page)}">
<span class="preview" aria-hidden="true">{live(one, inert=True)}</span>
<b>{escape(one.title)}</b></a><p>{escape(one.says)}</p></li>""" for one in self.explorables)
        return f'<ul class="cards">{cards}</ul>'

    # ------------------------------------------------------------------------------------------------------ the numbers

    def results(self) -> None:
        """What was measured: the networks of slide 42, the plots, the recorded runs that can be played with."""
        from course_lib.models.table import NOTES, rows

        page, lines, notes = "results.html", [], []
        for row in rows():
            best = min((reached.error for reached in row.reached), default=None)
            if row.verdict == "differs" and row.note not in notes:
                notes.append(row.note)
            mark = "" if row.verdict == "-" else "as printed"
            if row.verdict == "differs":
                mark = f"differs ({notes.index(row.note) + 1})"
            cells = (row.method, row.depth, row.params, f"{row.counted:,}", mark, row.errors["C10+"],
                     "" if best is None else f"{best:.2f}")
            lines.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
        plots = "".join(map(_plot, sorted((self.root / "docs" / "images" / "benchmarks").glob("*.svg"))))
        play = "".join(f"<h2>{escape(one.title)}</h2><p>{escape(one.says)}</p>{live(one)}" for one in self.explorables
                       if one.name in ("DepthExplorer", "LabelsAgainstAccuracy"))
        self.write(page, shell(page, "Results", f"""
<h1>Measured</h1>
<p class="lead">What the course claims, it measured. Every number stands in a CSV of the repository with the machine,
the versions and the command that made it. <a href="docs/performance.html">Speed</a>,
<a href="docs/training.html">training</a>, <a href="docs/errata.html">errors of the lecture</a>.</p>
{play}
<h2>Slide 42, recounted</h2>
<p>Every row of the lecture's table of networks, as printed, beside the network that the course builds.</p>
<div class="scroll"><table><thead><tr><th>network</th><th>depth</th><th>parameters, printed</th><th>counted</th>
<th>rounded</th><th>error on C10+, printed, %</th><th>reached here, %</th></tr></thead>
<tbody>{"".join(lines)}</tbody></table></div>
<ol>{"".join(f"<li>{escape(NOTES[note])}</li>" for note in notes)}</ol>
<h2>Speed</h2>{plots}""", "What the course measured."))

    def start(self) -> None:
        """The front page."""
        hero = next(one for one in self.explorables if one.slug == HERO)
        self.write("index.html", shell("index.html", "CNN by Hand", f"""
<section class="hero"><div><h1>Convolutional networks,<br>by hand.</h1>
<p class="lead">Nothing stays a black box: you compute each idea on a few numbers, write it in a few lines, and are
told at once what is right, what is wrong, and which classic mistake it was.</p>
<p><a class="action" href="notebooks.html">The twelve notebooks</a>
<a class="action quiet" href="explore.html">Play first</a></p></div>
<div>{live(hero)}<p class="caption">Slide 6 of the lecture, live. Change any number.</p></div></section>
<h2>Play with it</h2>
{self._cards("index.html")}
<h2>Where everything is</h2>
<ul class="ways">
<li><a href="docs/slides.html"><b>From slide to exercise</b></a>
<p>All 56 slides of the lecture, and where each is done.</p></li>
<li><a href="docs/errata.html"><b>Errata</b></a><p>What the lecture gets wrong, with proofs.</p></li>
<li><a href="results.html"><b>Results</b></a><p>What was measured, and how to measure it again.</p></li>
<li><a href="docs/data.html"><b>Data</b></a><p>The pictures, where they come from, under which licence.</p></li>
</ul>""", SAYS))


def live(one: explorables.Explorable, static: str = "", inert: bool = False) -> str:
    """The place of a live widget; `static` stands there until it is live, and for who has no scripts."""
    return (f'<div class="live" data-view="{one.slug}" data-model="explore/{one.slug}"{" inert" if inert else ""}>'
            f"{static}</div>")


def _plot(path: Path) -> str:
    """A plot of docs/images/benchmarks, light or dark as the reader's system is."""
    if path.stem.endswith("-dark"):
        return ""
    where, name = "assets/images/benchmarks", path.stem.replace("_", " ")
    return (f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{where}/{path.stem}-dark.svg">'
            f'<img src="{where}/{path.name}" alt="Plot: {name}" loading="lazy"></picture></figure>')


def _line(text: str) -> str:
    """One paragraph of Markdown without its <p>."""
    return re.sub(r"^<p>|</p>$", "", markdown(text).strip())


def _anchor(heading: str) -> str:
    """The id that nbconvert gives a heading."""
    return re.search(r'id="([^"]*)"', markdown(f"## {heading}"))[1]
