"""Power of a user's own design, the effect it can detect, type M and S errors, and the time a finding needs."""

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.validity import power
from coresponder_causal.validity.power import crossing


@pytest.fixture(scope="module")
def found(known, panel):
    """The power of one study of the known process."""
    design = panel(known().draw(5, seed=11)[1])
    return power(design, effects=(-15, -30, -50), at=-30, horizons=(12, 30), tau=0.1, replications=50)


def test_the_detectable_effect_is_near_the_measured_one(found):
    # −34 % measured with the true noise at m = 10; noise fitted to five studies of 42 months gave −38 to −47 %
    assert -50 < found.mde < -30
    assert found.mde_high < found.mde < found.mde_low
    at = np.interp(-found.mde, -found.curve["effect"], found.curve["power"])
    assert at == pytest.approx(0.8, abs=0.03)  # linear in log ratios, not in percent


def test_power_rises_and_exaggeration_falls_with_the_effect(found):
    curve = found.curve
    assert curve["effect"].tolist() == [-15, -30, -50]
    assert curve["power"].is_monotonic_increasing  # the same shocks serve every effect
    assert curve["exaggeration"].iloc[0] > 1.3 > curve["exaggeration"].iloc[-1] > 0.9
    assert curve["wrong_sign"].iloc[-1] == 0


def test_shorter_studies_are_the_beginnings_of_longer_ones(found):
    same = found.curve.set_index("effect").loc[-30.0, "power"]
    assert found.periods.set_index("periods").loc[30, "power"] == same
    assert found.periods["power"].iloc[0] <= same + 3 * found.periods["power_error"].iloc[0]


def test_the_sentence_holds_the_numbers(found):
    assert f"finds a fall of {-found.mde:.0f} % in four of five redrawn studies" in found.sentence
    assert "times as large as the truth" in found.sentence
    assert "τ = 0.1 was used, as stated" in found.sentence


def test_outcomes_from_the_start_on_do_not_matter(designs, change_after):
    first = power(designs["series"], effects=(-20, -40), horizons=(12, 36), replications=4)
    blind = change_after(designs["series"], lambda values: values * np.nan)
    again = power(blind, effects=(-20, -40), horizons=(12, 36), replications=4)
    assert again.curve.to_csv() == first.curve.to_csv()
    assert again.periods.to_csv() == first.periods.to_csv()
    assert str(again) == str(first)


def test_a_quiet_city_finds_much_and_a_noisy_one_says_that_it_does_not(known, series):
    calm = series(known(events=4000.0, ar_sd=0.0, tau=0.0, rho=0.0).draw(1, seed=8)[0, 0])
    sure = power(calm, effects=(-40, -50), at=-40, horizons=(12, 24), replications=20)
    assert sure.mde == pytest.approx(-40)
    assert sure.periods_needed == 12
    assert "finds a fall of 40 % in four of five redrawn studies or more" in sure.sentence
    wild = series(known(events=60.0, ar_sd=0.4, rho=0.6).draw(1, seed=8)[0, 0])
    unsure = power(wild, effects=(-5, -10), at=-5, horizons=(12,), replications=20)
    assert np.isnan(unsure.mde)
    assert np.isnan(unsure.periods_needed)
    assert "finds even a fall of 10 % in only" in unsure.sentence
    assert "No time after the start up to 12 months" in unsure.sentence


@pytest.mark.parametrize(
    ("powers", "place"),
    [([0.9, 0.95, 1.0], 1.0), ([0.2, 0.6, 1.0], 2.5), ([0.9, 0.5, 0.9], 2.75), ([0.9, 0.9, 0.7], np.nan)],
)
def test_a_crossing_is_where_power_stays_above_four_in_five(powers, place):
    assert crossing(np.array([1.0, 2.0, 3.0]), np.array(powers)) == pytest.approx(place, nan_ok=True)


@pytest.mark.parametrize(("effects", "at"), [((-5, 5), -5), ((0,), -5), ((-5,), 5), ((-5,), -100)])
def test_effects_of_two_signs_are_refused(designs, effects, at):
    with pytest.raises(EstimationError, match="not all falls, or all rises"):
        power(designs["series"], effects=effects, at=at)
