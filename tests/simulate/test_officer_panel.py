"""A panel of officers says what was put into it."""

import numpy as np
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate import officer_panel


def rates(frame):
    return 1000 * frame["force"].sum() / frame["calls"].sum()


def test_the_same_seed_gives_the_same_officers_and_parts_differ():
    one, again, other = (officer_panel(seed=1, part=part).frame for part in (0, 0, 1))
    assert one.equals(again)
    assert not one.equals(other)


def test_exposed_rows_move_by_the_effect():
    """The same draws with and without an effect: rates of 20,000 rows differ by it within the Poisson error."""
    options = {"seed": 3, "officers": 400, "months": 48, "squads": 40}
    with_it, without = (officer_panel(**options, effect=effect) for effect in (-60.0, 0.0))
    exposed = with_it.frame["calls_together"] > 0
    assert exposed.equals(without.frame["calls_together"] > 0)
    apart = rates(with_it.frame[exposed]) - rates(without.frame[exposed])
    error = np.sqrt(2 * 150 * 1000 / with_it.frame.loc[exposed, "calls"].sum())
    assert apart == pytest.approx(-60, abs=3 * error)
    assert with_it.mean_effect() == with_it.mean_effect(volunteered=True) == -60.0


def test_learning_follows_the_calls_before_the_month():
    study = officer_panel(seed=1, effect=0.0, per_call=-10.0)
    before = study.frame.groupby("officer")["calls_together"].shift(fill_value=0)
    np.testing.assert_allclose(study.effect, -before.to_numpy())


def test_the_roster_draws_officers_who_did_not_come_forward_and_compliance_delays_them():
    frame = officer_panel(seed=5, compliance=0.5).frame
    assert frame.loc[frame["volunteered"], "rostered"].max() == 0
    first = {name: frame[frame[name] > 0].groupby("officer")["month"].min() for name in ("rostered", "calls_together")}
    gap = (first["calls_together"] - first["rostered"]).dropna()
    assert set(gap) == {0, 6}
    assert (gap == 0).mean() == pytest.approx(0.5, abs=0.3)
    starts = first["rostered"].groupby(frame.groupby("officer")["squad"].first())
    assert (starts.nunique() == starts.size()).all()  # one at a time in a squad


def test_volunteers_differ_by_what_was_asked():
    frame = officer_panel(seed=4, officers=400, squads=40, level=-50.0, effect=0.0).frame
    came = frame["volunteered"]
    assert rates(frame[came]) - rates(frame[~came]) == pytest.approx(-50, abs=3 * 30 / np.sqrt(100))


def test_too_few_are_refused():
    with pytest.raises(DesignError, match="too few"):
        officer_panel(seed=1, officers=7, squads=4)


def test_on_the_scale_of_ratios_all_that_moves_rates_moves_them_by_factors():
    """Volunteers at a rate of exp(−.7) of the others', and of both exp(−.5) in the second half."""
    frame = officer_panel(
        seed=4, officers=400, squads=40, level=-0.7, fall=-0.5, rate=200.0, effect=0.0, scale="ratio"
    ).frame
    half = frame["month"] >= 24
    seen = {
        (came, late): rates(frame[(frame["volunteered"] == came) & (half == late)])
        for came in (True, False)
        for late in (True, False)
    }
    for late in (True, False):
        assert seen[True, late] / seen[False, late] == pytest.approx(np.exp(-0.7), rel=0.15)
    for came in (True, False):
        assert seen[came, True] / seen[came, False] == pytest.approx(np.exp(-0.5), rel=0.1)
