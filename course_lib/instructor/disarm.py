"""What students wrote, shown to instructors: as HTML that holds no script.

formgrader and the feedback pages show a submission's Markdown and outputs as they are. Opened by an instructor, a
script in them would act with the instructor's rights: it could ask formgrader to change grades. So Markdown is rendered
by `markdown2html` below, and outputs go through `DisarmOutputs`; `nbgrader_config.py` switches both on. Bleach keeps
what text, tables and pictures need.
"""

from __future__ import annotations

import bleach
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from jinja2 import pass_context
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

TAGS = frozenset(
    "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img kbd "
    "li mark ol p picture pre s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul".split())
ATTRIBUTES = {"*": ["class", "id", "style", "title"], "a": ["href"], "img": ["alt", "height", "src", "width"],
              "td": ["colspan", "rowspan"], "th": ["colspan", "rowspan", "scope"], "details": ["open"]}


class Style(CSSSanitizer):
    """Bleach's, but a style that would load something is dropped as a whole."""

    def sanitize_css(self, style: str) -> str:
        return "" if "url" in style.lower() or "\\" in style else super().sanitize_css(style)


# Not position and the like, by which a cell could lie over formgrader's own buttons.
STYLE = Style(allowed_css_properties=ALLOWED_CSS_PROPERTIES | {
    "background", "border", "border-bottom", "border-collapse", "border-left", "border-radius", "border-right",
    "border-spacing", "border-top", "caption-side", "margin", "max-width", "min-width", "outline", "overflow-x",
    "padding", "text-align"})
# Of an output's forms those that can be shown without a script.
SHOWN = {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg"}


def disarm(html: str) -> str:
    """HTML without scripts, frames, forms, and addresses that run something; text and pictures stay."""
    return bleach.clean(html, TAGS, ATTRIBUTES, [*bleach.ALLOWED_PROTOCOLS, "data"], strip=True, strip_comments=True,
                        css_sanitizer=STYLE)


@pass_context
def markdown2html(context, source: str) -> str:
    """nbconvert's filter of that name, disarmed."""
    renderer = IPythonRenderer(escape=False, attachments=context.get("cell", {}).get("attachments", {}))
    return disarm(MarkdownWithMath(renderer=renderer).render(source))


class DisarmOutputs(NbGraderPreprocessor):
    """Disarm the HTML of outputs, and take out the forms of an output that need a script."""

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        index: int) -> tuple[NotebookNode, ResourcesDict]:
        for output in cell.get("outputs", []):
            for kind in [*output.get("data", {})]:
                if kind not in SHOWN:
                    del output.data[kind]
                elif kind == "text/html":
                    output.data[kind] = disarm(output.data[kind])
        return cell, resources
