from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.sandwich import andrews_lags, clustered, clustered_df, heteroskedastic, newey_west
from coresponder_causal.core.serial import ols

# one closed form computed in two ways: only rounding may differ
EXACT = 1e-10


@pytest.fixture(scope="module")
def regression() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    n = 90
    cluster = rng.integers(0, 8, n)
    X = np.column_stack([np.ones(n), rng.normal(size=n) + cluster / 4, cluster < 3]).astype(float)
    y = X @ [1.0, 0.5, -1.0] + rng.normal(size=8)[cluster] + rng.normal(size=n) * (1 + X[:, 2])
    return y, X, cluster


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_heteroskedastic_agrees_with_statsmodels(regression, kind):
    import statsmodels.api as sm

    y, X, _ = regression
    ours = heteroskedastic(X, ols(y, X).residuals, kind=kind)
    np.testing.assert_allclose(ours, sm.OLS(y, X).fit(cov_type=kind).cov_params(), rtol=EXACT)


def test_heteroskedastic_takes_weighted_least_squares(regression):
    import statsmodels.api as sm

    y, X, _ = regression
    w = np.linspace(0.5, 2, len(y))
    other = sm.WLS(y, X, weights=w).fit(cov_type="HC3")
    ours = heteroskedastic(np.sqrt(w)[:, None] * X, np.sqrt(w) * other.resid, kind="HC3")
    np.testing.assert_allclose(ours, other.cov_params(), rtol=EXACT)


@pytest.mark.parametrize("lags", [0, 1, 6])
@pytest.mark.parametrize(("small_sample", "correction"), [("none", False), ("n/(n-k)", True)])
def test_newey_west_agrees_with_statsmodels(regression, lags, small_sample, correction):
    import statsmodels.api as sm

    y, X, _ = regression
    other = sm.OLS(y, X).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": correction})
    ours = newey_west(X, ols(y, X).residuals, lags=lags, small_sample=small_sample)
    np.testing.assert_allclose(ours, other.cov_params(), rtol=EXACT)


def test_andrews_lags_by_hand():
    # ρ = 0.5: residuals 2^(−t) give Σ u_t u_{t−1} / Σ u²_{t−1} = ½ exactly; α = 4·¼ / (¼·9/4) = 16/9
    residuals = 0.5 ** np.arange(40)
    assert andrews_lags(residuals) == int(1.1447 * (16 / 9 * 40) ** (1 / 3)) == 4
    assert andrews_lags(np.array([1.0, 0.0, 0.0, 0.0])) == 0
    assert andrews_lags(np.arange(1.0, 6.0)) == 4
    X = np.ones((40, 1))
    chosen = newey_west(X, residuals, lags="andrews", small_sample="none")
    assert chosen == newey_west(X, residuals, lags=4, small_sample="none")


def test_stata_convention_agrees_with_statsmodels(regression):
    import statsmodels.api as sm

    y, X, cluster = regression
    other = sm.OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": True})
    plain = sm.OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    residuals = ols(y, X).residuals
    np.testing.assert_allclose(clustered(X, residuals, cluster), other.cov_params(), rtol=EXACT)
    np.testing.assert_allclose(
        clustered(X, residuals, cluster, convention="none"), plain.cov_params(), rtol=EXACT, atol=1e-14
    )


def balanced_panel() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    frame = pd.MultiIndex.from_product([range(12), range(10)], names=["city", "month"]).to_frame(index=False)
    frame["x"] = rng.normal(size=120) + frame.city / 5
    frame["y"] = 0.3 * frame.x + rng.normal(size=120) + rng.normal(size=12)[frame.city]
    return frame, *(without_effects(frame, column, "city", "month") for column in ("y", "x"))


def without_effects(frame: pd.DataFrame, column: str, unit: str, time: str) -> np.ndarray:
    values = frame[column].astype(float)
    means = [values.groupby(frame[key]).transform("mean") for key in (unit, time)]
    return (values - means[0] - means[1] + values.mean()).to_numpy()


def test_linearmodels_convention_agrees_with_linearmodels():
    from linearmodels.panel import PanelOLS

    frame, y, x = balanced_panel()
    panel = frame.set_index(["city", "month"])
    other = PanelOLS(panel.y, panel[["x"]], entity_effects=True, time_effects=True).fit(
        cov_type="clustered", cluster_entity=True
    )
    X = x[:, None]
    ours = clustered(X, ols(y, X).residuals, frame.city, convention="linearmodels", absorbed=12 + 10 - 1)
    np.testing.assert_allclose(ours, other.cov.to_numpy(), rtol=EXACT)


def test_fixest_convention_agrees_with_fixest(golden):
    # fixest 0.13: log(calls/pop) ~ post + unemp | city + week, clustered by city; 24 cities, 156 weeks.
    # City effects are nested in the clusters and not counted, every week is.
    frame = pd.read_csv(golden / "data" / "city_week_calls.csv")
    expected = json.loads((golden / "fixest_fepois_city_week.json").read_text())["results"]["feols_lograte"]
    frame["rate"] = np.log(frame.calls / frame["pop"])
    y, *columns = (without_effects(frame, column, "city", "week") for column in ("rate", "post", "unemp"))
    fit = ols(y, X := np.column_stack(columns))
    ours = clustered(X, fit.residuals, frame.city, convention="fixest", absorbed=156)
    np.testing.assert_allclose(fit.beta, expected["estimate"], rtol=EXACT)
    np.testing.assert_allclose(np.sqrt(np.diag(ours)), expected["se"], rtol=EXACT)


