"""The course's one look: the colours and their meaning, for CSS and for matplotlib, light and dark.

The lecture's own colours carry meaning everywhere: input light blue, kernel dark blue, output green,
the window in focus red. Each token is a pair (light, dark); ink is the text colour on its own token
and reaches a contrast of 4.5:1 or more in both (tests/test_look.py).
"""

TOKENS = {
    "surface": ("#ffffff", "#16191d"),
    "panel": ("#f6f8fa", "#1e2328"),
    "ink": ("#1b2228", "#e8ecef"),
    "muted": ("#55616b", "#a5b0b9"),
    "line": ("#d3dae0", "#3b444c"),
    "accent": ("#1d4f91", "#8fbcff"),
    "input": ("#cfe8f7", "#1c4a63"),
    "input-ink": ("#0b2c40", "#e3f4fe"),
    "kernel": ("#1d4f91", "#2d62ab"),
    "kernel-ink": ("#ffffff", "#ffffff"),
    "output": ("#c4e8c8", "#1f5a35"),
    "output-ink": ("#0d3716", "#e4f8e8"),
    "focus": ("#c2132f", "#ff7285"),
    "focus-on-input": ("#c2132f", "#ffa0ab"),  # letters in red on the blue of an input
    "right": ("#17692f", "#7fdc98"),
    "wrong": ("#a81328", "#ff8f9c"),
    "pad": ("#e9edf0", "#2a3138"),
    "pad-ink": ("#55616b", "#a5b0b9"),
    # Kinds of layers, in the order of the legend of slides 35-39: those with weights are dark, as kernels are.
    "convolution": ("#1d4f91", "#2d62ab"),
    "convolution-ink": ("#ffffff", "#ffffff"),
    "max-pool": ("#f2a93b", "#c9821a"),
    "max-pool-ink": ("#2b1a00", "#1a1000"),
    "average-pool": ("#f8e3a0", "#e0c877"),
    "average-pool-ink": ("#2b2200", "#1a1500"),
    "concat": ("#9fdcd2", "#5fb3a6"),
    "concat-ink": ("#06302a", "#021f1b"),
    "dropout": ("#d5dade", "#5a656e"),
    "dropout-ink": ("#2b343b", "#ffffff"),
    "fully-connected": ("#7b3f98", "#9253b3"),
    "fully-connected-ink": ("#ffffff", "#ffffff"),
    "softmax": ("#c4e8c8", "#1f5a35"),
    "softmax-ink": ("#0d3716", "#e4f8e8"),
    "residual-add": ("#0b6b60", "#0f7a6e"),
    "residual-add-ink": ("#ffffff", "#ffffff"),
    "activation": ("#f7d6dc", "#6d3a48"),
    "activation-ink": ("#4a1420", "#ffe3e9"),
    "normalisation": ("#dcd8f3", "#474073"),
    "normalisation-ink": ("#231b52", "#ebe7ff"),
    "multiply": ("#0b6b60", "#0f7a6e"),
    "multiply-ink": ("#ffffff", "#ffffff"),
    "other": ("#f6f8fa", "#1e2328"),
    "other-ink": ("#1b2228", "#e8ecef"),
}

# What stands in a layer's box, so that none needs its colour to be told apart.
LETTERS = {
    "convolution": "C",
    "max pool": "M",
    "average pool": "A",
    "concat": "&",
    "dropout": "D",
    "fully connected": "F",
    "softmax": "S",
    "residual add": "+",
    "activation": "R",
    "normalisation": "N",
    "multiply": "\u00d7",
    "other": "?",
}

# Lines differ by colour, dash and marker, so that none needs its colour to be told apart.
LINE_STYLES = (
    {"color": "#1d4f91", "marker": "o", "linestyle": "-"},
    {"color": "#b8570b", "marker": "s", "linestyle": "--"},
    {"color": "#1f7a45", "marker": "^", "linestyle": "-."},
    {"color": "#7b3f98", "marker": "D", "linestyle": ":"},
    {"color": "#55616b", "marker": "v", "linestyle": "-"},
    {"color": "#a81328", "marker": "P", "linestyle": "--"},
)
DARK_LINES = ("#8fbcff", "#f2a45c", "#7fdc98", "#cfa3e6", "#a5b0b9", "#ff8f9c")  # the same lines on a dark surface

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def colour(name: str, dark: bool = False) -> str:
    """The hexadecimal colour of a token, e.g. ``colour("kernel")``; KeyError for an unknown name."""
    return TOKENS[name][dark]


def layer_token(kind: str) -> str:
    """The token of a kind of layer in LETTERS, e.g. "max-pool" of "max pool"."""
    return kind.replace(" ", "-")


def css() -> str:
    """The tokens as CSS variables (``--cnn-kernel``) on everything of class ``cnn``.

    ``light-dark()`` follows ``color-scheme``, which follows the reader's system unless the page that
    holds the widget (JupyterLab, VS Code, Colab) says which theme it shows.
    """
    variables = "\n".join(f"  --cnn-{name}: light-dark({light}, {dark});" for name, (light, dark) in TOKENS.items())
    light = "[data-jp-theme-light='true'] .cnn, .vscode-light .cnn, html[theme='light'] .cnn"
    dark = "[data-jp-theme-light='false'] .cnn, .vscode-dark .cnn, html[theme='dark'] .cnn"
    return (
        f".cnn {{\n  color-scheme: light dark;\n{variables}\n  --cnn-font: {FONT};\n}}\n"
        f"{light} {{ color-scheme: light; }}\n{dark} {{ color-scheme: dark; }}\n"
    )


def cell_style(name: str) -> str:
    """Inline CSS of a coloured cell (light colours with their own ink) for pages that strip style sheets."""
    ink = colour(f"{name}-ink") if f"{name}-ink" in TOKENS else colour("ink")
    return f"background:{colour(name)};color:{ink}"


def line_styles(dark: bool = False) -> list[dict]:
    """LINE_STYLES, in colours that stand out from the light or the dark surface."""
    colours = DARK_LINES if dark else [style["color"] for style in LINE_STYLES]
    return [style | {"color": colour} for style, colour in zip(LINE_STYLES, colours, strict=True)]


def matplotlib_style(dark: bool = False) -> dict:
    """matplotlib settings of the course, for ``with plt.rc_context(look.matplotlib_style())``."""
    return {
        "axes.edgecolor": colour("line", dark),
        "axes.facecolor": colour("surface", dark),
        "axes.labelcolor": colour("ink", dark),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": "medium",
        "axes.titleweight": "bold",
        "figure.dpi": 110,
        "figure.facecolor": colour("surface", dark),
        "text.color": colour("ink", dark),
        "xtick.color": colour("muted", dark),
        "ytick.color": colour("muted", dark),
    }
