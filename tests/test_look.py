"""The tokens: ink is readable on its own colour, in light and in dark, and the CSS names every token."""

import pytest

from course_lib import look


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two colours."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


PAIRS = [(ink, name) for ink in look.TOKENS for name in [ink.removesuffix("-ink")] if ink.endswith("-ink")]
PAIRS += [("focus-on-input", "input")]
INKS = ("ink", "muted", "accent", "focus", "right", "wrong")
ON_SURFACE = [(ink, ground) for ink in INKS for ground in ("surface", "panel")]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("ink, ground", PAIRS + ON_SURFACE)
def test_text_reaches_the_contrast_of_wcag_aa(ink, ground, dark):
    assert contrast(look.colour(ink, dark), look.colour(ground, dark)) >= 4.5


def test_kinds_of_layers_differ_by_letter_and_have_their_colours():
    assert len({*look.LETTERS.values()}) == len(look.LETTERS)
    for kind in look.LETTERS:
        assert look.colour(look.layer_token(kind)) and look.colour(f"{look.layer_token(kind)}-ink")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_lines_of_plots_stand_out_from_their_surface(dark):
    assert min(contrast(style["color"], look.colour("surface", dark)) for style in look.line_styles(dark)) >= 3


def test_lines_differ_by_more_than_their_colour():
    assert len({(style["marker"], style["linestyle"]) for style in look.LINE_STYLES}) == len(look.LINE_STYLES)


def test_css_names_every_token_in_light_and_dark():
    css = look.css()
    for name, (light, dark) in look.TOKENS.items():
        assert f"--cnn-{name}: light-dark({light}, {dark});" in css
