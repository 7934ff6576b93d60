"""Every named world obeys the dictionary and has the fault that it is named for."""

from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

import coresponder_causal.simulate.__main__ as page
from coresponder_causal.data.registers import contaminated
from coresponder_causal.data.validate import findings
from coresponder_causal.simulate import Preset, WorldConfig, presets, world
from coresponder_causal.simulate.intake import INITIAL_TYPES

NAMES = get_args(Preset)
DOCS = Path(__file__).parents[2] / "docs" / "worlds.md"
TINY = WorldConfig(n_comparison=4, monthly_calls=8)


@pytest.mark.parametrize("name", NAMES)
def test_tables_obey_the_dictionary(name):
    study = world(name, seed=2, config=TINY)
    for table in study.tables:
        assert findings(study.tables[table], table=table).empty, table
    panel, calls = study.tables["city_panel"], study.tables["calls"]
    assert (panel.groupby("city").calls.sum() == calls.groupby("city").size()).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_named_world_repeats(name):
    first, second = (world(name, seed=3, config=TINY) for _ in range(2))
    assert first.truth.att == second.truth.att or np.isnan(first.truth.att)
    for table in ("calls", "outcomes", "programmes"):
        pd.testing.assert_frame_equal(first.tables[table], second.tables[table])


def test_the_list_tells_each_mistake():
    listed = presets()
    assert listed.name.tolist() == list(NAMES)
    assert list(listed.columns) == ["name", "world", "mistake", "instead"]
    assert listed.map(len).gt(0).all(axis=None)
    assert listed.mistake.is_unique


def test_the_page_of_worlds_is_up_to_date():
    assert DOCS.read_text(encoding="utf-8") == page.worlds_page(), "run python -m coresponder_causal.simulate"
    assert all(f"## `{name}`" in page.worlds_page() for name in NAMES)


def test_treated_rows_are_those_of_the_full_tables():
    study = world(seed=5, config=TINY)
    calls, outcomes = study.tables["calls"], study.tables["outcomes"]
    treated = calls[calls.city == "West Sacramento"]
    pd.testing.assert_frame_equal(world(seed=5, config=TINY).treated_calls, treated)
    followed = outcomes[outcomes.call_id.isin(treated.call_id)]
    pd.testing.assert_frame_equal(world(seed=5, config=TINY).treated_outcomes, followed)


def test_funnel_only_records_a_third_less_where_nothing_changed():
    recorded = []
    for seed in range(6):
        truth = world("funnel_only", seed=seed, config=WorldConfig(n_comparison=1)).truth
        assert truth.city_log_ratio == 0
        assert (truth.effects.true == 0).all()
        assert (truth.outcomes.true == 0).all()
        of_bundle = truth.outcomes[truth.outcomes.world == "bundle"].set_index("outcome").recorded
        assert (of_bundle.drop("report_filed") == 0).all()
        recorded.append(np.expm1(of_bundle["report_filed"]))
    # six worlds with about 2,700 reports each, of which about 800 are lost: standard error .004
    assert np.mean(recorded) == pytest.approx(-0.30, abs=0.025)


def test_selective_dispatch_sends_the_team_to_the_severest():
    gaps = {}
    for name in ("west_sac_like", "selective_dispatch"):
        made = world(name, seed=1, config=WorldConfig(n_comparison=1)).truth.play("bundle").play
        free = made.sent.on_duty & ~made.sent.busy
        gaps[name] = made.calls.severity[free & made.sent.attended].mean()
        gaps[name] -= made.calls.severity[free & ~made.sent.attended].mean()
    assert gaps["selective_dispatch"] > gaps["west_sac_like"] + 0.4  # standard errors are about .05


def test_capacity_loss_hides_what_the_co_responders_do():
    truth = world("capacity_loss", seed=1, config=WorldConfig(n_comparison=1)).truth
    ratios = truth.contrasts.set_index("world").all_hours
    assert ratios["co_responder"] < -0.15
    assert ratios["fewer_posts"] > 0.1
    assert ratios["co_responder"] + 0.1 < ratios["bundle"] < 0
    arrests = truth.outcomes.set_index(["outcome", "world"]).true["arrest"]
    assert arrests["fewer_posts"] > arrests["co_responder"] + 0.2


def test_covid_heavy_moves_the_calls_of_2020_more():
    def drop(name):
        calls = [world(name, seed=s, config=WorldConfig(n_comparison=1)).panel_counts.calls for s in range(10)]
        months = np.array(calls).reshape(10, 2, 72)
        return np.log(months[:, :, 38:42].mean() / months[:, :, 26:30].mean())

    assert drop("covid_heavy") < drop("west_sac_like") - 0.2  # the change of March 2020 is −.70 against −.30


