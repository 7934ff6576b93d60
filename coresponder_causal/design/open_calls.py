"""Calls that could have gone either way: eligible at receipt, the team on duty and free, the first of an episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.demand import asked_for, origin
from coresponder_causal.design import columns
from coresponder_causal.design.call_rules import busy, duty, on_duty_rows
from coresponder_causal.design.call_sequence import CallSequence, earlier_calls, in_sequence
from coresponder_causal.design.call_timing import received, received_times, shifts_of, within
from coresponder_causal.design.covariates import prior_calls
from coresponder_causal.design.coverage_shifts import took_place
from coresponder_causal.design.eligibility import (
    Eligible,
    eligible_rows,
    refuse_late_eligibility,
    refuse_of_the_team,
    with_time_zero,
)

Which = Literal["first", "all"]


def open_calls(
    given: object,
    schedule: object | None,
    *,
    treatment: str,
    covariates: Sequence[str],
    person: str | None,
    eligible: Eligible | None = None,
    which: Which = "first",
    washout_days: int = 180,
    city: str | None = None,
) -> CallSequence:
    """Put eligible calls into their order and mark those that are compared; how many each rule leaves out is said.

    Parameters
    ----------
    given, schedule, treatment, covariates, person, eligible, which, washout_days, city
        As in `CallDesign.from_tables`.

    Returns
    -------
    CallSequence
        Its calls have ``prior_calls`` where the covariates name it.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend, or that no call is left.
    """
    problems = Problems("calls")
    table = columns.rectangular(given, [received, person], problems)
    refuse_late_eligibility(eligible or {}, list(table.columns), problems)
    refuse_of_the_team(covariates, problems)
    _refuse_options(which, washout_days, person, covariates, problems)
    if origin not in table:
        note(f"no column '{origin}' says which calls officers started themselves: all count as calls of somebody")
    table = with_time_zero(asked_for(table))
    table = table.assign(**{received: received_times(table, problems)})
    problems.raise_if_any(DesignError)
    table, roster = _with_duty(table, schedule, city)
    before = earlier_calls(table, person, days=washout_days)
    if prior_calls in covariates and prior_calls not in table:
        table = table.assign(**{prior_calls: before})
    begin = table[received].min()
    table = table[eligible_rows(table, eligible or {})].reset_index(drop=True)
    first = which == "first"
    sequence = in_sequence(table, person, begin, first_only=first, washout_days=washout_days, roster=roster)
    _say_free(on_duty_rows(table, treatment), treatment)
    if first:
        _say_first(sequence)
    if not sequence.compared(sequence.asked).any():
        raise DesignError("no call is left that could have gone either way", mend="correct eligible= or the schedule")
    return sequence


def _refuse_options(
    which: str, washout_days: int, person: str | None, covariates: Sequence[str], problems: Problems
) -> None:
    if which not in get_args(Which):
        problems.add(f"which={which!r} is not a choice", mend=f"choose from {', '.join(get_args(Which))}")
    if isinstance(washout_days, bool) or not isinstance(washout_days, int) or washout_days < 1:
        problems.add(f"washout_days={washout_days!r} is not a number of days", mend="give a whole number from 1 on")
    asked = {"which='first'": which == "first", prior_calls: prior_calls in covariates}
    wanted = [what for what, there in asked.items() if there]
    if person is None and wanted:
        problems.add(
            f"{' and '.join(wanted)} cannot be told without person codes",
            mend="name the column of persons, or compare all calls: which='all'",
        )


def _with_duty(
    table: pd.DataFrame, schedule: object | None, city: str | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Take the calls of the city with the team, each with whether the team was on duty; and its shifts."""
    shifts = None
    if schedule is not None:
        shifts, city = shifts_of(schedule, city)
    if city is not None and "city" in table:
        own = table["city"].eq(city).fillna(False).to_numpy(bool)
        note(f"{int((~own).sum())} of {len(table)} calls are not of {city} and are left out")
        table = table[own]
    if shifts is not None:
        return table.assign(**{duty: within(pd.DatetimeIndex(table[received]), *took_place(shifts))}), shifts
    if duty not in table:
        raise DesignError(
            "nothing says when the team was on duty: calls that nobody could be sent to are no controls",
            mend=f"give schedule=, or a column '{duty}'",
        )
    unsaid = table[duty].isna()
    if unsaid.any():
        note(f"{int(unsaid.sum())} of {len(table)} calls do not say '{duty}' and are left out")
    return table[~unsaid], None


def _say_free(table: pd.DataFrame, treatment: str) -> None:
    """Say how many calls received on duty are left out as the team was taken."""
    if busy not in table:
        note(f"no column '{busy}' says when the team was taken: calls it could not be sent to may be untreated calls")
        return
    taken = table[busy].eq(True).fillna(False).to_numpy(bool)
    came = int(table.loc[taken, treatment].eq(1).fillna(False).sum()) if treatment in table else 0
    besides = f", {came} of them with {treatment}" if came else ""
    note(f"{int(taken.sum())} of {len(table)} calls were received while the team was taken and are left out{besides}")


def _say_first(sequence: CallSequence) -> None:
    """Say how many calls are left out as their persons had an eligible one in the days before, on duty or not."""
    days = sequence.washout_days
    whole, kept = sequence.compared(0), sequence.compared(days)
    early = int((kept & (sequence.timing["days_seen"] < days)).sum())
    note(
        f"{int(whole.sum() - kept.sum())} of {int(whole.sum())} calls came in the {days} days after another eligible "
        "one of the same person and are left out"
    )
    note(
        f"{early} of {int(kept.sum())} calls fall into the first {days} days of the table: what came before is not "
        "known"
    )
