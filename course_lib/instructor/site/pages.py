"""Texts as pages: the course's Markdown as HTML, formulas as MathML, links between files as links between pages."""

import posixpath
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import unquote

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_lib import look

HERE = Path(__file__).parent
NAVIGATION = {"index.html": "Start", "explore.html": "Explore", "notebooks.html": "Notebooks",
              "docs/slides.html": "Slides", "docs/errata.html": "Errata", "results.html": "Results",
              "docs/data.html": "Data"}
# What Pygments calls the parts of a program, and the course's colours for them.
INK = {"accent": "k kc kd kn kp kr kt nb bp nd ow", "right": "s sa sb sc dl sd s1 s2 se sh si sx ss",
       "muted": "c c1 ch cm cs cp", "wrong": "mi mf mh mo mb nc nf fm"}


class Renderer(IPythonRenderer):
    """Markdown as nbconvert writes it, but formulas as MathML, which needs no script."""

    def block_math(self, body: str) -> str:
        return f'<div class="scroll">{convert(body.strip(), display="block")}</div>'

    def inline_math(self, body: str) -> str:
        return convert(body)

    def table(self, text: str) -> str:
        return f'<div class="scroll"><table>\n{text}</table></div>\n'


def markdown(text: str) -> str:
    """The HTML of a text, as in a notebook."""
    return MarkdownWithMath(renderer=Renderer(escape=False)).render(text)


def github_ids(html: str) -> str:
    """Headings' ids as GitHub gives them, which is what links between the course's texts are written for."""
    def plain(match: re.Match) -> str:
        return match[1] + re.sub(r"[^\w-]", "", unquote(match[2]).lower()) + '"'

    return re.sub(r'(<h\d id="|class="anchor-link" href="#)([^"]*)"', plain, html)


def links(html: str, turn: Callable[[str], str | None]) -> str:
    """HTML with every relative address turned into another; where it becomes None, only the words stay."""
    def address(match: re.Match) -> str:
        before, value, after = match.groups()
        return f"{before}{escape(found)}{after}" if (found := turn(value)) is not None else f"{before}#{after}"

    return re.sub(r'(\s(?:href|src|srcset)=")([^"#][^"]*)(")', address, html)


def relative(target: str, page: str) -> str:
    """The address of one file of the site as another writes it."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def shell(page: str, title: str, body: str, says: str) -> str:
    """A whole page: head, navigation, `body`, foot. `page` is its address from the site's root."""
    here = page if page in NAVIGATION else _section(page)
    items = "".join(
        f'<li><a href="{relative(address, page)}"{" aria-current=page" if address == here else ""}>{name}</a></li>'
        for address, name in NAVIGATION.items())
    home, icon = relative("index.html", page), relative("assets/icon.svg", page)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}{"" if page == "index.html" else " · CNN by Hand"}</title>
<meta name="description" content="{escape(says)}">
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{relative("assets/site.css", page)}">
<script src="{relative("assets/site.js", page)}"></script>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header class="top">
<a class="brand" href="{home}"><img src="{icon}" alt="" width="28" height="28">CNN by Hand</a>
<nav aria-label="The course"><ul>{items}</ul></nav>
<button type="button" class="theme" data-theme="auto" aria-label="Colours"></button>
</header>
<main id="content" tabindex="-1">
{body}
</main>
<footer class="foot">
<p>An open course. Code: MIT. Text, figures and exercises: CC BY 4.0. It grows out of Arthur Douillard's lecture
<cite>CNN: Convolutional Neural Networks</cite> (2021).</p>
<p><a href="{relative("docs/students.html", page)}">For students</a> ·
<a href="{relative("docs/instructors.html", page)}">for instructors</a> ·
<a href="{relative("contributing.html", page)}">for contributors</a> ·
<a href="{relative("docs/architecture.html", page)}">how it is built</a></p>
</footer>
</body>
</html>
"""


def _section(page: str) -> str:
    return {"explore": "explore.html", "notebooks": "notebooks.html"}.get(page.partition("/")[0], "")


def stylesheet() -> str:
    """The site's style: the course's tokens for the whole page, its own rules, and the colours of programs."""
    tokens = look.css().partition("}")[0].replace(".cnn {", ":root {", 1) + "}\n" + "".join(
        f"html[theme='{theme}'] {{ color-scheme: {theme}; }}\n" for theme in ("light", "dark"))
    code = "".join(
        f"{', '.join(f'.highlight .{part}' for part in parts.split())} {{ color: var(--cnn-{ink}); }}\n"
        for ink, parts in INK.items())
    return tokens + (HERE / "site.css").read_text(encoding="utf-8") + code


def program(text: str) -> str:
    """A piece of Python, coloured."""
    return highlight(text, PythonLexer(), HtmlFormatter())
