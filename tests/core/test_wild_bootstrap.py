"""The wild cluster bootstrap: what refitting every sample gives, and what its p-values and intervals must obey."""

from __future__ import annotations

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import wild_interval, wild_p_value
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.wild_bootstrap import cluster_multipliers, wild_statistics

COLUMN, CLUSTERS = 2, 9


def regression(seed=0, n=90):
    rng = np.random.default_rng(seed)
    cluster = rng.permutation(np.arange(n) % CLUSTERS)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2)) + rng.normal(size=(CLUSTERS, 2))[cluster]])
    return X, X @ [1.0, -0.5, 0.3] + rng.normal(size=CLUSTERS)[cluster] + rng.normal(size=n), cluster


def fitted(X, y, cluster):
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    u = y - X @ beta
    return beta[COLUMN], u, float(np.sqrt(clustered(X, u, cluster)[COLUMN, COLUMN]))


def statistics(X, y, cluster, *, restricted=True, replications=399, kind="webb"):
    estimate, u, std_error = fitted(X, y, cluster)
    factors, _ = cluster_multipliers(CLUSTERS, multipliers=kind, replications=replications)
    rows = wild_statistics(
        X, u, cluster, multipliers=factors, std_error=std_error, column=COLUMN, restricted=restricted
    )
    return estimate, std_error, factors, rows


def t_at(rows, distance):
    n0, n1, d0, d1, d2 = rows.T
    return (n0 + n1 * distance) / np.sqrt(d0 + d1 * distance + d2 * distance**2)


@pytest.mark.parametrize("value", [0.0, 0.7])
@pytest.mark.parametrize("restricted", [True, False])
def test_every_sample_is_what_refitting_it_gives(restricted, value):
    X, y, cluster = regression()
    estimate, _, factors, rows = statistics(X, y, cluster, restricted=restricted, replications=99)
    number = np.array([list(dict.fromkeys(cluster)).index(label) for label in cluster])
    others, own = np.delete(X, COLUMN, axis=1), X[:, COLUMN]
    centre = value if restricted else estimate
    base = centre * own + others @ np.linalg.lstsq(others, y - centre * own, rcond=None)[0]
    if not restricted:
        base = y - fitted(X, y, cluster)[1]
    again = [fitted(X, base + factor[number] * (y - base), cluster) for factor in factors]
    expected = [(own_estimate - centre) / own_error for own_estimate, _, own_error in again]
    # Both solve the same least squares; sums differ in their last places.
    np.testing.assert_allclose(t_at(rows, estimate - value)[1:], expected, rtol=1e-9)


def test_the_first_row_is_the_observed_sample():
    X, y, cluster = regression(1)
    estimate, std_error, _, rows = statistics(X, y, cluster)
    assert t_at(rows, estimate)[0] == pytest.approx(estimate / std_error, rel=1e-12)


@pytest.mark.parametrize("tails", ["symmetric", "equal"])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_the_interval_ends_where_the_p_value_falls_to_five_per_cent(seed, restricted, tails):
    estimate, _, _, rows = statistics(*regression(seed), restricted=restricted)
    for end in wild_interval(rows, estimate, tails=tails):
        assert np.isfinite(end)
        inside = end + 1e-9 * np.sign(estimate - end)
        outside = end - 1e-9 * np.sign(estimate - end)
        assert wild_p_value(rows, estimate - inside, tails=tails) > 0.05
        assert wild_p_value(rows, estimate - outside, tails=tails) <= 0.05


def test_samples_at_the_estimate_give_an_interval_of_their_own_quantile():
    estimate, std_error, _, rows = statistics(*regression(2), restricted=False)
    t = np.sort(np.abs(rows[1:, 0] / np.sqrt(rows[1:, 2])))[::-1]
    half = t[19] * std_error  # 20 of 400, the observed sample among them, are 5 %
    # Within 1e-9 of t² a sample counts as a tie.
    assert wild_interval(rows, estimate) == pytest.approx((estimate - half, estimate + half), rel=1e-8)


def test_wider_levels_give_wider_intervals_and_p_is_one_at_the_estimate():
    estimate, _, _, rows = statistics(*regression(3))
    (low, high), (lower, higher) = (wild_interval(rows, estimate, level) for level in (0.8, 0.95))
    assert lower < low < estimate < high < higher
    assert wild_p_value(rows, 0.0) == 1.0
    assert wild_interval(rows, estimate, 0.9999) == (-np.inf, np.inf)  # below 1/400


