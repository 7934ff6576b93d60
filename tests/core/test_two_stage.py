"""One instrument: hand formulas, sets of every shape, and the weekly gap."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.anderson_rubin import confidence_set
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.core.two_stage import two_stage
from coresponder_causal.core.weekly_gap import gap_design, weekly_gap


def drawn(n=400, seed=1, strength=0.6):
    """Binary instrument in five strata, with a regressor and a hidden cause of treatment and outcome."""
    rng = np.random.default_rng(seed)
    strata, x, hidden = rng.integers(0, 5, n), rng.normal(size=n), rng.normal(size=n)
    z = (rng.random(n) < 0.2 + 0.1 * strata).astype(float)
    d = strength * z + 0.3 * hidden + 0.1 * x + 0.2 * rng.normal(size=n)
    y = 2 * d + hidden + 0.5 * x + 0.2 * strata + rng.normal(size=n)
    return y, d, z, strata, pd.DataFrame({"x": x})


def test_without_regressors_the_ratio_is_that_of_wald():
    y, d, z, _, _ = drawn()
    fit = two_stage(y, d, z, strata=np.zeros(len(y)), regressors=pd.DataFrame(index=range(len(y))))
    means = [(y[z == arm].mean(), d[z == arm].mean()) for arm in (1, 0)]
    itt, first = means[0][0] - means[1][0], means[0][1] - means[1][1]
    np.testing.assert_allclose([fit.itt, fit.first_stage, fit.late], [itt, first, itt / first], rtol=1e-12)


def test_strata_swept_out_are_the_same_as_indicators():
    y, d, z, strata, x = drawn()
    fit = two_stage(y, d, z, strata=strata, regressors=x)
    W = np.column_stack([pd.get_dummies(strata).to_numpy(float), x])
    Z, X = np.column_stack([z, W]), np.column_stack([d, W])
    np.testing.assert_allclose(fit.late, np.linalg.solve(Z.T @ X, Z.T @ y)[0], rtol=1e-10)
    np.testing.assert_allclose(fit.itt, np.linalg.lstsq(Z, y)[0][0], rtol=1e-10)
    assert fit.spent == 6


def test_clustered_covariance_is_the_sum_of_scores_by_hand():
    y, d, z, strata, x = drawn(n=60)
    fit = two_stage(y, d, z, strata=strata, regressors=x)
    cluster = np.arange(60) // 6
    residuals = np.stack(fit.residuals)
    meat = sum(np.outer(s, s) for s in (residuals[:, cluster == g] @ fit.z[cluster == g] for g in range(10)))
    factor = 10 / 9 * 59 / (60 - 7)
    vcov, clusters = fit.clustered(cluster)
    np.testing.assert_allclose(vcov, factor * meat / (fit.z @ fit.z) ** 2, rtol=1e-12)
    assert clusters == 10


def test_few_clusters_have_the_cr2_error_of_y_less_b_d_at_every_b():
    y, d, z, strata, x = drawn()
    fit = two_stage(y, d, z, strata=strata, regressors=x)
    cluster = np.arange(len(y)) % 7
    vcov, clusters, df = fit.few_clustered(cluster)
    for b in (0.0, 2.0, -1.5):
        residual = fit.residuals[0] - b * fit.residuals[1]
        direct = clustered(fit.z[:, None], residual, cluster, kind="CR2")[0, 0]
        np.testing.assert_allclose(np.array([1, -b]) @ vcov @ np.array([1, -b]), direct, rtol=1e-9)
    assert clusters == 7
    assert df == clustered_df(fit.z[:, None], cluster, np.ones(1)) < 6


def test_an_instrument_that_the_strata_explain_is_refused():
    y, d, _, strata, x = drawn()
    with pytest.raises(EstimationError, match="nothing of it is left"):
        two_stage(y, d, (strata > 2).astype(float), strata=strata, regressors=x)
    with pytest.raises(EstimationError, match="first stage is 0"):
        two_stage(y, np.zeros(len(y)), drawn()[2], strata=strata, regressors=x)
    with pytest.raises(EstimationError, match="'again' is absorbed"):
        two_stage(y, d, drawn()[2], strata=strata, regressors=x.assign(again=2 * x["x"]))


def quadratic(itt, first, vcov, critical):
    """Excess of |itt − b·first| over its critical value, and the ends of the set by the quadratic formula."""
    a = first**2 - critical**2 * vcov[1, 1]
    b = -2 * (itt * first - critical**2 * vcov[0, 1])
    c = itt**2 - critical**2 * vcov[0, 0]
    root = np.sqrt(complex(b**2 - 4 * a * c))
    ends = sorted([((-b - root) / (2 * a)).real, ((-b + root) / (2 * a)).real])

    def excess(value):
        spread = np.sqrt(vcov[0, 0] - 2 * value * vcov[0, 1] + value**2 * vcov[1, 1])
        return abs(itt - value * first) / spread - critical

    return excess, ends, a, b**2 - 4 * a * c


@pytest.mark.parametrize(
    ("itt", "first", "shape"), [(0.3, 0.5, "interval"), (0.5, 0.12, "two rays"), (0.05, 0.05, "unbounded")]
)
def test_sets_are_those_of_fieller(itt, first, shape):
    """With a fixed covariance the set solves a quadratic inequality: bounded, two rays, or everything."""
    vcov = np.array([[0.01, 0.002], [0.002, 0.01]])
    excess, ends, curvature, discriminant = quadratic(itt, first, vcov, 1.96)
    assert {"interval": curvature > 0, "two rays": curvature < 0 < discriminant, "unbounded": discriminant < 0}[shape]
    found = confidence_set(excess, itt / first, 0.1 / first, strong=curvature > 0)
    assert found.shape == shape
    assert found.holds(itt / first)
    if shape == "unbounded":
        assert (found.low, found.high) == (-np.inf, np.inf)
    else:
        # The ends are found to a millionth of the bracket they lie in.
        np.testing.assert_allclose([found.low, found.high], ends, rtol=1e-4)
        assert found.holds(0.0) == (excess(0.0) <= 0)


def test_sets_read_as_words():
    vcov = np.array([[0.01, 0.002], [0.002, 0.01]])
    said = [
        str(confidence_set(quadratic(itt, first, vcov, 1.96)[0], itt / first, 0.1 / first, strong=first > 0.3))
        for itt, first in ((0.3, 0.5), (0.5, 0.12), (0.05, 0.05))
    ]
    assert " to " in said[0]
    assert said[1].startswith("up to ")
    assert said[2] == "every value"


def test_the_gap_is_the_difference_of_weekly_means_and_thin_weeks_are_counted():
    from coresponder_causal.core.notes import collecting

    week, covered = np.repeat(np.arange(25), 4), np.tile([True, True, False, False], 25)
    covered[:4] = True  # the first week has no call in uncovered hours
    values = pd.DataFrame({"y": np.arange(100.0)})
    with collecting() as notes:
        gap = weekly_gap(values, week=week, covered=covered)
    assert len(gap) == 24
    np.testing.assert_allclose(gap["y"], -2.0)
    assert notes == ["1 of 25 weeks lack calls in covered or in uncovered hours and give no gap"]
    with pytest.raises(EstimationError, match="the same in every week"):
        gap_design(gap["y"])
    with pytest.raises(EstimationError, match="19 weeks have calls"):
        weekly_gap(values[24:], week=week[24:], covered=covered[24:])
