"""Officers counted from the tables of full worlds, against what the same calls would have been.

Six worlds of a thousand calls a month in which officers differ on the scale of log odds and the pandemic moves
everybody by a factor. The truth is that of the very months and calls that the design uses.
"""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import OfficerDesign
from coresponder_causal.estimate import officer_imputation, officer_poisson
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.validity import learnt
from coresponder_causal.validity.comparators import exposed_or_not

SEEDS = range(1, 7)


def formed(study, calls, **options):
    tables = (study.tables[name] for name in ("units", "rides", "officers"))
    with quietly():
        return OfficerDesign.from_tables(calls, *tables, outcome="arrest", **options)


def one(seed):
    """Errors of each form in one world, by group, and the truths."""
    study = world("riding_along", seed=seed, config=WorldConfig(n_comparison=1, monthly_calls=1000))
    calls = study.treated_calls
    d = formed(study, calls)
    truth = learnt(d, formed(study, study.truth.full.untaught(calls))).set_index("group")
    with quietly():
        ratio, fewer, plain = officer_poisson(d), officer_poisson(d, scale="difference"), officer_imputation(d)
    rows = {}
    for group, known in truth.iterrows():
        rows[group] = {
            "ratio": ratio.params[group] - np.log(known["ratio"]),
            "ratio in errors": (ratio.params[group] - np.log(known["ratio"])) / ratio.bse[group],
            "difference": fewer.params[group] - known["effect"],
            "additive": plain.params[group] - known["effect"],
        }
    listed = study.truth.full.officers.query("outcome == 'arrest' and group == 'exposed'")["effect"].item()
    naive = exposed_or_not(d).estimate - truth.loc["exposed", "effect"]
    return pd.DataFrame(rows), naive, 1000 * listed - truth.loc["exposed", "effect"]


@pytest.fixture(scope="module")
def worlds():
    return [one(seed) for seed in SEEDS]


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("group", ["exposed", "volunteers", "assigned"])
def test_ratio_and_difference_are_found_from_the_tables(worlds, group):
    for form, spread in (("ratio", 0.1), ("difference", 8.0)):
        mean, error = mean_and_error([errors.loc[form, group] for errors, _, _ in worlds])
        assert abs(mean) < 3.5 * error
        assert error < spread
    assert all(abs(errors.loc["ratio in errors", group]) < 3.5 for errors, _, _ in worlds)


def test_exposed_against_unexposed_officers_finds_the_selection(worlds):
    mean, error = mean_and_error([naive for _, naive, _ in worlds])
    assert mean < -5 * error


def test_the_additive_form_tells_volunteers_too_small(worlds):
    """In every world less of a fall than by the ratio: they started lower, and all fell by a factor."""
    gaps = [errors.loc["additive", "volunteers"] - errors.loc["difference", "volunteers"] for errors, _, _ in worlds]
    mean, error = mean_and_error(gaps)
    assert mean > 3 * error


def test_the_listed_truth_is_of_other_calls(worlds):
    """It counts calls of all kinds after the first one together; a design counts crisis calls, by whole months."""
    mean, error = mean_and_error([gap for _, _, gap in worlds])
    assert mean < -5 * error


def test_rosters_as_planned_hold_more_than_what_took_place():
    study = world("riding_along", seed=2, config=WorldConfig(n_comparison=1, monthly_calls=300))
    roster, rides = study.truth.full.roster, study.tables["rides"]
    assert len(roster) > len(rides)
    joined = rides.merge(roster, on=["officer", "shift_start"], how="left", suffixes=("", "_planned"))
    assert (joined["assignment"] == joined["assignment_planned"]).all()
    planned, realised = (formed(study, study.treated_calls, roster=table) for table in (roster, None))
    assert planned.planned
    assert not realised.planned
    dose = [d.source.groupby("officer")["rostered"].last() for d in (planned, realised)]
    assert (dose[0] >= dose[1].reindex(dose[0].index, fill_value=0)).all()
    assert dose[0].sum() > dose[1].sum()
    with quietly():
        said = [" ".join(d.as_intended().notes) for d in (planned, realised)]
    assert "only shifts that took place are known" in said[1]
    assert "only shifts that took place" not in said[0]
