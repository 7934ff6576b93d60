"""CR2 of weighted sums: that of least squares where they are one, unbiased where they are imputations.

No outside program gives CR2 of an imputation: worked by hand, from the definition, and by exact expectations.
"""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.clustered_sums import clustered_sums
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.core.two_way_imputation import TwoWayRows, imputation_weights


def imputed(clusters=6, periods=5):
    """Six units, four of them treated from period 2 or 3 on; a basis of units, periods and the treated cell."""
    table = pd.DataFrame([(u, t) for u in range(clusters) for t in range(periods)], columns=["unit", "period"])
    treated = ((table["unit"] < 4) & (table["period"] >= 2 + table["unit"] % 2)).to_numpy()
    rows = TwoWayRows(table["unit"].to_numpy(), table["period"].to_numpy(), np.ones(len(table)))
    weights = imputation_weights(rows, ~treated, treated[:, None] / treated.sum())
    dummies = [pd.get_dummies(table[name]).to_numpy(float) for name in ("unit", "period")]
    basis, size, _ = np.linalg.svd(np.column_stack([*dummies, treated]), full_matrices=False)
    return weights, basis[:, size > 1e-9], table["unit"].to_numpy(), treated


def test_with_the_weights_of_least_squares_it_is_the_sandwich():
    rng = np.random.default_rng(1)
    cluster, X = np.repeat(np.arange(7), 5), rng.normal(size=(35, 3))
    y = rng.normal(size=35) + np.repeat(rng.normal(size=7), 5)
    weights = X @ np.linalg.inv(X.T @ X)
    found = clustered_sums(weights, y, np.linalg.qr(X)[0], cluster)
    residuals = y - X @ (weights.T @ y)
    np.testing.assert_allclose(found.vcov, clustered(X, residuals, cluster, kind="CR2"), rtol=1e-10)
    df = [clustered_df(X, cluster, row) for row in np.eye(3)]
    np.testing.assert_allclose(found.df, df, rtol=1e-10)


def test_two_clusters_and_a_mean_by_hand():
    """Means 1 and −1 around 0: adjusted residuals of two halves are twice the scores; df 1."""
    y, half = np.array([2.0, 0.0, -2.0, 0.0]), np.full((4, 1), 0.5)
    found = clustered_sums(np.full((4, 1), 0.25), y, half, [0, 0, 1, 1])
    # H_gg = ¼·11', so (I − H_gg)^−½ stretches the cluster's mean by √2: s = ±¼·√2·2, V = 2·(½)·... = 1
    assert found.vcov[0, 0] == pytest.approx(1.0)
    np.testing.assert_allclose(np.abs(found.scores[:, 0]), np.sqrt(0.5))
    assert found.df[0] == pytest.approx(1.0)


def test_the_variance_of_an_imputation_is_unbiased_under_independent_errors():
    """The expectation of a quadratic form is its sum over unit vectors, exactly."""
    weights, basis, unit, _ = imputed()
    expected = sum(clustered_sums(weights, row, basis, unit).vcov[0, 0] for row in np.eye(len(unit)))
    assert expected == pytest.approx(float(weights[:, 0] @ weights[:, 0]), rel=1e-10)


def test_residuals_without_adjustment_would_be_too_small():
    weights, basis, unit, _ = imputed()
    maker = np.eye(len(unit)) - basis @ basis.T
    plain = sum(float(np.sum((weights[unit == g, 0] @ maker[unit == g]) ** 2)) for g in np.unique(unit))
    assert plain < 0.8 * float(weights[:, 0] @ weights[:, 0])


def test_df_are_those_of_the_eigenvalues():
    weights, basis, unit, _ = imputed()
    maker, columns = np.eye(len(unit)) - basis @ basis.T, []
    for g in np.unique(unit):
        rows = unit == g
        values, vectors = np.linalg.eigh(maker[np.ix_(rows, rows)])
        root = vectors @ np.diag([v**-0.5 if v > 1e-9 else 0.0 for v in values]) @ vectors.T
        columns.append(maker[:, rows] @ root @ weights[rows, 0])
    found = np.linalg.eigvalsh(np.array(columns) @ np.array(columns).T)
    df = clustered_sums(weights, np.zeros(len(unit)), basis, unit).df[0]
    assert df == pytest.approx(found.sum() ** 2 / (found**2).sum(), rel=1e-9)


def test_effects_that_differ_within_a_cell_only_add_to_the_variance():
    weights, basis, unit, treated = imputed()
    apart = np.where(treated, unit - unit[treated].mean(), 0.0)
    assert clustered_sums(weights, apart, basis, unit).vcov[0, 0] > 0


def test_a_sum_that_one_cluster_determines_is_refused():
    basis = np.eye(4)[:, :2]
    with pytest.raises(EstimationError, match="zero whatever the outcome"):
        clustered_sums(np.eye(4)[:, :1], np.arange(4.0), basis, [0, 0, 1, 1])
