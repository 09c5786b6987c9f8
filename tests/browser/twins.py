"""Holding what JavaScript computes against what its Python twin does."""

import pytest


def same(got, want):
    """Equal: keys, lengths, words; numbers to the last bits, in which two languages may differ."""
    if isinstance(want, dict):
        assert got.keys() == want.keys()
        for name in want:
            same(got[name], want[name])
    elif isinstance(want, list):
        assert len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            same(one, other)
    else:
        assert got == (pytest.approx(want, rel=1e-12) if isinstance(want, float) else want)
