"""Families of results: joint by influence, covariance or placebos; where nothing is known, Holm."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import decide
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.design import CallDesign, PanelDesign
from coresponder_causal.estimate import call_difference, did_prediction_interval

NAMES = [f"y{j}" for j in range(10)]


def about(outcome):
    return Estimand(
        contrast="ATT", outcome=outcome, treatment="t", population="calls", horizon="a year", scale="difference"
    )


def of_mean(outcome, values, *, first=0, cluster=None):
    """The mean of values as a result with its influence, on calls numbered from ``first`` on."""
    n = len(values)
    psi = Influence(
        left=(values - values.mean())[:, None],
        right=np.eye(1) * np.sqrt(n / (n - 1)),
        unit=pd.Index(np.arange(first, first + n), name="call_id"),
        cluster=cluster,
    )
    sums = psi.by_cluster().to_numpy()
    return Result(
        method="example",
        estimand=about(outcome),
        terms=pd.DataFrame({"term": ["effect"]}),
        estimate=np.array([values.mean()]),
        vcov=sums.T @ sums / n**2,
        df=np.array([n - 1.0]),
        scale="difference",
        n_obs=n,
        n_units=n,
        influence=psi,
    )


def drawn(seed, rho, n=200, many=10):
    rng = np.random.default_rng(seed)
    return np.sqrt(rho) * rng.normal(size=(n, 1)) + np.sqrt(1 - rho) * rng.normal(size=(n, many))


def family_of(values):
    return [of_mean(name, column) for name, column in zip(NAMES, values.T, strict=False)]


def test_correlations_are_those_of_the_units():
    values = drawn(1, 0.8)
    found = decide.step_down(family_of(values))
    np.testing.assert_allclose(found.correlation, np.corrcoef(values.T), rtol=1e-9)
    assert found.notes == ()


def test_one_hypothesis_repeated_costs_nothing():
    values = drawn(2, 0.0, many=1) + 0.15
    found = decide.step_down(family_of(np.repeat(values, 5, axis=1)), method="both", draws=40_000).table
    raw = found["p_value"].iloc[0]
    error = 4 * np.sqrt(raw / 40_000)
    for column in ("p_romano_wolf", "p_westfall_young"):
        np.testing.assert_allclose(found[column], raw, atol=error)
    np.testing.assert_allclose(found["p_holm"].min(), 5 * raw, rtol=1e-9)


def test_independent_outcomes_follow_sidak():
    """Of independent hypotheses the chance that the largest statistic is reached is 1 − Π(1 − p); Holm adds them up."""
    values = drawn(3, 0.0, n=20_000, many=4) + 0.012 * np.array([1.5, 0.0, 0.0, 0.0])
    values -= values.mean(axis=0) - 0.012 * np.array([1.5, 1.0, 0.5, 0.2])
    table = decide.step_down(family_of(values), draws=100_000).table
    p = np.sort(table["p_value"])
    sidak = np.maximum.accumulate(1 - (1 - p) ** np.arange(4, 0, -1))
    np.testing.assert_allclose(np.sort(table["p_romano_wolf"]), sidak, atol=0.01)


def test_both_are_the_same_where_all_have_the_same_df_and_differ_elsewhere():
    values = drawn(4, 0.5) + 0.1
    alike = decide.step_down(family_of(values), method="both").table
    np.testing.assert_allclose(alike["p_romano_wolf"], alike["p_westfall_young"], atol=1e-12)
    results = [replace(one, df=np.array([3.0 if j < 5 else np.inf])) for j, one in enumerate(family_of(values))]
    table = decide.step_down(results, method="both").table
    assert abs(table["p_romano_wolf"] - table["p_westfall_young"]).max() > 0.02
    assert (table[["p_romano_wolf", "p_westfall_young"]].min(axis=1) >= table["p_value"]).all()


def test_results_that_share_no_calls_are_independent_and_unknown_ones_are_added_up():
    values = drawn(5, 0.9, many=2) + 0.12
    one, other = of_mean("y0", values[:, 0]), of_mean("y1", values[:, 1])
    apart = decide.step_down([one, of_mean("y1", values[:, 1], first=1000)])
    assert apart.correlation.iloc[0, 1] == 0.0
    unknown = decide.step_down([one, replace(other, influence=None)])
    assert np.isnan(unknown.correlation.iloc[0, 1])
    np.testing.assert_allclose(unknown.table["p_romano_wolf"], unknown.table["p_holm"], rtol=1e-9)
    assert "this is Holm's correction" in unknown.notes[0]
    three = decide.step_down([one, other, replace(one, estimand=about("y2"), influence=None)])
    assert "1 group of 2 of the 3 hypotheses, and 1 alone" in three.notes[0]


def test_persons_and_weeks_meet_in_weeks():
    values = drawn(6, 0.5, n=120, many=2)
    person, week = pd.Index(np.arange(120) // 2), pd.Index(np.arange(120) // 4)
    found = decide.step_down([of_mean("y0", values[:, 0], cluster=person), of_mean("y1", values[:, 1], cluster=week)])
    sums = pd.DataFrame(values - values.mean(axis=0)).groupby(week).sum()
    expected = (sums[0] @ sums[1]) / np.sqrt((sums[0] @ sums[0]) * (sums[1] @ sums[1]))
    assert found.correlation.iloc[0, 1] == pytest.approx(expected)
    few = pd.Index(np.arange(120) // 12)
    noted = decide.step_down([of_mean("y0", values[:, 0], cluster=few), of_mean("y1", values[:, 1])]).notes
    assert noted == ("correlations come from 10 clusters: they are hardly known",)


def test_terms_of_one_result_move_by_its_covariance():
    vcov = np.array([[1.0, 0.95], [0.95, 1.0]])
    one = of_mean("y0", np.arange(5.0))
    two = replace(
        one,
        terms=pd.DataFrame({"term": ["day", "night"]}),
        estimate=np.array([2.3, 2.2]),
        vcov=vcov,
        df=np.full(2, np.inf),
        influence=None,
    )
    found = decide.step_down([two], terms="all")
    assert found.correlation.iloc[0, 1] == pytest.approx(0.95)
    assert (found.table["p_romano_wolf"] < 0.8 * found.table["p_holm"]).all()
    assert list(found.table["term"]) == ["day", "night"]


def city_results(inference):
    rng = np.random.default_rng(7)
    months = pd.period_range("2017-01", periods=48, freq="M")
    frame = pd.DataFrame([(f"city {c:02d}", m) for c in range(30) for m in months], columns=["city", "month"])
    shared = rng.normal(0, 0.05, len(frame))
    for name in ("calls", "arrests"):
        rate = 300 * np.exp(shared - 0.5 * ((frame["city"] == "city 00") & (frame["month"] >= "2020-01")))
        frame[name] = rng.poisson(rate)
    with quietly():
        d = PanelDesign.from_frame(frame, outcome=None, unit="city", time="month", treated="city 00", start=months[36])
        return [did_prediction_interval(d.with_outcome(name), inference=inference) for name in ("calls", "arrests")]


def test_ranks_among_the_same_cities_are_joint():
    """The treated city is the largest of 30 in both outcomes: no placebo is larger in either, 1/30, not Holm's 2/30."""
    results = city_results("permutation")
    table = decide.step_down(results, method="both").table
    for column in ("p_romano_wolf", "p_westfall_young"):
        np.testing.assert_allclose(table[column], 1 / 30, rtol=1e-9)
    np.testing.assert_allclose(table["p_holm"], 2 / 30, rtol=1e-9)
    other = replace(results[1], cities=results[1].cities.assign(city="another"))
    np.testing.assert_allclose(decide.step_down([results[0], other]).table["p_romano_wolf"], 2 / 30, rtol=1e-9)


