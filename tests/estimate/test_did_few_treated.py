"""One change a city: the estimate from its formula, and what each way of judging it says."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core import few_treated_ranks, rearrangement
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical, minimum_detectable_effect, rank_test
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_few_treated

N, FIRST = 60, 36
MONTHS = pd.period_range("2017-07", periods=N, freq="M")
POSITIONS = np.array([month.ordinal for month in MONTHS], float)
DOSE = np.where(np.arange(N) < FIRST, 0.0, 1.0)
DOSE[FIRST] = 17 / 31
CITIES = ["Treated", *(f"City {number:02d}" for number in range(14))]
PEOPLE = 50_000.0 * np.r_[9, 1 + np.arange(len(CITIES) - 1)]
TREATED = ["Treated", "City 00", "City 01"]
WAYS = ["lee-wooldridge", "lau-li", "conley-taber", "ferman-pinto", "permutation", "hagemann"]


def frame(*, effect=-0.5, spread=0.05, noise=0.05, own=1.0, seed=0):
    rng = np.random.default_rng(seed)
    shared = 0.15 * np.sin(2 * np.pi * POSITIONS / 12) + rng.normal(0, 0.1, N)
    steps = np.r_[effect, spread * rng.normal(size=len(CITIES) - 1)]
    people = PEOPLE
    errors = rng.normal(0, noise, (N, len(CITIES))) * np.r_[own, np.ones(len(CITIES) - 1)]
    calls = rng.poisson(people * np.exp(np.log(0.003) + shared[:, None] + DOSE[:, None] * steps + errors))
    return pd.concat(
        pd.DataFrame({"city": city, "month": MONTHS, "calls": calls[:, j], "population": people[j]})
        for j, city in enumerate(CITIES)
    ).reset_index(drop=True)


def design(table=None, *, cities=15, **options):
    table = frame() if table is None else table
    given = {"outcome": "calls", "unit": "city", "time": "month", "treated": "Treated", "start": "2020-07-15"}
    given |= {"exposure": "population"} | options
    return PanelDesign.from_frame(table[table["city"].isin(CITIES[:cities])], **given)


def several(*, table=None, apart=True, cities=10, **options):
    """Three treated cities, a year apart or together; the first and largest changed by −.5, the others not."""
    table = frame() if table is None else table
    starts = dict(zip(TREATED, ["2020-07", "2021-01", "2021-07"] if apart else ["2020-07"] * 3, strict=True))
    given = {"outcome": "calls", "unit": "city", "time": "month", "cohort": "first", "exposure": "population"} | options
    return PanelDesign.from_frame(
        table[table["city"].isin(CITIES[:cities])].assign(first=table["city"].map(starts)), **given
    )


def changes(table=None):
    table = frame() if table is None else table
    wide = table.pivot(index="month", columns="city", values="calls")[CITIES].to_numpy(float)
    rates = np.log(wide / PEOPLE)
    X = np.column_stack([np.ones(N), DOSE, harmonics(POSITIONS, 12, 2)])
    return (np.linalg.inv(X.T @ X) @ X.T @ rates)[1]


@pytest.fixture(scope="module")
def results():
    with quietly():
        return {way: did_few_treated(design(), inference=way) for way in WAYS}


def test_the_t_test_is_that_of_donald_and_lang_by_hand(results):
    found, theta = results["lee-wooldridge"], changes()
    m, gap = len(theta) - 1, theta[0] - theta[1:].mean()
    error = theta[1:].std(ddof=1) * np.sqrt(1 + 1 / m)
    assert found.estimate[0] == pytest.approx(gap, abs=1e-12)
    assert found.bse.iloc[0] == pytest.approx(error, rel=1e-10)
    assert found.df.tolist() == [m - 1]
    np.testing.assert_allclose(
        found.conf_int().to_numpy()[0], gap + np.array([-1, 1]) * critical(m - 1) * error, rtol=1e-10
    )
    assert found.extra["mde80"] == pytest.approx(minimum_detectable_effect(error, m - 1), rel=1e-10)
    np.testing.assert_allclose(found.cities["effect"], theta - theta[1:].mean(), atol=1e-12)


def test_the_finding_dies_at_rho_star(results):
    star = results["lau-li"].extra["rho_star"]
    assert star > 1
    with quietly():
        just, beyond = (did_few_treated(design(), inference="lau-li", rho=star * part) for part in (0.999, 1.001))
    assert just.pvalues.iloc[0] < 0.05 < beyond.pvalues.iloc[0]
    assert results["lau-li"].conf_int().equals(results["lee-wooldridge"].conf_int())  # ρ = 1


def test_every_way_has_one_estimate_its_floor_and_what_it_can_find(results):
    assert len({float(result.estimate[0]) for result in results.values()}) == 1
    assert len({result.extra["rho_star"] for result in results.values()}) == 1
    floors = {way: result.extra["p_floor"] for way, result in results.items()}
    assert floors["conley-taber"] == floors["ferman-pinto"] == 1 / 15
    assert floors["permutation"] == 1 / (14 * N + 1)
    assert floors["hagemann"] == rearrangement.rearrangement_floor(14)
    for way, result in results.items():
        assert result.pvalues.iloc[0] >= floors[way]
        assert np.isinf(result.extra["mde80"]) == np.isinf(result.conf_int().to_numpy()).any()
    assert np.isinf(results["conley-taber"].extra["mde80"])
    assert results["hagemann"].extra["mde80"] > results["lee-wooldridge"].extra["mde80"]


def test_ranks_are_among_residuals_brought_to_the_variance_of_the_gap(results):
    theta = changes()
    ranked = rank_test(theta[0] - theta[1:].mean(), few_treated_ranks.drawn_placebos(theta[:, None])[1])
    assert results["conley-taber"].pvalues.iloc[0] == ranked.p_value == 1 / 15
    assert "it cannot go below 0.067" in report.sentences.ranks(results["conley-taber"]).text
    assert "pairs of a city and a shifted course" in report.sentences.ranks(results["permutation"]).text


def test_fewer_than_nineteen_cities_and_too_few_for_rearrangement_are_said():
    few = design(cities=8)
    with quietly():
        ranked = did_few_treated(few, inference="conley-taber")
        found = did_few_treated(few, inference="hagemann", rho=2.0)
    assert any("1/8 = 0.125, so that it never reaches 5 %" in text for text in ranked.notes)
    assert any("with 7 comparison cities at ρ = 2; from 14 on it can reach 5 %" in text for text in found.notes)
    assert np.isinf(found.conf_int().to_numpy()).all()


def test_a_noisier_treated_city_is_doubted_unless_the_test_allows_for_it():
    noisy = design(frame(own=4.0))
    with pytest.warns(IdentificationWarning, match=r"times the mean variance .* with more than 1.3 times"):
        found = did_few_treated(noisy)
    assert found.extra["error_ratio"] > 1.3
    ratio = float(np.sqrt(found.extra["error_ratio"]))
    for options in ({"inference": "lau-li", "rho": ratio}, {"inference": "hagemann", "rho": ratio}):
        assert not any("mean variance" in text for text in did_few_treated(noisy, **options).notes)


@pytest.mark.parametrize("adjust", ["demean", "detrend"])
def test_cities_with_starts_of_their_own_are_compared_over_the_same_time_as_the_others(adjust):
    """Each city's course less its forecast from before each start, one fit at a time."""
    table = frame()
    rates = np.log(
        table.pivot(index="month", columns="city", values="calls")[CITIES[:10]].to_numpy(float) / PEOPLE[:10]
    )
    terms = [np.ones(N), *harmonics(POSITIONS, 12, 2).T, *([POSITIONS] if adjust == "detrend" else [])]
    base, by_start = np.column_stack(terms), []
    for first in (36, 42, 48):
        forecast = base @ np.linalg.lstsq(base[:first], rates[:first], rcond=None)[0]
        by_start.append((rates - forecast)[first:].mean(axis=0))
    others = np.mean(by_start, axis=0)[3:]
    treated = np.diag(np.array(by_start)[:, :3])
    with quietly():
        found = did_few_treated(several(), adjust=adjust)
    assert found.estimate[0] == pytest.approx(treated.mean() - others.mean(), abs=1e-10)
    squares = ((treated - treated.mean()) ** 2).sum() + ((others - others.mean()) ** 2).sum()
    assert found.bse.iloc[0] == pytest.approx(np.sqrt(squares / 8 * (1 / 3 + 1 / 7)), rel=1e-8)
    assert found.df.tolist() == [8.0]
    np.testing.assert_allclose(found.cities["effect"][1:], others - others.mean(), atol=1e-10)
    assert found.path is None  # three starts have no one course
    assert found.extra["treated_units"] == 3
    assert any(text.startswith("treated cities one by one: Treated −") for text in found.notes)
    assert any(text.startswith("3 starts: a comparison city's change varies") for text in found.notes)