@pytest.mark.parametrize("factor", [-3.0, 1e-5])
def test_scale_of_the_outcome_and_order_of_rows_do_not_matter(factor):
    X, y, cluster = regression(4)
    estimate, _, _, rows = statistics(X, y, cluster)
    scaled, _, _, others = statistics(X, factor * y, cluster)
    assert wild_p_value(others, scaled) == wild_p_value(rows, estimate)
    bounds = np.sort(factor * np.array(wild_interval(rows, estimate)))
    assert wild_interval(others, scaled) == pytest.approx(tuple(bounds), rel=1e-7)
    order = np.concatenate([[list(cluster).index(g) for g in dict.fromkeys(cluster)], np.arange(len(y))])
    order = np.array(list(dict.fromkeys(order)))  # clusters appear in the same order
    assert wild_p_value(statistics(X[order], y[order], cluster[order])[3], estimate) == wild_p_value(rows, estimate)


def test_effects_nested_in_the_clusters_may_be_swept_out():
    X, y, cluster = regression(5)
    dummies = np.eye(CLUSTERS)[cluster]
    swept = [column - dummies @ (dummies.T @ column / dummies.sum(axis=0)) for column in (*X[:, 1:].T, y)]
    short, full = np.column_stack(swept[:2]), np.column_stack([X[:, 1:], dummies])
    factors, _ = cluster_multipliers(CLUSTERS, replications=99)
    rows = []
    for matrix, outcome in ((short, swept[2]), (full, y)):
        u = outcome - matrix @ np.linalg.lstsq(matrix, outcome, rcond=None)[0]
        rows.append(wild_statistics(matrix, u, cluster, multipliers=factors, std_error=0.2))
    np.testing.assert_allclose(rows[0], rows[1], rtol=1e-8, atol=1e-12)


def test_all_samples_are_listed_once_where_there_are_no_more():
    signs, listed = cluster_multipliers(5, multipliers="rademacher", replications=32)
    assert listed
    assert len(signs) == len(np.unique(signs, axis=0)) == 31  # all of 32 but the observed one
    assert not (signs == 1).all(axis=1).any()
    assert cluster_multipliers(5, multipliers="rademacher", replications=31)[0].shape == (31, 5)
    webb, listed = cluster_multipliers(3, replications=216)
    assert (webb.shape, listed) == ((215, 3), True)
    assert np.unique(np.round(webb**2, 12)).tolist() == [0.5, 1.0, 1.5]


@pytest.mark.parametrize("kind", ["rademacher", "webb"])
def test_multipliers_have_mean_zero_and_variance_one_and_follow_their_seed(kind):
    drawn, listed = cluster_multipliers(50, multipliers=kind, replications=4000, seed=2)
    assert not listed
    # 200,000 draws: four Monte-Carlo errors of the mean, and of the mean square (sd √(7/6 − 1) with Webb's weights).
    assert abs(drawn.mean()) < 4 / np.sqrt(drawn.size)
    assert abs((drawn**2).mean() - 1) < 4 * np.sqrt(1 / 6 / drawn.size)
    np.testing.assert_array_equal(drawn, cluster_multipliers(50, multipliers=kind, replications=4000, seed=2)[0])
    assert (drawn != cluster_multipliers(50, multipliers=kind, replications=4000, seed=3)[0]).any()


@pytest.mark.parametrize("comparison", [5, 10])
def test_one_treated_cluster_hides_an_effect_of_three_deviations_from_samples_under_the_tested_value(comparison):
    """Its residual under the tested value moves with the effect (MacKinnon & Webb 2017); at the estimate it is zero."""
    change = np.random.default_rng(comparison).normal(size=1 + comparison)
    change[0] = 3 + change[1:].mean()
    X, clusters = np.column_stack([np.arange(len(change)) == 0, np.ones(len(change))]), range(len(change))
    estimate, *others = np.linalg.lstsq(X, change, rcond=None)[0]
    u = change - X @ [estimate, *others]
    std_error = float(np.sqrt(clustered(X, u, clusters)[0, 0]))
    signs, _ = cluster_multipliers(len(change), multipliers="rademacher", replications=2**11)
    restricted, free = (
        wild_statistics(X, u, clusters, multipliers=signs, std_error=std_error, restricted=which)
        for which in (True, False)
    )
    assert wild_p_value(restricted, estimate) > 0.1
    assert wild_p_value(free, estimate) < 0.02
    widths = [np.ptp(wild_interval(rows, float(estimate))) for rows in (restricted, free)]
    assert widths[0] > 4 * widths[1]


def test_refusals():
    X, y, cluster = regression()
    _, u, std_error = fitted(X, y, cluster)
    factors, _ = cluster_multipliers(CLUSTERS, replications=99)
    with pytest.raises(EstimationError, match=r"multipliers have shape \(99, 8\) for 9 clusters"):
        wild_statistics(X, u, cluster, multipliers=factors[:, :8], std_error=std_error)
    with pytest.raises(EstimationError, match="no clustered variance"):
        wild_statistics(X, u, cluster, multipliers=factors, std_error=0.0)
    with pytest.raises(EstimationError, match="18 bootstrap samples cannot show"):
        cluster_multipliers(9, replications=18)
