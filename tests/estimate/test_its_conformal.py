"""The first periods after the start among all shifts of the gap, by enumeration, and what is said of them."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import Doubt
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import its_conformal

N, FIRST = 66, 40
MONTHS = pd.period_range("2017-03", periods=N, freq="M")
POSITIONS = np.array([month.ordinal for month in MONTHS], float)
DOSE = np.where(np.arange(N) < FIRST, 0.0, 1.0)
DOSE[FIRST] = 17 / 31
CITIES = ["Treated", "Ash", "Birch", "Cedar", "Elm", "Fir"]


def frame(*, effect=-0.4, seed=0, mean=150.0):
    rng = np.random.default_rng(seed)
    shared = 0.15 * np.sin(2 * np.pi * POSITIONS / 12) + rng.normal(0, 0.1, N)
    rate = mean * np.exp(shared[:, None] + rng.normal(0, 0.05, (N, len(CITIES))))
    rate[:, 0] *= np.exp(effect * DOSE)
    calls = rng.poisson(rate)
    return pd.concat(
        pd.DataFrame({"city": city, "month": MONTHS, "calls": calls[:, j]}) for j, city in enumerate(CITIES)
    ).reset_index(drop=True)


def design(table=None, **options):
    given = {"outcome": "calls", "unit": "city", "time": "month", "treated": "Treated", "start": "2020-07-15"}
    return PanelDesign.from_frame(frame() if table is None else table, **(given | options))


def gap_and_regressors(table=None):
    wide = (frame() if table is None else table).pivot(index="month", columns="city", values="calls")[CITIES]
    logs = np.log(wide.to_numpy(float))
    angle = 2 * np.pi * POSITIONS / 12
    X = np.column_stack([np.ones(N), *(wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos))])
    return logs[:, 0] - logs[:, 1:].mean(axis=1), X


def p_by_hand(gap, X, dose, theta, last):
    u = gap - theta * dose
    u = u - X @ np.linalg.lstsq(X, u, rcond=None)[0]
    S = np.array([abs(np.roll(u, -shift)[-last:].sum()) for shift in range(len(u))])
    return (S[0] - 1e-12 <= S).mean()


@pytest.fixture(scope="module")
def result():
    return its_conformal(design())


def test_p_values_are_shares_of_shifts_for_the_window_and_for_each_period(result):
    gap, X = gap_and_regressors()
    tidy = result.tidy().set_index("term")
    used = np.arange(FIRST + 6)
    assert tidy.loc["mean_first_6_months", "p_value"] == p_by_hand(gap[used], X[used], DOSE[used], 0.0, 6)
    for h in range(6):
        used = np.append(np.arange(FIRST), FIRST + h)
        found = tidy.loc[f"effect_at_{h}_months"]
        assert found["p_value"] == p_by_hand(gap[used], X[used], DOSE[used], 0.0, 1)
        for end, outward in ((found["conf_low"], -1e-6), (found["conf_high"], 1e-6)):
            assert p_by_hand(gap[used], X[used], DOSE[used], end - outward, 1) > 0.05
            assert p_by_hand(gap[used], X[used], DOSE[used], end + outward, 1) <= 0.05


def test_a_single_period_is_held_against_the_forecast_of_the_time_before(result):
    gap, X = gap_and_regressors()
    ahead = gap - X @ np.linalg.lstsq(X[:FIRST], gap[:FIRST], rcond=None)[0]
    expected = ahead[FIRST : FIRST + 6] / DOSE[FIRST : FIRST + 6]
    np.testing.assert_allclose(result.estimate[1:], expected, atol=1e-10)


def test_terms_facts_and_sizes(result):
    assert result.terms["term"].tolist() == ["mean_first_6_months", *(f"effect_at_{h}_months" for h in range(6))]
    assert (result.n_obs, result.n_units) == ((FIRST + 6) * 6, 6)
    assert result.extra["p_floor"] == 1 / (FIRST + 6)
    assert (result.extra["m"], result.extra["periods"], result.extra["statistic"]) == (5, N, "mean")
    calls = frame().query("city == 'Treated'")["calls"].to_numpy()
    np.testing.assert_array_equal(result.support["events"], [calls[FIRST : FIRST + 6].sum(), *calls[FIRST : FIRST + 6]])
    assert result.estimand.horizon == "first 6 months from 2020-07-15"
    assert result.extra["debiased_low"] < result.extra["debiased_estimate"] < result.extra["debiased_high"]
    assert any("p-values cannot go below 1/46, those of single periods not below 1/41" in text for text in result.notes)


@pytest.mark.parametrize("weights", ["equal", "synthetic"])
@pytest.mark.parametrize("statistic", ["mean", "absolute"])
def test_a_known_effect_is_recovered(weights, statistic):
    found = its_conformal(design(), weights=weights, statistic=statistic)
    low, high = found.conf_int().iloc[0]
    assert low < -0.4 < high
    assert high < 0
    assert found.params.iloc[0] == pytest.approx(-0.4, abs=0.12)


def test_later_periods_do_not_enter():
    table = frame()
    later = table.assign(calls=table["calls"].where(table["month"] < MONTHS[FIRST + 6], 3 * table["calls"]))
    one, other = its_conformal(design(table)), its_conformal(design(later))
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())
    assert not one.tidy().equals(its_conformal(design(later), window=8).tidy().head(7))


def test_a_window_longer_than_the_data_is_cut_and_said():
    short = design(frame().query("month < '2020-10'"))
    found = its_conformal(short)
    assert found.terms["term"].iloc[0] == "mean_first_3_months"
    assert "the window holds 3 months, all there are after the start" in found.notes


def test_periods_without_a_dose_have_no_effect_of_their_own():
    hours = np.where(np.arange(N) == FIRST + 2, 0.0, 70 * DOSE)
    table = frame().assign(hours=np.concatenate([hours, np.zeros(N * (len(CITIES) - 1))]))
    with pytest.warns(IdentificationWarning, match="switches off"):
        paused = design(table, dose="hours", start="2020-07")
    found = its_conformal(paused, window=4)
    assert found.terms["term"].tolist()[1:] == ["effect_at_0_months", "effect_at_1_months", "effect_at_3_months"]
    assert any("1 months of the window without a dose" in text for text in found.notes)


def test_few_periods_can_never_reject():
    late = design(frame().query("month >= '2019-11' and month < '2020-12'"), season=None)
    with pytest.warns(IdentificationWarning, match="8 months before the start: its p-values cannot go below 1/13"):
        found = its_conformal(late)
    assert np.isinf(found.conf_int()["conf_high"]).all()
    assert found.path["high"].isna().all()


def test_what_it_refuses_says_the_mend():
    with pytest.raises(EstimationError, match="window=0 holds no period"):
        its_conformal(design(), window=0)
    with pytest.raises(EstimationError, match="6 months before the start, of which 8 are needed"):
        its_conformal(design(frame().query("month >= '2020-01'")))


def test_it_says_what_it_answers(result):
    (said,) = [text for text in result.notes if text.startswith("whether the gap moved beyond its own noise")]
    assert isinstance(said, Doubt)
    assert "at τ = 0.2" in said


def test_the_path_has_limits_for_each_period(result):
    path = result.path
    before = np.arange(FIRST + 6) < FIRST
    assert path["low"][before].isna().all()
    ratio = np.log(path["observed"] / path["counterfactual"]).to_numpy()
    np.testing.assert_allclose(ratio[~before], result.estimate[1:] * DOSE[FIRST : FIRST + 6], atol=1e-10)
    low, high = result.conf_int().to_numpy()[1:].T
    np.testing.assert_allclose(np.log(path["observed"] / path["high"])[~before], low * DOSE[FIRST : FIRST + 6])
    np.testing.assert_allclose(np.log(path["observed"] / path["low"])[~before], high * DOSE[FIRST : FIRST + 6])


def test_it_reads_and_draws_and_is_checked(result):
    assert "in the first 6 months, against the comparison cities' course" in report.sentence(result).text
    assert "for each period by itself" in report.figure(result).caption
    found = {each.check: each for each in check.battery(result, design())}
    assert found["placebo_dates"].verdict == "no contradiction found"
    assert found["leave_one_out"].verdict == "no contradiction found"
    assert found["pre_period"].verdict == "not applicable"
    assert f"to the {FIRST} periods before the start with a start that early (made-up" in found["pre_period"].sentence


def test_no_detectable_effect_is_stated_beside_an_interval_from_shifts(result):
    assert report.effects.effects(result)["mde"].isna().all()
    assert report.sentence(result).text.endswith("that of a randomization test, not of an error.")
    assert len(report.tables.distances([result], {f"its_conformal.{result.terms['term'].iloc[0]}": -0.4}).frame) == 1
