"""The estimator by an instrument: its terms, its ways of inference, what it says, and what it refuses."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.estimate import call_iv
from coresponder_causal.validity.call_worlds import call_table, shifts, start

KNOWN = ("severity", "initial_type", "patrol_load")


@cache
def drawn(instrument="coverage_post", *, covariates=KNOWN, calls=3000, share=0.08, seed=5):
    takers = "chance" if instrument == "call_taker" else None
    frame = call_table(np.random.default_rng(seed), calls=calls, share=share, takers=takers)
    return CallInstrumentDesign.from_tables(
        frame, shifts(), outcome="arrest", start=start.date(), instrument=instrument, covariates=covariates
    )


def test_terms_are_in_units_of_the_outcome_and_the_first_stage_is_a_fact():
    result = call_iv(drawn())
    assert result.terms["term"].tolist() == ["att", "itt"]
    assert result.estimand.contrast == "ATT"
    assert result.params["att"] * result.extra.number("first_stage") == pytest.approx(result.params["itt"], rel=1e-12)
    assert result.n_units == 208  # weeks of the drawn years
    assert result.extra["interval"] == "t, Satterthwaite df"
    assert 0 <= result.extra.number("rho") <= result.extra.number("rho_upper")


def test_one_sided_presence_makes_the_ratio_blooms():
    """Off duty nobody comes: the first stage is the share of calls on duty that were attended, hours held equal."""
    d = drawn()
    share = d.calls.treated.sum() / d.z().sum()
    assert call_iv(d).extra.number("first_stage") == pytest.approx(share, abs=0.03)


def test_calls_attended_outside_the_plan_turn_it_into_the_late():
    d = drawn()
    early = d.source.index[:3]
    treated = d.source["attended"].copy()
    treated.loc[early] = True
    result = call_iv(replace(d, calls=replace(d.calls, source=d.source.assign(attended=treated))))
    assert result.terms["term"].iloc[0] == "late"
    assert result.extra["outside"] == 3


def test_blocks_of_eight_weeks_stand_beside_the_gap():
    d = drawn()
    gap, blocks = call_iv(d), call_iv(d, inference="blocks")
    assert gap.extra["blocks"] == 26
    assert gap.extra.number("blocks_std_error") == pytest.approx(blocks.bse["att"], rel=1e-12)
    low, high = blocks.conf_int().loc["att"]
    assert (gap.extra.number("blocks_low"), gap.extra.number("blocks_high")) == pytest.approx((low, high), rel=1e-12)
    assert gap.params.tolist() == blocks.params.tolist()
    assert blocks.df[0] == 25
    assert "blocks" not in call_iv(drawn("team_free")).extra


def test_the_set_inverts_the_test_of_the_reduced_form():
    """At either end of the set t equals its critical value; without an effect the statistic is that of ``itt``."""
    for d in (drawn(), drawn("team_free")):
        result = call_iv(d)
        for end in ("ar_low", "ar_high"):
            b = result.extra.number(end)
            shifted = d.source.assign(arrest=d.source["arrest"] - b * d.source["attended"])
            moved = call_iv(replace(d, calls=replace(d.calls, source=shifted)))
            limit = float(critical(moved.df[1]))
            assert abs(moved.params["itt"] / moved.bse["itt"]) == pytest.approx(limit, rel=1e-3)


def test_the_gap_is_not_for_a_free_team():
    with pytest.raises(EstimationError, match="needs covered and uncovered hours"):
        call_iv(drawn("team_free"), inference="gap")


def test_a_free_team_without_the_patrol_load_is_in_doubt():
    d = drawn("team_free", covariates=("severity",))
    with pytest.warns(IdentificationWarning, match="patrol load is not among the covariates.*measured without it"):
        call_iv(d)


def test_a_weak_instrument_is_said():
    d = drawn(calls=1500, share=0.003, seed=3)
    with pytest.warns(IdentificationWarning, match=r"effective F = .*, below 23.1"):
        result = call_iv(d, inference="week")
    assert any("Anderson–Rubin 95 % set" in text for text in result.notes)


def test_coverage_in_one_city_is_said_to_describe():
    assert any("description only" in text for text in call_iv(drawn()).notes)
    assert not any("description only" in text for text in call_iv(drawn("team_free")).notes)


def test_compliers_are_the_attended_calls_where_only_the_instrument_brings_the_team():
    """One-sided: everybody whose presence hung on the instrument was attended, though weighted by hours."""
    d = drawn(calls=13_000)
    result = call_iv(d, inference="week")
    attended = d.source.loc[d.source["attended"], "severity"].mean()
    assert result.extra.number("compliers: severity") == pytest.approx(attended, abs=0.1)
    assert attended > 0.2  # the team goes to severe calls
    assert abs(result.extra.number("all: severity")) < 0.05


def test_reads_as_a_table_and_a_sentence():
    result = call_iv(drawn("team_free"))
    assert "Calls by an instrument, team free or taken" in report.table(result).frame.to_string()
    text = report.sentence(result).text
    assert "arrests" in text.lower()
    assert "on the calls the team attended" in text
    assert not text.startswith("Description only")
    assert report.sentence(call_iv(drawn())).text.startswith("Description only")


def test_call_takers_cluster_by_themselves_with_few_degrees_of_freedom():
    d = drawn("call_taker", calls=13_000)
    result = call_iv(d)
    takers = d.timing["call_taker"].nunique()
    assert result.terms["term"].tolist() == ["late", "itt"]
    assert (result.n_units, result.extra["cluster"]) == (takers, "call taker")
    assert result.df[0] < takers - 1
    assert "CR2" in result.extra["interval"]
    assert not any("patrol load" in text for text in result.notes)
    assert "team hung on the instrument" in report.sentence(result).text
    assert "Calls by an instrument, call takers" in report.table(result).frame.to_string()
    with pytest.raises(EstimationError, match="needs that instrument, not team_free"):
        call_iv(drawn("team_free"), inference="call_taker")


def test_sets_of_weak_takers_are_unbounded_or_two_rays_and_say_so():
    shapes = set()
    for seed in range(12):
        frame = call_table(np.random.default_rng(seed), calls=4000, share=0.1, takers="alike")
        with quietly():
            d = CallInstrumentDesign.from_tables(
                frame, shifts(), outcome="arrest", start=start.date(), instrument="call_taker"
            )
            result = call_iv(d)
        shape = str(result.extra["ar_shape"])
        shapes.add(shape)
        (said,) = [text for text in result.notes if text.startswith("Anderson–Rubin")]
        if shape == "unbounded":
            assert said.endswith(": every value")
            assert result.extra.number("effective_f") < float(critical(result.df[1])) ** 2
        elif shape == "two rays":
            assert ": up to" in said
        else:
            assert result.extra.number("ar_low") < result.estimate[0] < result.extra.number("ar_high")
    assert shapes >= {"unbounded", "interval"}


def test_what_is_drawn_is_carried_as_facts():
    gap, free = call_iv(drawn()), call_iv(drawn("team_free"))
    hours = np.array(gap.extra["shares"])
    assert hours[:, 0].tolist() == list(range(24))
    assert hours[:, 1:3].sum() == gap.n_obs
    assert (hours[:, 3] == 0).all()  # nobody was attended before the start
    assert hours[hours[:, 5] > 0][:, 0].tolist() == list(range(12, 22))
    assert [row[0] for row in gap.extra["gap_course"]] == list(range(-4, 4))
    assert "gap_course" not in free.extra
