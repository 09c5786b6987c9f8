"""Still pictures: tables of numbers, mosaics of images, plots. They need no script to be seen."""

import base64
import io
from html import escape

import numpy as np

from . import look

CROP = 16
CELL = "text-align:center;min-width:2.2em;padding:4px 6px;border:2px solid transparent"


def number(value, digits: int = 3) -> str:
    """A number as people write it: at most ``digits`` decimals, no trailing zeros."""
    text = f"{float(value):.{digits}f}"
    if "." in text:  # of a whole number a last 0 counts
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "\u2212")


def table(array, kind: str, caption: str, marked=None) -> str:
    """A 2-D array as an HTML table in the colours of ``kind`` ("input", "kernel", "output").

    ``marked`` (same shape, bool) gives cells a frame and an asterisk. Arrays over 16x16 are cropped, and say so.
    """
    array = np.atleast_2d(np.asarray(array))
    marked = None if marked is None else np.atleast_2d(np.asarray(marked, dtype=bool))
    rows = []
    for i, row in enumerate(array[:CROP]):
        cells = []
        for j, value in enumerate(row[:CROP]):
            flag = marked is not None and marked[i, j]
            frame = f"outline:2px solid {look.colour('focus')};outline-offset:-2px;" if flag else ""
            style = f"{look.cell_style(kind)};{frame}{CELL}"
            cells.append(f'<td style="{style}">{number(value)}{"*" if flag else ""}</td>')
        rows.append("<tr>" + "".join(cells) + "</tr>")
    cropped = f", its first {CROP} rows and columns" if max(array.shape) > CROP else ""
    title = f"{escape(caption)} {array.shape[0]}\u00d7{array.shape[1]}{cropped}"
    return (
        f'<table style="display:inline-table;margin:4px 18px 4px 0;border-collapse:separate;border-spacing:2px">'
        f'<caption style="text-align:left;font-weight:600;caption-side:top">{title}</caption>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def beside(*pieces: str) -> str:
    """Pieces of HTML side by side where there is room, one below the other on a phone."""
    cells = "".join(f'<div style="display:inline-block;vertical-align:top">{piece}</div>' for piece in pieces)
    return f'<div style="max-width:760px;overflow-x:auto">{cells}</div>'


def show_tables(tables: dict) -> None:
    """Display arrays side by side as tables: ``{"name": (array, kind)}``, kinds as in ``table``."""
    from IPython.display import HTML, display

    display(HTML(beside(*(table(array, kind, name) for name, (array, kind) in tables.items()))))


def png(array) -> str:
    """A picture (H, W) or (H, W, 3), values clipped to 0..255, as a data address of a PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.rint(array), 0, 255).astype(np.uint8)).save(buffer, "PNG", optimize=True)
    return _address(buffer)


def _address(buffer: io.BytesIO) -> str:
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _figure(content: str, caption: str) -> str:
    return f'<figure style="margin:6px 0;max-width:760px">{content}<figcaption>{escape(caption)}</figcaption></figure>'


def gallery(pictures: dict, caption: str) -> None:
    """Display pictures side by side: ``{"name": array (H, W) or (H, W, 3)}``, values beyond 0 to 255 clipped."""
    from IPython.display import HTML, display

    images = "".join(
        '<div style="display:inline-block;margin:0 8px 6px 0;text-align:center"><img style="display:block;'
        f'max-width:100%;border-radius:6px" src="{png(array)}" alt="{escape(name)}">{escape(name)}</div>'
        for name, array in pictures.items()
    )
    display(HTML(_figure(images, caption)))


def curves(x, lines: dict, xlabel: str, ylabel: str, caption: str, log: str = "") -> None:
    """Display curves, ``{"label": values}`` over ``x``, each with its own colour, dash and marker.

    ``log`` names the axes that are logarithmic: "x", "y" or "xy". The numbers are in the picture's alternative text.
    """
    x = list(x)
    write = (lambda value: f"{value:.3g}") if log else number

    def draw(axes):
        for (label, values), style in zip(lines.items(), look.LINE_STYLES, strict=False):
            axes.plot(x, values, label=label, **style)

    told = (f"{label}: {', '.join(map(write, values))}" for label, values in lines.items())
    plot(draw, xlabel, ylabel, caption, "; ".join(told), log)


def spread(x, lines: dict, xlabel: str, ylabel: str, caption: str, log: str = "") -> None:
    """Display repeated runs, ``{"label": array (len(x), runs)}``: each run a point, the mean a line, the range a band.

    ``x`` holds numbers, or words for things side by side. ``log`` as in ``curves``. Means and ranges are in the
    picture's alternative text.
    """
    x = list(x)
    runs = {label: np.asarray(values, dtype=float) for label, values in lines.items()}

    def draw(axes):
        for (label, values), style in zip(runs.items(), look.LINE_STYLES, strict=False):
            axes.fill_between(x, values.min(axis=1), values.max(axis=1), color=style["color"], alpha=0.15, linewidth=0)
            axes.plot(x, values, linestyle="none", marker=style["marker"], color=style["color"], markersize=3)
            axes.plot(x, values.mean(axis=1), label=label, **style)
        if "y" not in log and min(values.min() for values in runs.values()) >= 0:
            axes.set_ylim(bottom=0)
        if "x" in log:
            axes.set_xticks(x, labels=map(number, x), minor=False)
            axes.minorticks_off()
        if isinstance(x[0], str):
            axes.margins(x=0.2)

    told = "; ".join(
        f"{label}: " + ", ".join(f"{name} {number(row.mean())} [{number(row.min())}, {number(row.max())}]"
                                 for name, row in zip(x, values, strict=True))
        for label, values in runs.items()
    )
    plot(draw, xlabel, ylabel, caption, told, log)


def plot(draw, xlabel: str, ylabel: str, caption: str, told: str, log: str = "", inside: str = "",
         height: float = 3.4) -> None:
    """Display what ``draw(axes)`` draws, with ``told`` in its alternative text.

    The legend is at its side, or ``inside`` it at "lower right" or the like. Height in inches, of 7 in width.
    """
    from IPython.display import HTML, display
    from matplotlib import rc_context

    with rc_context(look.matplotlib_style()):
        figure, (axes,) = _axes(1)
        figure.set_figheight(height)
        axes.set(xlabel=xlabel, ylabel=ylabel, **{f"{axis}scale": "log" for axis in log})
        draw(axes)
        beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
        axes.legend(frameon=False, **({"loc": inside} if inside else beside))
        display(HTML(_figure(_image(figure, f"{ylabel} over {xlabel}. {told}"), caption)))


def panels(plots: dict, xlabel: str, caption: str) -> str:
    """HTML of plots side by side, ``{"loss": {"training": (x, values), ...}, ...}``, to be displayed by the caller.

    The alternative text has the numbers, or a dozen of each line where there are more.
    """
    from matplotlib import rc_context

    with rc_context(look.matplotlib_style()):
        figure, all_axes = _axes(len(plots))
        for axes, (ylabel, lines) in zip(all_axes, plots.items(), strict=True):
            for (label, (x, y)), style in zip(lines.items(), look.LINE_STYLES, strict=False):
                axes.plot(x, y, label=label, markevery=1 + len(x) // 20, markersize=4, **style)
            axes.set(xlabel=xlabel, ylabel=ylabel)
            axes.legend(frameon=False)
        told = (f"{ylabel}, {label}: {', '.join(map(number, y[::1 + len(y) // 12]))}, at last {number(y[-1])}"
                for ylabel, lines in plots.items() for label, (_, y) in lines.items())
        return _figure(_image(figure, f"Over {xlabel}. {'; '.join(told)}"), caption)


def sketch(plots: dict, xlabel: str) -> str:
    """The same plots as ``panels``, as plain SVG: drawn in a millisecond, for a display that changes all the time."""
    width = 700 // max(len(plots), 1)
    drawn = "".join(f'<g transform="translate({width * column})">{_panel(lines, ylabel, xlabel, width - 20)}</g>'
                    for column, (ylabel, lines) in enumerate(plots.items()))
    return (f'<svg viewBox="0 0 700 260" role="img" aria-label="{" and ".join(plots)}, so far" style="width:100%;'
            f'background:{look.colour("surface")};border-radius:8px;font:12px {look.FONT}">{drawn}</svg>')


def _panel(lines: dict, ylabel: str, xlabel: str, right: int) -> str:
    """One of the plots, its lines ``{"training": (x, values)}`` told by name, colour, dash and latest number."""
    left, top, bottom = 50, 44, 230
    xs, ys = ([value for line in lines.values() for value in line[axis]] for axis in (0, 1))
    end, low, high = max(xs) or 1, min(ys), max(ys)

    def place(x: float, y: float) -> str:
        return f"{left + (right - left) * x / end:.1f},{bottom - (bottom - top) * (y - low) / (high - low or 1):.1f}"

    pieces = [f'<path d="M{left},{top}V{bottom}H{right}" fill="none" stroke="{look.colour("line")}"/>'
              f'<g text-anchor="end" fill="{look.colour("muted")}"><text x="{left - 6}" y="{top + 4}">{high:.3g}</text>'
              f'<text x="{left - 6}" y="{bottom}">{low:.3g}</text>'
              f'<text x="{right}" y="{bottom + 18}">{end:.3g} {xlabel}</text></g>']
    for row, ((label, line), style) in enumerate(zip(lines.items(), look.LINE_STYLES, strict=False)):
        dash = "" if style["linestyle"] == "-" else ' stroke-dasharray="6 3"'
        pieces.append(f'<g stroke="{style["color"]}" stroke-width="2"{dash} fill="none">'
                      f'<path d="M60,{14 + 16 * row}h24"/><polyline points="{" ".join(map(place, *line))}"/></g>'
                      f'<text x="90" y="{18 + 16 * row}" fill="{look.colour("ink")}">'
                      f"{label} {ylabel} {line[1][-1]:.3g}</text>")
    return "".join(pieces)


def _axes(columns: int) -> tuple:
    """A figure as wide as the page, and its axes from left to right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.4 if columns == 1 else 2.6), layout="constrained")
    return figure, figure.subplots(ncols=columns, squeeze=False)[0]


def _image(figure, alt: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160)
    return f'<img src="{_address(buffer)}" alt="{escape(alt)}" style="width:100%;border-radius:8px">'
