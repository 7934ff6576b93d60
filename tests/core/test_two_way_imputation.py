"""Imputation is the regression with a dummy for each treated row, and what R didimputation computes."""

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.two_way_imputation import (
    TwoWayRows,
    imputable,
    imputation_weights,
    slope_weights,
    with_slopes,
)

UNITS, PERIODS = 9, 7


@pytest.fixture
def panel():
    """Unbalanced and weighted; units 0 to 5 are treated from different periods on."""
    rng = np.random.default_rng(2)
    rows = pd.DataFrame([(u, t) for u in range(UNITS) for t in range(PERIODS)], columns=["unit", "period"])
    rows = rows[rng.random(len(rows)) < 0.85].reset_index(drop=True)
    rows["weight"], rows["y"] = rng.uniform(0.3, 3.0, len(rows)), rng.normal(size=len(rows))
    rows["x"] = rng.normal(size=len(rows))
    rows["treated"] = rows["period"] >= rows["unit"].map({u: 2 + u % 4 for u in range(6)}).fillna(np.inf)
    return rows


def of(rows):
    return TwoWayRows(rows["unit"].to_numpy(), rows["period"].to_numpy(), rows["weight"].to_numpy())


def saturated(rows, *columns):
    """Coefficients of the treated rows' own dummies, and of further columns, by dense weighted least squares."""
    treated = np.flatnonzero(rows["treated"])
    own = np.eye(len(rows))[:, treated]
    dummies = [pd.get_dummies(rows[name]).to_numpy(float) for name in ("unit", "period")]
    X = np.hstack([own, *(column[:, None] for column in columns), *dummies])
    root = np.sqrt(rows["weight"].to_numpy())[:, None]
    beta = np.linalg.lstsq(root * X, root[:, 0] * rows["y"], rcond=None)[0]
    return beta[: len(treated)], beta[len(treated) : len(treated) + len(columns)]


def test_means_are_those_of_the_saturated_regression(panel):
    rows = of(panel)
    treated = panel["treated"].to_numpy()
    assert imputable(rows, ~treated)[treated].all()
    target = np.where(treated, rows.weight, 0.0) / rows.weight[treated].sum()
    weights = imputation_weights(rows, ~treated, target[:, None])[:, 0]
    effects, _ = saturated(panel)
    assert weights @ panel["y"] == pytest.approx(np.average(effects, weights=rows.weight[treated]), abs=1e-10)


def test_weights_are_orthogonal_to_every_unit_and_period(panel):
    rows = of(panel)
    treated = panel["treated"].to_numpy()
    weights = imputation_weights(rows, ~treated, treated[:, None].astype(float))[:, 0]
    assert np.abs(np.bincount(rows.unit, weights)).max() < 1e-12
    assert np.abs(np.bincount(rows.period, weights)).max() < 1e-12


def test_with_a_regressor_they_are_those_of_the_saturated_regression_with_it(panel):
    rows = of(panel)
    treated, x = panel["treated"].to_numpy(), panel["x"].to_numpy()
    slopes = slope_weights(rows, ~treated, x[:, None], ["x"])
    weights = imputation_weights(rows, ~treated, treated[:, None] / treated.sum())
    effects, slope = saturated(panel, x)
    assert slopes[:, 0] @ panel["y"] == pytest.approx(slope[0], abs=1e-10)
    assert with_slopes(weights, slopes, x[:, None])[:, 0] @ panel["y"] == pytest.approx(effects.mean(), abs=1e-10)


def test_a_period_without_untreated_rows_and_a_unit_without_a_before_cannot_be_imputed(panel):
    panel.loc[panel["period"] == 6, "treated"] = True
    panel.loc[panel["unit"] == 0, "treated"] = True
    known = imputable(of(panel), ~panel["treated"].to_numpy())
    lost = (panel["period"] == 6) | (panel["unit"] == 0)
    assert not known[lost].any()
    assert known[~lost].all()


# didimputation 0.5.0 with fixest's residuals: both solve the same normal equations, fixest iterates to 1e-8.
@pytest.mark.parametrize(
    ("data", "case", "unit", "time", "first", "outcome"),
    [
        ("mpdta.csv", "mpdta_static", "countyreal", "year", "first.treat", "lemp"),
        ("didimputation_df_het.csv", "df_het_static", "unit", "year", "g", "dep_var"),
    ],
)
def test_static_effects_are_those_of_r_didimputation(golden, data, case, unit, time, first, outcome):
    expected = json.loads((golden / "didimputation.json").read_text(encoding="utf-8"))["results"][case]
    table = pd.read_csv(golden / "data" / data)
    start = table[first].where(table[first] > 0, np.inf)
    treated = (table[time] >= start).to_numpy()
    codes = [np.unique(table[name], return_inverse=True)[1] for name in (unit, time)]
    rows = TwoWayRows(*codes, np.ones(len(table)))
    used = treated & imputable(rows, ~treated)
    weights = imputation_weights(rows, ~treated, used[:, None] / used.sum())[:, 0]
    assert weights @ table[outcome] == pytest.approx(expected["estimate"], abs=1e-7)
