"""The wild bootstrap against wildboottest and pyfixest on the same factors, CR2 against diff-diff.

`make_reference.py` beside this file wrote the numbers; the versions stand in them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.inference import wild_p_value
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.core.two_way import two_way_clustered, two_way_fit, with_time_effects
from coresponder_causal.core.wild_bootstrap import wild_statistics

REFERENCE = json.loads(Path(__file__).with_name("wild_bootstrap.json").read_text(encoding="utf-8"))
EXACT, COLUMN = 1e-10, 1  # the same closed form


def t_at(rows, distance):
    n0, n1, d0, d1, d2 = rows.T
    return (n0 + n1 * distance) / np.sqrt(d0 + d1 * distance + d2 * distance**2)


def shares(t):
    """P-values as wildboottest counts them: without the observed sample, ties not counted."""
    own, samples = t[0], t[1:]
    equal = 2 * min(np.mean(own < samples), np.mean(own > samples))
    return {"symmetric": np.mean(np.abs(own) < np.abs(samples)), "equal": equal}


@pytest.mark.parametrize("name", list(REFERENCE["results"]))
def test_samples_and_p_values_on_the_same_factors(name):
    kind, wild = name.split()
    X, y, cluster = (np.array(REFERENCE["data"][part]) for part in ("X", "y", "cluster"))
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    u = y - X @ beta
    rows = wild_statistics(
        X,
        u,
        cluster,
        multipliers=np.array(REFERENCE["multipliers"][kind]),
        std_error=float(np.sqrt(clustered(X, u, cluster)[COLUMN, COLUMN])),
        column=COLUMN,
        restricted=wild == "WCR",
    )
    expected, t = REFERENCE["results"][name], t_at(rows, beta[COLUMN])
    assert t[0] == pytest.approx(expected["t"], rel=EXACT)
    np.testing.assert_allclose(t[1:], expected["samples"], rtol=EXACT)
    many = len(t)
    for tails, share in shares(t).items():
        assert share == pytest.approx(expected[tails], rel=EXACT)
        # Ours counts the observed sample as one of all: once, or on each side.
        observed = 1 if tails == "symmetric" else 2
        ours = wild_p_value(rows, float(beta[COLUMN]), tails=tails)
        assert ours == pytest.approx((share * (many - 1) + observed) / many, rel=EXACT)


def test_unit_and_time_effects_as_pyfixest_hands_them_over():
    panel = pd.DataFrame(REFERENCE["panel"]["rows"])
    rows = pd.DataFrame({"unit": panel["unit"], "effect": panel["t"], "cluster": panel["unit"], "weight": 1.0})
    rows["outcome"] = panel["y"]
    fit = two_way_fit(rows, panel[["d"]])
    vcov, _ = two_way_clustered(fit, rows, kind="CR1", convention="stata")
    statistics = wild_statistics(
        with_time_effects(fit, rows),
        fit.residuals,
        rows["cluster"],
        multipliers=np.array(REFERENCE["panel"]["signs"], float),
        std_error=float(np.sqrt(vcov[0, 0])),
    )
    t = t_at(statistics, fit.estimate[0])
    assert t[0] == pytest.approx(REFERENCE["panel"]["t"], rel=EXACT)
    np.testing.assert_allclose(t[1:], REFERENCE["panel"]["samples"], rtol=EXACT)
    # In place of the share of larger ones: samples that repeat the observed one up to signs are ties by rounding here.
    tied = np.isclose(np.abs(t[1:]), np.abs(t[0]), rtol=1e-9)
    larger = np.mean((np.abs(t[1:]) > np.abs(t[0])) & ~tied)
    assert larger <= REFERENCE["panel"]["p"] <= larger + tied.mean()


def test_cr2_and_its_df():
    X, y, cluster = (np.array(REFERENCE["data"][part]) for part in ("X", "y", "cluster"))
    u = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(clustered(X, u, cluster, kind="CR2"), REFERENCE["cr2"]["vcov"], rtol=EXACT)
    ours = [clustered_df(X, cluster, row) for row in np.eye(X.shape[1])]
    np.testing.assert_allclose(ours, REFERENCE["cr2"]["df"], rtol=EXACT)