def test_contaminated_donors_change_and_the_register_knows():
    quiet = {"n_comparison": 6, "monthly_calls": 5000, "tau": 0.0, "ar_sd": 0.0, "nugget_sd": 0.0}
    study = world("contaminated_donor", seed=4, config=WorldConfig(**quiet))
    clean = world("west_sac_like", seed=4, config=WorldConfig(**quiet))
    calls, without = (s.panel_counts.calls.to_numpy().reshape(7, 72) for s in (study, clean))
    late = np.log(calls[:, 60:].sum(axis=1) / without[:, 60:].sum(axis=1))
    # counts of a year are 60,000 and more: the standard error of a log ratio is below .006
    assert late[1:4] == pytest.approx(np.full(3, np.log(0.7)), abs=0.025)
    assert (late[[0, 4, 5, 6]] == 0).all()
    assert (calls[:, :48] == without[:, :48]).all()
    effects = study.truth.city_effects.set_index(["city", "month"]).log_ratio
    assert effects["Davis", pd.Period("2022-06")] == pytest.approx(np.log(0.7))
    assert effects["Davis", pd.Period("2020-12")] == 0
    assert (effects["Rocklin"] == 0).all()
    found = contaminated(study.tables["programmes"], ["Davis", "Woodland", "Folsom"], "2018-01-01", "2022-12-31")
    assert found.city.tolist() == ["Davis", "Folsom", "Woodland"]
    assert (found.start_earliest == pd.Timestamp("2021-01-01")).all()


def test_withdrawal_ends_the_programme_before_the_data():
    study = world("withdrawal", seed=1, config=WorldConfig(n_comparison=1))
    register = study.tables["programmes"].set_index("programme")
    assert register.end_date["division of outreach and support"] == pd.Timestamp("2021-12-31")
    path = study.truth.city_path.set_index("month")
    assert (path.mu0 == path.mu1)["2022-01":].all()
    assert (path.mu0 > path.mu1)["2020-07":"2021-12"].all()
    schedule = study.tables["schedule"].set_index("shift_start").planned_hours
    assert schedule["2021-06-07":"2021-06-13"].sum() == 70
    assert schedule["2022-06-06":"2022-06-12"].sum() == 10
    weekly = world(seed=1, config=WorldConfig(n_comparison=1)).tables["programmes"].set_index("programme").end_date
    assert weekly.isna()["division of outreach and support"]
    assert weekly["earlier co-response"] == pd.Timestamp("2020-07-14")


def test_a_consortium_starts_in_waves():
    study = world("staggered_consortium", seed=1)
    assert study.panel_counts.city.nunique() == 40
    register = study.tables["programmes"]
    others = register[register.city != "West Sacramento"]
    assert others.start_earliest.value_counts().sort_index().to_dict() == {
        pd.Timestamp(day): 5 for day in ("2021-01-01", "2021-07-01", "2022-01-01", "2022-07-01")
    }
    effects = study.truth.city_effects
    wide = effects.pivot(index="month", columns="city", values="log_ratio")
    first = wide.ne(0).idxmax()[others.city]
    assert (first.dt.to_timestamp().to_numpy() == others.start_earliest.to_numpy()).all()
    assert (wide[others.city].diff().dropna() <= 1e-12).all(axis=None)  # effects only grow
    assert (wide != 0).any().sum() == 21


def test_adopters_are_at_most_all_comparison_cities():
    study = world("contaminated_donor", seed=1, config=WorldConfig(n_comparison=2, monthly_calls=20))
    assert len(study.tables["programmes"]) == 4


def test_riders_arrest_less_before_they_ever_ride():
    study = world("riding_along", seed=1, config=WorldConfig(n_comparison=1, monthly_calls=1000))
    calls = study.detailed_calls
    rides = study.tables["rides"]
    rode = calls.primary_officer.isin(rides.officer[rides.assignment == "volunteer"])
    before = calls[~calls.attended & (calls.received_at < "2020-07-15")]
    gap = before.arrest[rode].mean() - before.arrest[~rode].mean()
    learnt = study.truth.full.officers.query("outcome == 'arrest' and group == 'volunteers'").effect.item()
    assert gap < 2 * learnt < 0  # the comparison is far from the effect before there is any


def test_biased_labels_hide_what_strangers_are_sent_for():
    study = world("biased_labels", seed=1, config=WorldConfig(n_comparison=1, monthly_calls=1000))
    calls = study.detailed_calls.dropna(subset="perceived_race")
    white = calls.perceived_race == "white"
    problem = study.truth.play("bundle").play.calls.problem[calls.index]
    disturbance = INITIAL_TYPES.index("disturbance")
    true_gap = (problem == disturbance)[~white].mean() - (problem == disturbance)[white].mean()
    written = calls.initial_type == "disturbance"
    raw_gap = written[~white].mean() - written[white].mean()
    assert abs(true_gap) < 0.01  # standard error .003
    assert raw_gap > 0.03
