"""Kernels of the jump at a boundary: how far bends may carry it, and the means behind the picture."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import boundary as kernels
from coresponder_causal.core.inference import critical


def drawn(n=800, seed=2):
    rng = np.random.default_rng(seed)
    minutes, after = rng.uniform(-120, 120, n), rng.random(n) < 0.5
    minutes = minutes[np.abs(minutes) >= 10]
    return minutes, minutes >= 0, after[: len(minutes)], rng.normal(size=len(minutes))


def fitted(y, minutes, inside, after):
    return kernels.local_linear(
        y, (inside & after).astype(float), minutes, inside=inside, after=after, bandwidth=120, kernel="triangular"
    )


def sides_of(inside, after):
    return (2 * after + inside).astype(int)


def test_a_parabola_of_the_worst_signs_reaches_the_bound():
    """Kolesár & Rothe: among functions that bend by at most M the extremes are ±M x²/2 on each side."""
    minutes, inside, after, y = drawn()
    weight, sides = kernels.weights(minutes, bandwidth=120, kernel="triangular"), sides_of(inside, after)
    bound = kernels.worst_bias(fitted(y, minutes, inside, after), weight, minutes, sides, 2e-5)
    signs = np.where(inside, -1.0, 1.0) * np.where(after, 1.0, -1.0)
    reached = fitted(signs * 1e-5 * minutes**2, minutes, inside, after).itt
    assert abs(reached) == pytest.approx(bound, rel=1e-9)


def test_no_function_that_bends_less_goes_beyond_the_bound():
    minutes, inside, after, y = drawn()
    weight, sides = kernels.weights(minutes, bandwidth=120, kernel="triangular"), sides_of(inside, after)
    rng, bend = np.random.default_rng(5), 2e-5
    bound = kernels.worst_bias(fitted(y, minutes, inside, after), weight, minutes, sides, bend)
    knots = np.linspace(0, 120, 25)
    for _ in range(50):
        value = np.zeros(len(minutes))
        for side in range(4):
            second = bend * rng.choice([-1.0, 1.0], len(knots))
            own = sides == side
            # ∫ f''(t) (|x| − t)₊ dt, f'' constant between knots
            steps = np.clip(np.abs(minutes[own])[:, None] - knots, 0, 5.0)
            rest = np.clip(np.abs(minutes[own])[:, None] - knots - 5.0, 0, None)
            value[own] = (second * (steps**2 / 2 + steps * rest)).sum(axis=1)
        assert abs(fitted(value, minutes, inside, after).itt) <= bound * (1 + 1e-9)


def test_an_interval_without_bias_is_that_of_t():
    _, high = kernels.honest_interval(1.0, 0.5, 20.0, 0.0)
    assert high == pytest.approx(1 + 0.5 * float(critical(20.0)), rel=1e-9)
    assert kernels.honest_interval(1.0, 0.5, 20.0, 0.2)[1] > high


def test_the_lines_of_the_picture_meet_the_boundary_with_the_jump():
    minutes, inside, after, y = drawn()
    frame = pd.DataFrame({"y": y, "minutes": minutes, "after": after, "inside": inside})
    bins = kernels.binned(frame, bandwidth=120, donut=10, kernel="triangular")
    at = {}
    for key, own in bins.groupby(["after", "inside"]):
        at[key] = np.polyval(np.polyfit(own["time"], own["fitted"], 1), 0.0)
    jump = at[(True, True)] - at[(True, False)] - at[(False, True)] + at[(False, False)]
    assert jump == pytest.approx(fitted(y, minutes, inside, after).itt, rel=1e-9)
    assert bins["calls"].sum() == len(y)
    assert bins["events"].sum() == pytest.approx(y.sum())


def test_curvature_is_that_of_the_most_bent_side():
    x = np.concatenate([np.linspace(-50, -1, 60), np.linspace(1, 50, 60)])
    y = np.where(x < 0, 0.002 * x**2, -0.01 * x**2 + x)
    assert kernels.curvature(y, x, (x > 0).astype(int)) == pytest.approx(0.02, rel=1e-9)


def test_stamps_at_full_quarters_are_counted():
    received = pd.Series(pd.to_datetime(["2020-01-01 10:00", "2020-01-02 10:00", "2020-01-01 10:07"]))
    assert kernels.stamps(received) == (2, pytest.approx(2 / 3))
