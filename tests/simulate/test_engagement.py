"""Persons move between being out of care, linked and engaged, and only a link opens the way."""

import numpy as np
import pytest

from coresponder_causal.data.validate import findings
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.engagement import ENGAGED, LINKED, OUT, states
from coresponder_causal.simulate.rosters import month_of


@pytest.fixture(scope="module")
def study():
    return world(seed=9, config=WorldConfig(n_comparison=1, monthly_calls=800))


@pytest.fixture(scope="module")
def path(study):
    full = study.truth.full.full
    return states(full.duty().play, full.persons()[0], full.traits, study.seed)


def test_nobody_is_engaged_without_a_link(study, path):
    played = study.truth.play("bundle").play
    linked = played.care.observed["linked_30d"] & (played.calls.person == played.calls.caller)
    first = np.full(path.shape[1], len(path))
    np.minimum.at(first, played.calls.caller[linked], month_of(played.calls.received[linked]))
    month = np.arange(len(path))[:, None]
    assert (path[month < first] == OUT).all()
    reached = first < len(path)
    assert (path[first[reached], np.flatnonzero(reached)] >= LINKED).all()
    assert not ((path[1:] == ENGAGED) & (path[:-1] == OUT)).any()


def test_steps_have_their_probabilities_and_homes_keep_people_in_care(study, path):
    unhoused = study.truth.full.full.traits.unhoused
    for home, factor in ((~unhoused, 1.0), (unhoused, 2.0)):
        before, after = path[:-1, home], path[1:, home]
        # a new link in the very month brings a few of those who leave back at once
        left, n = (after[before == ENGAGED] == OUT).mean(), (before == ENGAGED).sum()
        assert left == pytest.approx(0.06 * factor, abs=4 * (0.1 / n) ** 0.5 + 0.012)
        rose, n = (after[before == LINKED] == ENGAGED).mean(), (before == LINKED).sum()
        assert rose == pytest.approx(0.45, abs=4 * (0.25 / n) ** 0.5)


def test_the_table_and_the_truth_say_the_same(study, path):
    table, truth = study.detailed_outcomes, study.truth.full.engagement
    assert findings(table, table="outcomes").empty
    assert table.engaged_90d.isna().equals(table.linked_30d.isna())
    assert truth.engaged.iloc[-1] == (path[-1] == ENGAGED).mean()
    engaged = table.dropna(subset=["engaged_90d"])
    assert engaged[engaged.linked_30d.astype(bool)].engaged_90d.mean() > 2 * engaged[
        ~engaged.linked_30d.astype(bool)
    ].engaged_90d.mean()  # fmt: skip


def test_the_team_brings_people_into_care_where_it_prevents_no_call():
    config = WorldConfig(n_comparison=1, monthly_calls=800, effect=0.0)
    truth = world(seed=9, config=config).truth.full.engagement
    before = truth.month < "2020-07"
    assert (truth.engaged == truth.engaged_without)[before].all()
    assert (truth.engaged - truth.engaged_without)[-24:].mean() > 0.001