def test_city_results_without_influence_get_holms():
    found = decide.step_down(city_results("prediction"))
    np.testing.assert_allclose(found.table["p_romano_wolf"], found.table["p_holm"], rtol=1e-9)
    assert "Holm's correction" in found.notes[0]


def test_one_primary_for_each_domain():
    results = family_of(drawn(8, 0.0, many=3) + 0.2)
    found = decide.holm(results, domains={"y0": "demand", "y1": "force", "y2": "care"})
    assert list(found.table["domain"]) == ["demand", "force", "care"]
    assert found.adjusted == ("p_holm",)
    with pytest.raises(DesignError, match="more than one primary result for force"):
        decide.holm(results, domains={"y0": "demand", "y1": "force", "y2": "force"})
    with pytest.raises(DesignError, match="outcome 'y2' has no domain"):
        decide.holm(results, domains={"y0": "demand", "y1": "force"})


def test_exploratory_outcomes_get_q_values():
    results = family_of(drawn(9, 0.3) + 0.2 * (np.arange(10) < 4))
    found = decide.exploratory(results)
    np.testing.assert_array_equal(found.table["q_value"], decide.sharpened_q(found.table["p_value"]))
    assert found.holds.sum() == (found.table["q_value"] <= 0.05).sum() > 0


def test_what_has_no_test_is_refused():
    one = of_mean("y0", np.arange(5.0))
    bounds = replace(one, kind="set", set_low=np.zeros(1), set_high=np.ones(1), influence=None)
    with pytest.raises(EstimationError, match="set of values without a test"):
        decide.holm([one, bounds])
    with pytest.raises(EstimationError, match="no results"):
        decide.step_down([])


