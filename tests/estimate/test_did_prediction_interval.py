"""One treated city: the estimate and its interval rebuilt from the formulas with dense matrices."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.check import battery, placebo_cities
from coresponder_causal.core.count_prediction import predict_counts
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.few_treated import breakdown_ratio
from coresponder_causal.core.inference import critical, minimum_detectable_effect
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_prediction_interval

N, FIRST = 60, 36
MONTHS = pd.period_range("2017-07", periods=N, freq="M")
POSITIONS = np.array([month.ordinal for month in MONTHS], float)
DOSE = np.where(np.arange(N) < FIRST, 0.0, 1.0)
DOSE[FIRST] = 17 / 31
CITIES = ["Treated", "Ash", "Birch", "Cedar", "Elm", "Fir", "Oak"]


def frame(*, effect=-0.3, spread=0.08, noise=0.05, seed=0, mean=120.0, cities=CITIES, counts=True):
    """Cities of growing size with a shared season and shock, and steps of their own at the start."""
    rng = np.random.default_rng(seed)
    shared = 0.15 * np.sin(2 * np.pi * POSITIONS / 12) + rng.normal(0, 0.1, N)
    steps = np.r_[effect, spread * rng.normal(size=len(cities) - 1)]
    people = 50_000 * (1 + np.arange(len(cities))) + 30 * np.arange(N)[:, None]
    log = np.log(mean / 50_000) + shared[:, None] + DOSE[:, None] * steps + rng.normal(0, noise, (N, len(cities)))
    rate = people * np.exp(log)
    calls = rng.poisson(rate) if counts else rate
    return pd.concat(
        pd.DataFrame({"city": city, "month": MONTHS, "calls": calls[:, j], "population": people[:, j]})
        for j, city in enumerate(cities)
    ).reset_index(drop=True)


def design(table=None, **options):
    given = {"outcome": "calls", "unit": "city", "time": "month", "treated": "Treated", "start": "2020-07-15"}
    given |= {"exposure": "population"} | options
    return PanelDesign.from_frame(frame() if table is None else table, **given)


@pytest.fixture(scope="module")
def result():
    return did_prediction_interval(design())


def rebuilt(table, dose=DOSE, positions=POSITIONS):
    """(1)–(6) of the method from a frame, city by city, with full matrices; parameters of the errors as fitted."""
    wide = {
        name: table.pivot(index="month", columns="city", values=name)[CITIES].to_numpy(float)
        for name in ("calls", "population")
    }
    r = np.log(np.maximum(wide["calls"], 0.5) / wide["population"])
    z = r - r[:, 1:].mean(axis=1, keepdims=True)
    X = np.column_stack([np.ones(len(dose)), dose, harmonics(positions, 12, 2)])
    n, k = X.shape
    theta, v, df = [], [], []
    for column in z.T:
        fit = SerialDesign(X, time=positions).fit(column)
        K = fit.phi * fit.rho ** np.abs(positions[:, None] - positions) + (1 - fit.phi) * np.eye(n)
        W = np.linalg.inv(K)
        inverse = np.linalg.inv(X.T @ W @ X)
        beta = inverse @ X.T @ W @ column
        s2 = (column - X @ beta) @ W @ (column - X @ beta) / (n - k)
        theta.append(beta[1])
        v.append(s2 * inverse[1, 1])
        df.append(fit.record.df(np.eye(k)[1], fit.vcov))
    return np.array(theta), np.array(v), np.array(df)


def reml_tau_squared(theta, v):
    """The highest restricted likelihood on a fine grid, with full matrices."""
    one = np.ones((len(theta), 1))

    def loglik(tau_squared):
        W = np.diag(1 / (v + tau_squared))
        P = W - W @ one @ one.T @ W / (one.T @ W @ one)
        return 0.5 * (np.log(np.diag(W)).sum() - np.log((one.T @ W @ one)[0, 0]) - theta @ P @ theta)

    grid = np.linspace(0, 0.1, 20_001)
    return grid[int(np.argmax([loglik(point) for point in grid]))]


def test_the_estimate_and_its_interval_follow_the_formulas(result):
    theta, v, dfs = rebuilt(frame())
    m = len(CITIES) - 1
    inflated = v[1:] * m / (m - 1)
    tau_squared = result.extra["tau"] ** 2
    assert tau_squared == pytest.approx(reml_tau_squared(theta[1:], inflated), abs=5e-6)  # the grid's step
    V = v[0] + tau_squared * (1 + 1 / m)
    W = np.diag(1 / (inflated + tau_squared))
    P = W - W @ np.ones((m, m)) @ W / W.sum()
    df = max(m - 1, 2 * V**2 / ((1 + 1 / m) ** 2 * 2 / np.trace(P @ P) + 2 * v[0] ** 2 / dfs[0]))
    assert result.estimate[0] == pytest.approx(theta[0], abs=1e-9)
    assert result.vcov[0, 0] == pytest.approx(V, rel=1e-7)
    assert result.df[0] == pytest.approx(df, rel=1e-7)
    low, high = result.conf_int().loc["mean_post"]
    half = float(critical(df)) * np.sqrt(V)
    assert (low, high) == pytest.approx((theta[0] - half, theta[0] + half), rel=1e-6)


def test_the_effect_is_against_the_comparison_cities_mean(result):
    theta, v, _ = rebuilt(frame())
    assert result.cities["city"].tolist() == CITIES
    assert result.cities["role"].tolist() == ["treated", *["comparison"] * 6]
    np.testing.assert_allclose(result.cities["effect"], theta, atol=1e-9)
    np.testing.assert_allclose(result.cities["std_error"], np.sqrt(v), rtol=1e-7)
    # Pooled least squares of the gap: the same question, other weights for the months.
    wide = (
        frame()
        .assign(rate=lambda t: np.log(t["calls"] / t["population"]))
        .pivot(index="month", columns="city", values="rate")
    )
    gap = (wide["Treated"] - wide[CITIES[1:]].mean(axis=1)).to_numpy()
    X = np.column_stack([np.ones(N), DOSE, harmonics(POSITIONS, 12, 2)])
    assert result.estimate[0] == pytest.approx(np.linalg.lstsq(X, gap, rcond=None)[0][1], abs=0.02)


def test_a_known_effect_is_recovered_whatever_the_cities_share():
    quiet = frame(noise=1e-4, spread=0.0, counts=False)
    fit = did_prediction_interval(design(quiet))
    # Noise of one in ten thousand over 24 months: six standard errors.
    assert fit.estimate[0] == pytest.approx(-0.3, abs=6 * 1e-4 * np.sqrt(2 / 24))
    assert fit.extra["tau"] < 1e-4


def test_spread_between_cities_widens_the_interval():
    tight, wide = (did_prediction_interval(design(frame(spread=spread, seed=4))) for spread in (0.0, 0.3))
    assert wide.extra["tau"] > 0.1 > tight.extra["tau"]
    assert wide.bse["mean_post"] > 2 * tight.bse["mean_post"]


def test_breakdown_values_are_those_at_which_the_finding_dies():
    fit = did_prediction_interval(design(frame(effect=-0.6)))
    m, cut = 6, float(critical(fit.df[0]))
    theta, v0 = fit.estimate[0], fit.cities["std_error"][0] ** 2
    assert fit.conf_int().loc["mean_post", "conf_high"] < 0
    for spread in (
        fit.extra["tau_star"] ** 2 * (1 + 1 / m),
        fit.extra["tau"] ** 2 * (fit.extra["kappa_star"] ** 2 + 1 / m),
    ):
        assert abs(theta) == pytest.approx(cut * np.sqrt(v0 + spread), rel=1e-9)
    assert fit.extra["integrated_low"] < theta < fit.extra["integrated_high"]


def test_result_says_what_it_is(result):
    assert result.terms["term"].tolist() == ["mean_post"]
    assert result.scale == "log_ratio"
    assert (result.n_obs, result.n_units) == (N * 7, 7)
    assert result.extra["interval"] == "prediction interval"
    assert (result.extra["m"], result.extra["city"], result.extra["outcome_unit"]) == (6, "Treated", "calls a month")
    mine = frame().query("city == 'Treated'")["calls"]
    assert result.extra["mean_events"] == pytest.approx(mine.mean())
    assert result.support["events"][0] == mine[FIRST:].sum()
    assert (result.estimand.population, result.estimand.horizon) == ("Treated", "24 months from 2020-07-15")


def test_the_path_shows_the_ratio_to_the_comparison_cities(result):
    wide = (
        frame()
        .assign(rate=lambda t: np.log(t["calls"] / t["population"]))
        .pivot(index="month", columns="city", values="rate")
    )
    gap = (wide["Treated"] - wide[CITIES[1:]].mean(axis=1)).to_numpy()
    shift = np.log(result.path["observed"].to_numpy()) - gap
    np.testing.assert_allclose(shift, shift[0], atol=1e-12)  # relative to the level before, one number for all months
    np.testing.assert_array_equal(result.path["dose"], DOSE)
    assert result.path["time"].tolist() == list(MONTHS)
    before = np.arange(N) < FIRST
    assert np.log(result.path["counterfactual"][before]).mean() == pytest.approx(0, abs=1e-12)
    low, high = result.conf_int().iloc[0]
    width = np.log(result.path["high"] / result.path["low"])
    np.testing.assert_allclose(width[~before], high - low, rtol=1e-9)
    assert width[before].isna().all()


def test_harmonics_are_an_option():
    plain = did_prediction_interval(design(), harmonics=0)
    unseasonal = did_prediction_interval(design(season=None))
    assert plain.estimate[0] == pytest.approx(unseasonal.estimate[0], rel=1e-12)
    assert plain.estimate[0] != did_prediction_interval(design()).estimate[0]


def test_months_that_a_city_lacks_are_left_out_of_all():
    table = frame()
    lacking = table[~((table["city"] == "Elm") & table["month"].isin([MONTHS[5], MONTHS[40]]))]
    with pytest.warns(IdentificationWarning, match="2 months are not there for every city"):
        fit = did_prediction_interval(design(lacking))
    assert any(text.startswith("2 months are not there") for text in fit.notes)
    assert any("2 of 420 unit-periods are missing" in text for text in fit.notes)
    assert (fit.n_obs, len(fit.path)) == (58 * 7, 58)
    kept = np.setdiff1d(np.arange(N), [5, 40])
    everywhere = table[~table["month"].isin([MONTHS[5], MONTHS[40]])]
    theta, _, _ = rebuilt(everywhere, DOSE[kept], POSITIONS[kept])
    assert fit.estimate[0] == pytest.approx(theta[0], abs=1e-9)


def test_common_months_must_lie_on_both_sides():
    table = frame()
    short = table[~((table["city"] == "Elm") & (table["month"] < MONTHS[FIRST]))]
    with (
        pytest.warns(IdentificationWarning, match="36 months"),
        pytest.raises(DesignError, match="24 months are there for every city, and they lie on one side") as caught,
    ):
        did_prediction_interval(design(short))
    assert "leave out the cities with short series" in caught.value.mend


def test_two_treated_cities_are_refused():
    with pytest.raises(DesignError, match="for one treated city; this design has 2") as caught:
        did_prediction_interval(design(treated=["Treated", "Ash"]))
    assert caught.value.mend == "name one treated city and leave the others out"


def test_few_comparison_cities_are_doubtful_and_one_is_too_few():
    table = frame()
    four = table[table["city"].isin(CITIES[:5])]
    with pytest.warns(IdentificationWarning, match="4 comparison cities: the spread between cities is hardly known"):
        fit = did_prediction_interval(design(four))
    assert fit.df[0] >= 3
    one = table[table["city"].isin(CITIES[:2])]
    with (
        pytest.warns(IdentificationWarning, match="1 comparison cities"),
        pytest.raises(EstimationError, match="1 comparison city: the spread between cities cannot be estimated"),
    ):
        did_prediction_interval(design(one))


def test_few_events_are_doubtful_by_name():
    small = frame(mean=6.0)  # the treated city has 6 calls a month, the next one 12
    with pytest.warns(IdentificationWarning, match="fewer than 10 events a period in Treated: log rates are biased"):
        fit = did_prediction_interval(design(small))
    assert any("in Treated: " in text for text in fit.notes)


def test_zeros_are_counted():
    table = frame()
    table.loc[[0, 70], "calls"] = 0
    fit = did_prediction_interval(design(table))
    assert "2 of 420 city-periods without events: half an event was put in their place" in fit.notes
    theta, _, _ = rebuilt(table)
    assert fit.estimate[0] == pytest.approx(theta[0], abs=1e-9)


def test_negative_values_are_refused():
    table = frame()
    table.loc[3, "calls"] = -2
    with pytest.raises(DesignError, match="'calls' has 1 negative values"):
        did_prediction_interval(design(table))


def test_pretending_and_without_make_the_designs_they_name():
    made = design()
    pretended = made.pretending("Oak")
    assert (pretended.treated_units, pretended.comparison_units) == (["Oak"], sorted(CITIES[1:6]))
    fit = did_prediction_interval(pretended)
    table = frame().query("city != 'Treated'")
    assert fit.estimate[0] == did_prediction_interval(design(table, treated="Oak")).estimate[0]
    fewer = did_prediction_interval(made.without("Oak"))
    assert fewer.estimate[0] == did_prediction_interval(design(frame().query("city != 'Oak'"))).estimate[0]
    assert made.treated_units == ["Treated"]  # the design itself is as it was


def test_a_made_up_start_uses_the_time_before_only():
    made = design().before_start(start=int(POSITIONS[20]))
    fit = did_prediction_interval(made)
    assert len(fit.path) == FIRST
    assert fit.path["time"].max() == MONTHS[FIRST - 1]
    assert abs(fit.estimate[0]) < 0.15  # nothing happened then; two standard errors are .1


@pytest.mark.parametrize("seed", range(3))
def test_numbering_the_cities_otherwise_changes_nothing(seed):
    names = dict(zip(CITIES[1:], np.random.default_rng(seed).permutation(CITIES[1:]), strict=True))
    renamed = frame().replace({"city": names})
    fit, plain = did_prediction_interval(design(renamed)), did_prediction_interval(design())
    assert fit.estimate[0] == pytest.approx(plain.estimate[0], abs=1e-10)
    assert fit.bse["mean_post"] == pytest.approx(plain.bse["mean_post"], rel=1e-6)


def test_permutation_ranks_the_statistic_among_the_comparison_cities(result):
    """The placebos are those of the check that treats each comparison city in turn."""
    ranked = did_prediction_interval(design(), inference="permutation")
    table = placebo_cities(result, design()).table
    others = table.loc[table["role"] == "comparison", "statistic"].to_numpy(float)
    np.testing.assert_allclose(np.sort(ranked.placebo[0]), np.sort(others), rtol=1e-6)
    own = float(result.tidy()["statistic"].iloc[0])
    assert ranked.pvalues["mean_post"] == (1 + np.sum(np.abs(others) >= abs(own))) / len(CITIES)
    assert ranked.params.equals(result.params)
    assert ranked.bse.equals(result.bse)
    assert ranked.extra["interval"] == f"permutation among {len(CITIES)} cities"
    assert any("cannot go below" in text for text in ranked.notes)
    assert placebo_cities(ranked, design()).verdict == "not applicable"
    assert not any("covered the truth" in text for text in ranked.notes)  # that was measured of the interval
    assert any("covered the truth" in text for text in result.notes)


def test_what_the_design_can_find_and_where_the_finding_dies_are_facts(result):
    error = float(result.bse.iloc[0])
    assert result.extra["mde80"] == pytest.approx(minimum_detectable_effect(error, float(result.df[0])), rel=1e-12)
    changes = result.cities["effect"].to_numpy()[:, None]
    assert result.extra["rho_star"] == pytest.approx(breakdown_ratio(changes), rel=1e-12)
    assert 0 < result.extra["prob_tau_zero"] < 0.6
    assert np.isinf(did_prediction_interval(design(), inference="permutation").extra["mde80"])


def test_covariates_are_means_before_the_start_and_few_cities_are_doubted():
    table = frame()
    table["density"] = table["city"].map({city: float(number) for number, city in enumerate(CITIES)})
    table.loc[table["month"] >= "2020-07", "density"] = 99.0
    with pytest.warns(IdentificationWarning, match="1 covariates of 6 comparison cities: with fewer than 10"):
        found = did_prediction_interval(design(table, covariates=["density"]))
    assert found.extra["covariates"] == "density"
    moved = table.assign(density=table["density"] * 2 - 5)
    with quietly():
        same = did_prediction_interval(design(moved, covariates=["density"]))
    np.testing.assert_allclose(same.estimate, found.estimate, atol=1e-9)
    np.testing.assert_allclose(same.vcov, found.vcov, rtol=1e-6)


def test_sparse_counts_are_compared_before_and_after():
    table = frame(mean=2.0, seed=7)
    with pytest.raises(EstimationError, match="is zero in more than 5 %"):
        did_prediction_interval(design(table))
    found = did_prediction_interval(design(table), likelihood="poisson")
    counts = table.assign(after=table["month"] >= "2020-07").groupby(["city", "after"])[["calls", "population"]].sum()
    parts = counts.unstack().loc[CITIES]
    by_hand = predict_counts(
        parts["calls"][False].to_numpy(float),
        parts["calls"][True].to_numpy(float),
        np.log(parts["population"][True] / parts["population"][False]).to_numpy(),
        DOSE[FIRST:].mean(),
    )
    assert found.estimate[0] == pytest.approx(by_hand.effect, rel=1e-12)
    assert found.extra["tau"] == by_hand.tau
    assert found.path is None
    assert report.figure(found).data["cities"]["role"].iloc[0] == "treated"
    with quietly():
        verdicts = {made.check: made.verdict for made in battery(found, design(table))}
    assert "leverage" not in verdicts  # no regression of one series stands behind it
    assert verdicts["placebo_cities"] != "not applicable"
    for options in ({"covariates": ["population"]}, {}):
        with pytest.raises(EstimationError, match="counts take neither covariates nor ranks"):
            did_prediction_interval(design(table, **options), likelihood="poisson", inference="permutation")
