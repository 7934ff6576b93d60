"""Ticks of percent changes: two or more on any axis, and room for the words of each."""

from __future__ import annotations

from itertools import pairwise

import pytest

from coresponder_causal.report.drawing_axes import percent_axis


@pytest.mark.parametrize(("low", "high"), [(-0.09, 0.02), (-1.6, 0.35), (0.0, 2.2)])
def test_beside_long_names_no_label_runs_into_the_next(low, high):
    from matplotlib.figure import Figure

    names = ["Comparison cities, prediction interval\ncalls for service", "Synthetic difference-in-differences\ncalls"]
    canvas = Figure(figsize=(5.4, 3.3), layout="constrained")
    axes = canvas.add_subplot()
    axes.set_yticks([0, -1], names)
    percent_axis(axes, low, high)
    canvas.draw_without_rendering()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in pairwise(sorted(boxes, key=lambda box: box.x0)))
