"""Time to the next call and all later calls: by hand, against other routes to the same number, and the trap."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, HistoryDesign, match_nearest, weight_propensity
from coresponder_causal.estimate import call_recurrent, call_repeat
from coresponder_causal.privacy import Policy
from coresponder_causal.report.drawing import drawn
from coresponder_causal.validity.history_worlds import compared_calls, history, mean_effect


def formed(calls, rows, adjust=None):
    with quietly():
        known = [name for name in ("severity", "night") if name in calls]
        person = "person" if "person" in calls else None
        c = CallDesign.from_frame(calls, outcome=None, treatment="attended", covariates=known, person=person)
        return HistoryDesign.from_history(c if adjust is None else adjust(c), rows)


def run(method, d, **options):
    with quietly():
        return method(d, **options)


@cache
def town(n: int = 4000, *, effect: float = -0.1, jails_more: bool = False, seed: int = 5):
    rng = np.random.default_rng(seed)
    calls = compared_calls(rng, n, 0.4)
    return calls, history(rng, calls, effect=effect, jails_more=jails_more)


def small():
    calls = pd.DataFrame({"call_id": np.arange(8), "attended": [1, 1, 1, 1, 0, 0, 0, 0]})
    rows = [
        (0, "repeat", 10.0, np.nan),
        (0, "repeat", 30.0, np.nan),
        (1, "custody", 20.0, 40.0),
        (1, "repeat", 60.0, np.nan),
        (4, "repeat", 30.0, np.nan),
        (5, "repeat", 60.0, np.nan),
        (6, "moved", 45.0, np.nan),
        *((call, "end", 100.0, np.nan) for call in range(8)),
    ]
    return formed(calls, pd.DataFrame(rows, columns=["call_id", "kind", "day", "until"]))


def test_incidence_days_and_rates_by_hand():
    """Treated: 1 of 4 repeats first (day 10), at liberty until the first repeat 10 + 40 + 90 + 90 days with 2 repeats.

    Untreated: 2 of 4 (days 30, 60), at liberty 30 + 60 + 45 + 90. Kaplan–Meier, treated: ¼; untreated: ¼, then the one
    at 60 among two left, 1 − ¾ · ½.
    """
    found = run(call_repeat, small()).params
    assert found["cif_90"] == pytest.approx(0.25 - 0.5, abs=1e-14)
    assert found["rmst_90"] == pytest.approx((90 - 80 / 4) - (90 - (60 + 30) / 4), abs=1e-12)
    assert found["per_day_at_liberty"] == pytest.approx(2 / 230 - 2 / 225, abs=1e-14)
    assert found["custody_90"] == pytest.approx(0.25, abs=1e-14)
    assert found["moved_90"] == pytest.approx(-0.25, abs=1e-14)
    assert found["kaplan_meier_90"] == pytest.approx(0.25 - (1 - 0.75 * 0.5), abs=1e-14)


def test_mean_numbers_by_hand():
    """Treated: 3 calls of 4; untreated ¼ at 30, and at 60 with S = ¾ the one among three left: ¼ again."""
    result = run(call_recurrent, small(), days=(50, 90))
    assert result.params["mean_50"] == pytest.approx(2 / 4 - 1 / 4, abs=1e-14)
    assert result.params["mean_90"] == pytest.approx(3 / 4 - 2 / 4, abs=1e-14)
    assert result.params["per_day_at_liberty"] == pytest.approx(
        3 / (90 + 70 + 90 + 90) - 2 / (90 + 90 + 45 + 90), abs=1e-14
    )
    assert result.support["events"].tolist() == [3.0, 5.0, 5.0]


def test_where_all_are_followed_to_the_end_it_is_the_weighted_difference_of_shares():
    """Then the pseudo-observations are the indicators themselves: the same closed form by three routes, 1e-12."""
    calls, rows = town()
    rows = rows.assign(day=rows["day"].where(rows["kind"] != "end", 180.0))
    d = formed(calls, rows, weight_propensity)
    result, first = run(call_repeat, d), d.firsts(90)
    hit, weights, treated = first.kind == "repeat", d.calls.call_weights(), d.calls.treated
    shares = [np.average(hit[arm], weights=weights[arm]) for arm in (treated, ~treated)]
    assert result.params["cif_90"] == pytest.approx(shares[0] - shares[1], abs=1e-12)
    assert result.extra.number("pseudo_difference") == pytest.approx(shares[0] - shares[1], abs=1e-12)


def test_standard_error_is_that_of_the_difference_of_shares_where_all_are_followed():
    """Influence of estimated weights and persons included: 1e-10."""
    from coresponder_causal.estimate import call_difference

    calls, rows = town()
    rows = rows.assign(day=rows["day"].where(rows["kind"] != "end", 180.0))
    d = formed(calls, rows, weight_propensity)
    hit = d.firsts(90).kind == "repeat"
    with quietly():
        c = CallDesign.from_frame(
            calls.assign(hit=hit),
            outcome="hit",
            treatment="attended",
            covariates=["severity", "night"],
            person="person",
        )
        theirs = call_difference(weight_propensity(c))
    assert run(call_repeat, d).bse["cif_90"] == pytest.approx(theirs.bse["effect"], rel=1e-10)


def test_pseudo_observations_agree_with_the_weighted_curve_under_random_ends_of_follow_up():
    """Both estimate the same contrast; they differ by far less than their error."""
    result = run(call_repeat, formed(*town(), weight_propensity))
    assert abs(result.extra.number("pseudo_difference") - result.params["cif_90"]) < 0.1 * result.bse["cif_90"]


def test_pseudo_observations_are_those_of_leaving_one_out():
    """θ + n ∂θ/∂w_i against n θ − (n − 1) θ_(−i): they differ by terms of order 1/n, here n = 300."""
    from coresponder_causal.core.event_curves import event_curve

    calls, rows = town(300)
    first = formed(calls, rows).firsts(90)

    def share(kept):
        hit = np.flatnonzero(first.kind[kept] == "repeat")
        day = first.day[kept]
        curve = event_curve(
            unit=hit, day=day[hit], followed=day, leaves=first.kind[kept] != "", weights=np.ones(len(day))
        )
        h = curve.until(np.array([90.0]))
        return curve.mean(h)[0], curve.per_weight(h)[:, 0]

    everyone = np.arange(300)
    whole, slopes = share(everyone)
    ours = whole + 300 * slopes[:20]
    left_out = [300 * whole - 299 * share(np.delete(everyone, i))[0] for i in range(20)]
    np.testing.assert_allclose(ours, left_out, atol=5 / 300)


@pytest.mark.parametrize("adjust", [weight_propensity, match_nearest])
def test_the_effect_that_was_put_in_is_found(adjust):
    d = formed(*town(8000), adjust)
    result, means = run(call_repeat, d), run(call_recurrent, d)
    assert abs(result.params["cif_90"] + 0.1) < 3 * result.bse["cif_90"]
    for term in ("mean_90", "mean_180"):
        assert abs(means.params[term] - mean_effect(-0.1)) < 3 * means.bse[term]


def test_kaplan_meier_is_a_trap_where_one_arm_jails_more():
    """Nobody calls more or less often; where half of those who did not call are in custody it sees more repeats."""
    result = run(call_repeat, formed(*town(effect=0.0, jails_more=True), weight_propensity))
    assert abs(result.params["cif_90"]) < 3 * result.bse["cif_90"]
    assert result.params["kaplan_meier_90"] < -5 * result.bse["kaplan_meier_90"]
    assert result.params["custody_90"] < -5 * result.bse["custody_90"]


def at_liberty_alike(n=6000):
    """Persons call at a rate of their own whenever at liberty; without the team the frequent callers are jailed."""
    rng = np.random.default_rng(11)
    calls = pd.DataFrame({"call_id": np.arange(n), "attended": np.arange(n) % 2})
    often = rng.random(n) < 0.5
    rate = np.where(often, 1 / 30, 1 / 300)
    kept = often & (calls["attended"].to_numpy() == 0) & (rng.random(n) < 0.6)
    stay = np.where(kept, 20.0, 0.0)
    first = stay + rng.exponential(1 / rate)
    parts = [
        pd.DataFrame({"call_id": np.flatnonzero(kept), "kind": "custody", "day": 0.0, "until": 20.0}),
        pd.DataFrame({"call_id": np.arange(n), "kind": "repeat", "day": first, "until": np.nan}).query("day <= 90"),
        pd.DataFrame({"call_id": np.arange(n), "kind": "end", "day": 90.0, "until": np.nan}),
    ]
    return formed(calls, pd.concat(parts))


def test_kaplan_meier_sees_a_benefit_of_jail_where_frequent_callers_are_jailed():
    """At liberty the arms are alike. Kaplan–Meier drops the jailed for good; days at liberty take them back."""
    result = run(call_repeat, at_liberty_alike())
    found = {term: result.params[term] / result.extra.number(f"{term}_treated") for term in result.terms["term"][:3]}
    assert result.params["kaplan_meier_90"] > 0.1
    assert result.params["cif_90"] > 0.1
    assert abs(found["per_day_at_liberty"]) < 0.06


def test_curves_start_at_zero_end_at_the_terms_and_lie_within_their_bands():
    result = run(call_repeat, formed(*town(), weight_propensity))
    path = result.path
    assert path.groupby(["treated", "kind"])["observed"].first().eq(0).all()
    last = path[path["time"] == 90].set_index(["treated", "kind"])["observed"]
    assert last[True, "repeat"] - last[False, "repeat"] == pytest.approx(result.params["cif_90"], abs=1e-12)
    assert last[True, "custody"] == pytest.approx(result.extra.number("custody_90_treated"), abs=1e-12)
    assert (path["low"] <= path["observed"]).all()
    assert (path["observed"] <= path["high"]).all()
    assert last.drop("kaplan_meier", level="kind").groupby("treated").sum().lt(1).all()


def test_calls_of_one_person_are_no_independent_calls():
    calls, rows = town(600)
    twice = pd.concat([calls, calls.assign(call_id=calls["call_id"] + 600)], ignore_index=True)
    rows = pd.concat([rows, rows.assign(call_id=rows["call_id"] + 600)], ignore_index=True)
    once, doubled = run(call_repeat, formed(calls, town(600)[1])), run(call_repeat, formed(twice, rows))
    assert doubled.bse["cif_90"] == pytest.approx(once.bse["cif_90"], rel=2e-3)  # (n − 1)/(n − 2) alone differs
    alone = run(call_repeat, formed(twice.drop(columns="person"), rows))
    assert alone.bse["cif_90"] < 0.8 * once.bse["cif_90"]


def test_refusals_say_the_mend():
    d = small()
    with pytest.raises(DesignError, match="ask for fewer days"):
        run(call_repeat, d, days=365)
    with pytest.raises(DesignError, match="one day or more"):
        run(call_repeat, d, days=0)
    with pytest.raises(EstimationError, match="ask for more days"):
        run(call_repeat, d, days=5)
    with pytest.raises(EstimationError, match="ask for more days"):
        run(call_recurrent, d, days=(5,))
    with pytest.raises(DesignError, match="no days"):
        run(call_recurrent, d, days=())


def test_what_did_not_come_first_and_what_matching_leaves_out_is_said():
    assert any("came first after none" in text for text in run(call_repeat, small(), days=15).notes)
    assert any("matching is not counted" in text for text in run(call_repeat, formed(*town(), match_nearest)).notes)


def test_sentences_pictures_and_checks(tmp_path):
    d = formed(*town(), weight_propensity)
    result, means = run(call_repeat, d), run(call_recurrent, d)
    assert str(report.sentence(result)).startswith("Repeat calls within 90 days were ")
    assert "per 100 calls rarer after calls the team attended" in str(report.sentence(result))
    assert "per call lower" in str(report.sentence(means))
    assert {one.check for one in check.battery(result, d)} == {"balance", "overlap"}
    units = report.effects.effects(result).set_index("term")["unit"]
    assert (units["rmst_90"], units["per_day_at_liberty"], units["cif_90"]) == (
        "days per call",
        "per day at liberty",
        "per call",
    )
    for one in (result, means):
        picture = report.figure(one)
        assert picture.kind == "incidence"
        left = picture.data["path"].query("time > 20 or kind != 'custody'")  # as where small numbers were withheld
        assert drawn(replace(picture, data={"path": left}), "svg")
        few = report.figure(
            run(call_repeat if one is result else call_recurrent, formed(*town(300), weight_propensity))
        )
        report.write_all({tmp_path / f"{one.method}.svg": few}, policy=Policy(audience="public"))
