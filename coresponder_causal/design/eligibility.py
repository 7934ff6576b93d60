"""Which calls are compared: chosen by what was known when they were received, never by what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import Problems
from coresponder_causal.core.notes import note
from coresponder_causal.design.covariates import late, say_unknown

Eligible = Mapping[str, Sequence[object]]
of_the_team = ("team_on_duty", "team_busy")


def refuse_late_eligibility(eligible: Eligible, there: Sequence[str], problems: Problems) -> None:
    """Refuse to choose calls by what the team may have changed, or by what is not there.

    Parameters
    ----------
    eligible : mapping of field to values
    there : sequence of str
        Columns of the table of calls.
    problems : Problems
        Gathers every broken rule.
    """
    for name, values in eligible.items():
        way = late(name)
        if name not in there:
            problems.add(f"column '{name}' is missing", mend="choose calls by a column of the table")
        elif name in of_the_team:
            refuse_of_the_team([name], problems)
        elif way is None:
            say_unknown([name])
        else:
            problems.add(
                f"'{name}' comes about after dispatch ({way}): the team may have changed it, and calls "
                "chosen by it are no longer alike in covered and uncovered hours",
                mend="choose calls by fields known before dispatch, such as initial_type",
            )
        if isinstance(values, str) or not isinstance(values, Sequence):
            problems.add(f"the values of '{name}' are {values!r}", mend=f"give a list: [{values!r}]")


def refuse_of_the_team(names: Sequence[str], problems: Problems) -> None:
    """Refuse to choose or to adjust by whether the team was on duty or taken."""
    for name in names:
        if name in of_the_team:
            problems.add(
                f"'{name}' follows from the coverage itself", mend="leave it out: the plan says which calls are covered"
            )


def with_time_zero(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out calls that nobody knows when to place, and say how many."""
    given = table["received_at"]
    blank = given.isna() | given.astype(object).map(lambda value: isinstance(value, str) and not value.strip())
    if blank.any():
        note(f"{int(blank.sum())} of {len(table)} calls have no time of receipt and are left out")
    return table[~blank.to_numpy(bool)].reset_index(drop=True) if blank.any() else table


def eligible_rows(calls: pd.DataFrame, eligible: Eligible) -> NDArray[np.bool_]:
    """Whether each call has one of the values in each field, all without a rule; what that leaves is said.

    Examples
    --------
    >>> calls = pd.DataFrame({"initial_type": ["welfare_check", "suicide_threat", None]})
    >>> eligible_rows(calls, {"initial_type": ["suicide_threat"]}).tolist()
    [False, True, False]
    """
    kept = np.ones(len(calls), bool)
    if not eligible:
        note(f"no rule of eligibility was given: all {len(calls)} calls count as eligible")
        return kept
    for name, values in eligible.items():
        kept &= calls[name].isin(list(values)).fillna(False).to_numpy(bool)
        if missing := int(calls[name].isna().sum()):
            note(f"{missing} calls do not say '{name}' and count as not eligible")
    note(f"{int(kept.sum())} of {len(calls)} calls are eligible by {', '.join(eligible)}")
    return kept