def dense_cr2(X: np.ndarray, u: np.ndarray, cluster: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, float]:
    """CR2 and its df straight from the definitions, with n × n matrices."""
    n = len(X)
    bread = np.linalg.inv(X.T @ X)
    maker = np.eye(n) - X @ bread @ X.T
    meat, loadings = np.zeros((X.shape[1],) * 2), []
    for g in np.unique(cluster):
        rows = np.flatnonzero(cluster == g)
        values, vectors = np.linalg.eigh(maker[np.ix_(rows, rows)])
        root = vectors @ np.diag([v**-0.5 if v > 1e-9 else 0.0 for v in values]) @ vectors.T
        score = X[rows].T @ root @ u[rows]
        meat += np.outer(score, score)
        loadings.append(maker[:, rows] @ root @ X[rows] @ bread @ c)
    form = np.array(loadings) @ np.array(loadings).T
    eigenvalues = np.linalg.eigvalsh(form)
    return bread @ meat @ bread, eigenvalues.sum() ** 2 / (eigenvalues**2).sum()


@pytest.mark.parametrize("effects", [False, True])
def test_cr2_and_its_df_agree_with_the_definition(regression, effects):
    # no outside value exists: the definitions are computed with dense matrices
    y, X, cluster = regression
    if effects:  # cluster effects as columns: I − H_gg is singular
        X = np.column_stack([X[:, 1], np.eye(8)[cluster]])
    c = np.zeros(X.shape[1])
    c[0 if effects else 2] = 1
    u = ols(y, X).residuals
    vcov, df = dense_cr2(X, u, cluster, c)
    ours = clustered(X, u, cluster, kind="CR2")
    if effects:  # the effects' own variance is zero by construction
        ours, vcov = ours[:1, :1], vcov[:1, :1]
    np.testing.assert_allclose(ours, vcov, rtol=1e-9)
    assert clustered_df(X, cluster, c) == pytest.approx(df, rel=1e-9)
    assert 1 <= df < 7


def test_cr2_is_unbiased_under_independent_errors(regression):
    # Bell & McCaffrey's defining property, exact: E[CR2] = σ²(X'X)⁻¹ when Var(u) = σ²I
    _, X, cluster = regression
    bread = np.linalg.inv(X.T @ X)
    maker = np.eye(len(X)) - X @ bread @ X.T
    expected = sum(clustered(X, column, cluster, kind="CR2") for column in maker)
    np.testing.assert_allclose(expected, bread, rtol=1e-9, atol=1e-13)


def test_df_of_equal_clusters_is_clusters_minus_one():
    assert clustered_df(np.ones((30, 1)), np.repeat(np.arange(10), 3), np.ones(1)) == pytest.approx(9, rel=1e-12)


def test_labels_of_clusters_may_be_anything(regression):
    y, X, cluster = regression
    u = ols(y, X).residuals
    names = np.array([f"squad {g}" for g in cluster], dtype=object)
    np.testing.assert_allclose(clustered(X, u, names), clustered(X, u, cluster), rtol=1e-12)


def test_refusals(regression):
    y, X, cluster = regression
    u = ols(y, X).residuals
    with pytest.raises(EstimationError, match="1 cluster, two are needed"):
        clustered(X, u, np.zeros(len(X)))
    with pytest.raises(EstimationError, match=r"2 rows have no cluster \(rows 0, 4\)"):
        clustered(X, u, np.where(np.isin(np.arange(len(X)), [0, 4]), np.nan, cluster))
    with pytest.raises(EstimationError, match=r"labels have shape \(3,\)"):
        clustered(X, u, [1, 2, 3])
    with pytest.raises(EstimationError, match="CR2 was asked for with 4 absorbed effects"):
        clustered(X, u, cluster, kind="CR2", absorbed=4)
    with pytest.raises(EstimationError, match="leave none of 90 rows"):
        clustered(X, u, cluster, absorbed=87)
    with pytest.raises(EstimationError, match="90 lags for 90 rows"):
        newey_west(X, u, lags=90, small_sample="none")
    with pytest.raises(EstimationError, match=r"1 values of the outcome are not finite \(rows 2\)"):
        andrews_lags(np.array([1.0, 2.0, np.nan]))
    pulse = np.column_stack([X, np.arange(len(X)) == 7])
    with pytest.raises(EstimationError, match=r"1 rows have leverage 1 \(rows 7\)"):
        heteroskedastic(pulse, ols(y, pulse).residuals, kind="HC3")
    with pytest.raises(EstimationError, match="CR2 variance is zero"):
        clustered_df(np.eye(2)[np.arange(10) % 2], np.arange(10) % 2, np.array([1.0, -1.0]))