def test_every_way_for_several_cities_has_its_floor_and_what_it_can_find():
    ways = ["lee-wooldridge", "hc3", "lau-li", "conley-taber", "ferman-pinto", "sets"]
    with quietly():
        found = {way: did_few_treated(several(apart=False), inference=way) for way in ways}
    floors = {way: result.extra["p_floor"] for way, result in found.items()}
    assert floors == dict.fromkeys(ways[:3], 0.0) | dict.fromkeys(ways[3:5], 1 / 344) | {"sets": 1 / 120}
    assert {way: result.df[0] for way, result in found.items()} == dict.fromkeys(ways, 6.0) | {
        "lee-wooldridge": 8.0,
        "hc3": 8.0,
    }
    assert len({result.estimate[0] for result in found.values()}) == 1
    for way, result in found.items():
        assert result.pvalues.iloc[0] >= floors[way]
        assert np.isfinite(result.extra["mde80"])
    assert "343 draws of 3 cities" not in report.sentences.ranks(found["conley-taber"]).text
    assert (
        "Among 344 draws of 3 cities, each in turn taken for those"
        in report.sentences.ranks(found["conley-taber"]).text
    )
    assert any("all 120 choices of cities" in text for text in found["sets"].notes)
    assert found["sets"].path is not None  # one start, one course of the mean


