"""Errors by clusters after sweeping are those with a dummy for each unit and period, from their definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.two_way import two_way_clustered, two_way_fit, two_way_wild
from coresponder_causal.core.wild_bootstrap import cluster_multipliers, wild_statistics

UNITS, PERIODS, PAIRS = 12, 6, 2
# No outside program gives CR2 of a weighted, unbalanced two-way fit with working errors of variance 1/weight.
EXACT = 1e-10


@pytest.fixture(params=["balanced", "with gaps and weights", "in pairs"])
def panel(request):
    rng = np.random.default_rng(3)
    rows = pd.DataFrame([(u, t) for u in range(UNITS) for t in range(PERIODS)], columns=["unit", "effect"])
    rows = rows.assign(cluster=rows["unit"], weight=1.0, outcome=rng.normal(size=len(rows)) + rows["unit"])
    terms = pd.DataFrame({"d": ((rows["unit"] < 5) & (rows["effect"] >= 3)) * 1.0, "x": rng.normal(size=len(rows))})
    if request.param == "with gaps and weights":
        kept = rng.random(len(rows)) < 0.8
        return rows[kept].assign(weight=rng.uniform(0.2, 3, size=kept.sum())), terms[kept]
    return (rows.assign(cluster=rows["unit"] // PAIRS) if request.param == "in pairs" else rows), terms


def with_dummies(rows, terms):
    """√weight times regressors, unit and time dummies, and the outcome."""
    root = np.sqrt(rows["weight"].to_numpy())[:, None]
    units, times = (pd.get_dummies(rows[name]).to_numpy(float) for name in ("unit", "effect"))
    return root * np.hstack([terms, units, times[:, 1:]]), (root * rows[["outcome"]]).to_numpy()[:, 0]


def dense_cr2(X, u, cluster, contrast):
    """Variance and df of one coefficient from the definitions, with n × n matrices and Moore–Penrose roots."""
    bread = np.linalg.inv(X.T @ X)
    maker = np.eye(len(X)) - X @ bread @ X.T
    variance, loadings = 0.0, []
    for g in np.unique(cluster):
        rows = np.flatnonzero(cluster == g)
        values, vectors = np.linalg.eigh(maker[np.ix_(rows, rows)])
        root = vectors @ np.diag([v**-0.5 if v > 1e-9 else 0.0 for v in values]) @ vectors.T
        weights = root @ X[rows] @ bread @ contrast
        variance += float(weights @ u[rows]) ** 2
        loadings.append(maker[:, rows] @ weights)
    eigenvalues = np.linalg.eigvalsh(np.array(loadings) @ np.array(loadings).T)
    return variance, eigenvalues.sum() ** 2 / (eigenvalues**2).sum()


def test_cr2_and_its_df_are_those_with_dummies(panel):
    rows, terms = panel
    fit = two_way_fit(rows, terms)
    vcov, df = two_way_clustered(fit, rows, kind="CR2", convention="none")
    X, _ = with_dummies(rows, terms)
    for column in range(2):
        expected = dense_cr2(X, fit.residuals, rows["cluster"].to_numpy(), np.eye(X.shape[1])[column])
        assert (vcov[column, column], df[column]) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("wild", ["WCR", "WCU"])
def test_the_bootstrap_is_that_with_dummies(panel, wild):
    rows, terms = panel
    fit = two_way_fit(rows, terms)
    clusters = rows["cluster"].to_numpy()
    std_error = float(np.sqrt(two_way_clustered(fit, rows, kind="CR1", convention="stata")[0][0, 0]))
    X, y = with_dummies(rows, terms)
    u = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert std_error == pytest.approx(float(np.sqrt(clustered(X, u, clusters)[0, 0])), rel=EXACT)
    factors, _ = cluster_multipliers(len(np.unique(clusters)), replications=99, seed=4)
    expected = wild_statistics(X, u, clusters, multipliers=factors, std_error=std_error, restricted=wild == "WCR")
    ours = two_way_wild(fit, rows, std_error=std_error, wild=wild, replications=99, seed=4)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)


def test_few_clusters_take_all_samples_and_say_so():
    rng = np.random.default_rng(5)
    rows = pd.DataFrame([(u, t) for u in range(4) for t in range(6)], columns=["unit", "effect"])
    rows = rows.assign(cluster=rows["unit"], weight=1.0, outcome=rng.normal(size=24))
    terms = pd.DataFrame({"d": ((rows["unit"] < 2) & (rows["effect"] >= 3)) * 1.0})
    with collecting() as notes:
        found = two_way_wild(two_way_fit(rows, terms), rows, std_error=0.3, wild="WCR", replications=1999, seed=1)
    assert len(found) == 6**4
    assert notes == ["all 1295 bootstrap samples that Webb's weights can give were taken"]


def test_absorbed_terms_are_named(panel):
    rows, terms = panel
    with pytest.raises(EstimationError, match="'area' is absorbed"):
        two_way_fit(rows, terms.assign(area=rows["unit"] * 10.0))