def test_units_are_of_one_kind_or_unknown_to_each_other():
    values = drawn(12, 0.9, many=2)
    one, other = family_of(values)
    cities = replace(other, influence=replace(other.influence, unit=other.influence.unit.rename("city")))
    assert np.isnan(decide.step_down([one, cities]).correlation.iloc[0, 1])
    unnamed = [replace(r, influence=replace(r.influence, unit=pd.RangeIndex(200))) for r in (one, other)]
    found = decide.step_down(unnamed)
    assert found.correlation.iloc[0, 1] > 0.8
    assert found.notes == ("units without names were taken to be the same where the numbers of their rows are",)


def test_input_and_seed():
    results = family_of(drawn(10, 0.4))
    first, again = decide.step_down(results, seed=3), decide.step_down(results, seed=3)
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not np.allclose(first.table["p_romano_wolf"], decide.step_down(results, seed=4).table["p_romano_wolf"])


def test_calls_with_estimated_weights_and_persons():
    rng = np.random.default_rng(11)
    n = 600
    frame = pd.DataFrame({"call_id": range(n), "person": rng.integers(0, 200, n), "night": rng.random(n) < 0.4})
    frame["attended"] = rng.random(n) < 0.3 + 0.3 * frame["night"]
    shared = rng.normal(size=n)
    for name, own in (("minutes", 0.2), ("force", 0.2), ("repeat", 1.0)):
        frame[name] = shared + own * rng.normal(size=n)
    c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"], person="person")
    from coresponder_causal.design import weight_propensity

    weighted = weight_propensity(c)
    found = decide.step_down([call_difference(weighted.with_outcome(name)) for name in ("minutes", "force", "repeat")])
    assert found.correlation.iloc[0, 1] > 0.9
    assert 0.5 < found.correlation.iloc[0, 2] < 0.9
    assert found.support is not None
    assert len(found.support) == 3


@pytest.mark.full
@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_familywise_error_from_influence(rho):
    """1,000 samples of 200 calls and ten outcomes without effect; 3 Monte-Carlo errors are allowed."""
    columns = ["p_romano_wolf", "p_westfall_young"]
    families = (family_of(drawn(seed, rho)) for seed in range(1000))
    false = [decide.step_down(one, method="both", draws=999).table[columns].min() <= 0.05 for one in families]
    assert (np.mean(false, axis=0) < rejection_rate_limit(0.05, 1000, 3.0)).all()