def test_more_sets_than_can_be_listed_are_drawn_by_the_seed():
    d = several(cities=15)
    with quietly():
        one, same, other = (did_few_treated(d, inference="sets", seed=seed) for seed in (1, 1, 2))
        there = did_few_treated(several(cities=15, apart=False), inference="sets")
    assert there.extra["p_floor"] == 1 / 455
    assert one.extra["p_floor"] == other.extra["p_floor"] == 1 / 2730
    assert one.conf_int().equals(same.conf_int())


def test_the_rolling_transformation_is_the_regression_where_there_is_no_season():
    plain = design(start="2020-07")
    with quietly():
        found = {way: did_few_treated(plain, adjust=way, harmonics=0) for way in ("regression", "demean", "detrend")}
    assert found["demean"].estimate[0] == pytest.approx(found["regression"].estimate[0], abs=1e-12)
    assert found["detrend"].bse.iloc[0] > found["demean"].bse.iloc[0]


def test_tests_for_one_city_are_refused_for_several_and_the_other_way_round():
    for way, mend in (("permutation", "inference='sets'"), ("hagemann", "inference='lau-li'")):
        with pytest.raises(DesignError, match="is for one treated city; this design has 3") as caught:
            did_few_treated(several(), inference=way)
        assert mend in caught.value.mend
    with pytest.raises(DesignError, match="'hc3' needs two treated cities"):
        did_few_treated(design(), inference="hc3")


def test_checks_and_pictures_follow_several_cities():
    d = several(apart=False, cities=8)
    with quietly():
        result = did_few_treated(d, adjust="demean")
        found = {made.check: made.verdict for made in check.battery(result, d)}
    assert found["placebo_cities"] == "not applicable"
    assert found["leave_one_out"] != "not applicable"
    assert "leverage" not in found  # no regression of one series stands behind it
    rows = report.figure(result).data["cities"]
    assert rows["role"].tolist() == ["treated"] + ["comparison"] * 5
    assert rows["city"].iloc[0] == "City 00, City 01 and Treated"
    assert len(report.figure(result, kind="path").data["path"]) == N


def test_what_makes_no_sense_is_refused():
    with pytest.raises(EstimationError, match=r"rho=2 has no place in inference='permutation'"):
        did_few_treated(design(), inference="permutation", rho=2.0)
    with pytest.raises(EstimationError, match="is not a ratio of standard deviations"):
        did_few_treated(design(), inference="lau-li", rho=0.0)
    with pytest.raises(EstimationError, match="no exposure"):
        did_few_treated(design(exposure=None), inference="ferman-pinto")
    with pytest.raises(EstimationError, match="1 comparison city"):
        did_few_treated(design(cities=2))


def test_checks_pictures_and_sentences_follow(results):
    d = design(cities=6)
    with quietly():
        names = {found.check: found.verdict for found in check.battery(did_few_treated(d), d)}
    assert names["placebo_cities"] in {"no contradiction found", "contradicts"}
    forest = report.figure(results["lee-wooldridge"]).data["cities"]
    assert forest["role"].tolist() == ["treated"] + ["comparison"] * 14
    unbanded = report.figure(results["conley-taber"], kind="path")
    assert unbanded.data["path"]["low"].isna().all()
    assert "Band" not in unbanded.caption
    shown = report.table(*results.values()).frame
    assert len(shown["method"].unique()) == 6
    assert "−" in report.sentence(results["hagemann"]).text or "fell" in report.sentence(results["hagemann"]).text
