"""The gap to comparison cities: rebuilt with full matrices, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.domain import rejections
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_gap

N, FIRST = 66, 40
MONTHS = pd.period_range("2017-03", periods=N, freq="M")
POSITIONS = np.array([month.ordinal for month in MONTHS], float)
DOSE = np.where(np.arange(N) < FIRST, 0.0, 1.0)
DOSE[FIRST] = 17 / 31
AFTER = np.arange(N) >= FIRST
SINCE = np.maximum(POSITIONS - POSITIONS[FIRST], 0.0)
CITIES = ["Treated", "Ash", "Birch", "Cedar", "Elm", "Fir"]
PEOPLE = 50_000 * np.array([1.0, 1.0, 2.0, 3.0, 1.5, 0.8])


def frame(*, effect=-0.3, noise=0.05, seed=0, counts=True, mean=120.0):
    """Cities that share season and shocks; the treated one follows Birch and Cedar in what they do beside."""
    rng = np.random.default_rng(seed)
    own = 0.3 * np.cumsum(rng.normal(0, 0.2, (N, len(CITIES))), axis=0)
    own[:, 0] = 0.5 * own[:, 2] + 0.5 * own[:, 3]
    shared = 0.15 * np.sin(2 * np.pi * POSITIONS / 12) + rng.normal(0, 0.1, N)
    log = np.log(mean / 50_000) + shared[:, None] + own + rng.normal(0, noise, own.shape)
    log[:, 0] += effect * DOSE
    rate = PEOPLE * np.exp(log)
    calls = rng.poisson(rate) if counts else rate
    return pd.concat(
        pd.DataFrame({"city": city, "month": MONTHS, "calls": calls[:, j], "population": PEOPLE[j]})
        for j, city in enumerate(CITIES)
    ).reset_index(drop=True)


def design(table=None, **options):
    given = {"outcome": "calls", "unit": "city", "time": "month", "treated": "Treated", "start": "2020-07-15"}
    given |= {"exposure": "population"} | options
    return PanelDesign.from_frame(frame() if table is None else table, **given)


def rates(table=None):
    wide = (frame() if table is None else table).pivot(index="month", columns="city", values="calls")[CITIES]
    return np.log(np.maximum(wide.to_numpy(float), 0.5) / PEOPLE)


def regressors(*, sloped=True):
    angle = 2 * np.pi * POSITIONS / 12
    season = [wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos)]
    return np.column_stack([np.ones(N), DOSE, *([SINCE] if sloped else []), *season])


@pytest.fixture(scope="module")
def result():
    return did_gap(design())


@pytest.mark.parametrize(
    ("weights", "by_hand"), [("equal", np.full(5, 0.2)), ("population", PEOPLE[1:] / PEOPLE[1:].sum())]
)
def test_terms_are_generalised_least_squares_of_the_gap(weights, by_hand):
    found = did_gap(design(), weights=weights)
    gap, X = rates()[:, 0] - rates()[:, 1:] @ by_hand, regressors()
    rho, phi = found.extra["rho"], found.extra["phi"]
    W = np.linalg.inv(phi * rho ** np.abs(POSITIONS[:, None] - POSITIONS) + (1 - phi) * np.eye(N))
    inverse = np.linalg.inv(X.T @ W @ X)
    beta = inverse @ X.T @ W @ gap
    vcov = (gap - X @ beta) @ W @ (gap - X @ beta) / (N - X.shape[1]) * inverse
    mean = np.zeros(X.shape[1])
    mean[1:3] = DOSE[AFTER].mean(), SINCE[AFTER].mean()
    np.testing.assert_allclose(found.estimate[:3], [mean @ beta, beta[1], beta[2]], atol=1e-10)
    np.testing.assert_allclose(np.diag(found.vcov)[:3], [mean @ vcov @ mean, vcov[1, 1], vcov[2, 2]], rtol=1e-7)
    assert found.estimate[3] == pytest.approx(beta[1] + 6 * beta[2], abs=1e-10)
    fit = SerialDesign(X, time=POSITIONS).fit(gap)  # the degrees of freedom of the fit itself
    assert found.df[0] == pytest.approx(fit.record.df(mean, fit.vcov), rel=1e-6)


def test_terms_facts_and_sizes(result):
    assert result.terms["term"].tolist() == [
        "mean_post", "level_change", "slope_change", "effect_at_6_months", "effect_at_12_months", "effect_at_24_months",
        "averted",
    ]  # fmt: skip
    assert (result.n_obs, result.n_units, result.scale) == (N * 6, 6, "log_ratio")
    assert result.support["units"].eq(6).all()
    facts = {name: result.extra[name] for name in ("m", "weights", "harmonics", "slope_change", "city")}
    assert facts == {"m": 5, "weights": "equal", "harmonics": 2, "slope_change": True, "city": "Treated"}
    assert result.extra["effective_donors"] == pytest.approx(5)
    assert result.extra["donor_weights"] == "Ash 0.20, Birch 0.20, Cedar 0.20, Elm 0.20, Fir 0.20"
    assert result.estimand.horizon == "26 months from 2020-07-15"


def test_the_slope_may_be_fixed_and_is_with_little_time_after(result):
    assert "slope_change" not in did_gap(design(), slope_change=False).terms["term"].tolist()
    short = design(frame().query("month < '2022-01'"))
    assert did_gap(short).extra["slope_change"] is False
    with pytest.warns(IdentificationWarning, match="18 months after the start: a change of slope is hardly told"):
        did_gap(short, slope_change=True)


def test_the_path_is_the_citys_counts_beside_those_the_others_predict(result):
    gap, X = rates()[:, 0] - rates()[:, 1:].mean(axis=1), regressors()
    path = result.path
    np.testing.assert_array_equal(path["observed"], frame().query("city == 'Treated'")["calls"])
    beside = np.log(path["observed"] / path["counterfactual"]).to_numpy() - gap  # minus the gap's own course
    without = X.copy()
    without[:, 1:3] = 0
    assert np.abs(beside - without @ np.linalg.lstsq(without, beside, rcond=None)[0]).max() < 1e-9
    assert (path["low"] < path["counterfactual"]).all()
    assert (path["counterfactual"] < path["high"]).all()
    shift = np.log(path["fitted"] / path["counterfactual"])[AFTER]
    by_model = (path["observed"][AFTER] * np.expm1(-shift)).sum()
    assert result.tidy().set_index("term").loc["averted", "estimate"] == pytest.approx(by_model, rel=1e-9)


@pytest.mark.parametrize("weights", ["equal", "population", "synthetic"])
@pytest.mark.filterwarnings("ignore:synthetic weights")
def test_a_known_effect_is_recovered(weights):
    found = did_gap(design(), weights=weights, slope_change=False)
    level, half = found.params["level_change"], critical(found.df[1]) * found.bse["level_change"]
    assert abs(level + 0.3) < 1.5 * half
    assert found.params["mean_post"] == pytest.approx(level * DOSE[AFTER].mean(), rel=1e-9)


def test_synthetic_weights_find_the_cities_that_are_followed():
    quiet = design(frame(noise=1e-3, counts=False))
    found = did_gap(quiet, weights="synthetic")
    assert found.extra["donor_weights"].replace("Cedar", "Birch").count("Birch") == 2
    assert found.extra["effective_donors"] == pytest.approx(2, abs=0.1)
    assert found.extra["pre_r_squared"] > 0.95
    assert found.params["mean_post"] == pytest.approx(-0.3 * DOSE[AFTER].mean(), abs=0.01)
    assert not any("no evidence" in text for text in found.notes)
    assert found.bse["mean_post"] < did_gap(quiet).bse["mean_post"]


def test_weights_do_not_see_what_follows_the_start():
    table = frame()
    later = table.assign(calls=table["calls"].where(table["month"] < MONTHS[FIRST], table["calls"] // 2 + 5))
    with pytest.warns(IdentificationWarning, match="synthetic weights reproduce"):
        one, other = (did_gap(design(each), weights="synthetic") for each in (table, later))
    assert one.extra["donor_weights"] == other.extra["donor_weights"]
    assert one.extra["pre_r_squared"] == other.extra["pre_r_squared"]
    assert any("this is no evidence" in text and isinstance(text, Doubt) for text in one.notes)
    first = "The weights do not reproduce the city's course before the start: this is no evidence. "
    assert report.sentence(one).text.startswith(first)
    assert "no evidence" not in report.sentence(did_gap(design())).text


def test_the_page_asks_about_the_comparison_cities(result):
    headings = [section.title for section in report.page([result]).sections]
    assert "How do we know? The city against the comparison cities over time" in headings
    assert not any("its own course" in heading for heading in headings)


def test_it_says_what_it_answers(result):
    (said,) = [text for text in result.notes if text.startswith("whether the gap moved beyond its own noise")]
    assert isinstance(said, Doubt)
    measured = rejections("did_gap", "mean_post", by="tau")
    assert measured[0.2] > 0.2 > measured[0.1] > measured[0.0]
    assert f"{100 * measured[0.2]:.0f} % of the time at τ = 0.2" in said
    assert "did_prediction_interval answers" in said


def test_what_it_refuses_says_the_mend():
    with pytest.raises(DesignError, match="did_gap is for one treated city; this design has 2"):
        did_gap(design(treated=["Treated", "Ash"]))
    with pytest.raises(EstimationError, match="no exposure to weight cities by") as caught:
        did_gap(design(exposure=None), weights="population")
    assert "weights='equal'" in caught.value.mend
    late = design(frame().query("month >= '2019-07'"))
    with pytest.raises(EstimationError, match="12 periods before the start, of which 18 are needed to fit weights"):
        did_gap(late, weights="synthetic")
    with pytest.warns(IdentificationWarning, match="10 months before the start"):
        did_gap(design(frame().query("month >= '2019-09'")))


def test_the_checks_apply(result):
    made = design()
    found = {each.check: each for each in check.battery(result, made)}
    for name in ("pre_period", "placebo_dates", "placebo_cities", "leave_one_out"):
        assert found[name].verdict != "not applicable", found[name].sentence


def test_it_reads_and_draws_as_one_city_along_the_others(result):
    picture = report.figure(result)
    assert picture.kind == "series"
    assert picture.title == "Treated against the comparison cities: calls, observed and expected"
    assert "the comparison cities' course, carried forward" in picture.caption
    assert "against the comparison cities' course" in report.sentence(result).text
