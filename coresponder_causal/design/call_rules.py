"""What calls must be to be compared: told apart, each once, with an outcome that varies, and received on duty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.design import columns

call_id, duty, busy = "call_id", "team_on_duty", "team_busy"


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort calls by their ids, so that no result depends on the order of rows."""
    if call_id not in table:
        return table.copy()
    ids = table[call_id]
    keys = ids if pd.api.types.is_numeric_dtype(ids) else ids.astype(str)
    return table.iloc[np.argsort(keys.to_numpy(), kind="stable")].reset_index(drop=True)


def refuse_untold(calls: object, treatment: str, problems: Problems) -> list[str]:
    """Refuse calls that do not say which of them had the treatment; return the column where they do."""
    there = to_pandas(calls).columns
    if treatment in there:
        return [treatment]
    has = ", ".join(map(str, there[:12]))
    problems.add(
        f"column '{treatment}', which says which calls had the treatment, is missing (there are: {has})",
        mend="name the column; calls without one can be described, by data.surface or data.metrics, but not compared",
    )
    return []


def refuse_roles(treatment: str, outcome: str | None, adjusted: Sequence[str], problems: Problems) -> None:
    """Refuse a column that would explain itself."""
    if treatment == outcome:
        problems.add(f"'{treatment}' is treatment and outcome at once", mend="name two columns")
    for role, name in (("treatment", treatment), ("outcome", outcome)):
        if name in adjusted:
            problems.add(f"'{name}' is the {role} and is adjusted for too", mend="take it out of covariates and exact")


def refuse_repeats(table: pd.DataFrame, problems: Problems) -> None:
    """Refuse calls without an id, and ids that stand twice."""
    if call_id not in table:
        return
    blank = table[call_id].isna()
    for where, what, mend in (
        (blank, f"without a {call_id}", "fill it"),
        (table[call_id].duplicated() & ~blank, f"with a {call_id} that came before", "keep one row per call"),
    ):
        if where.any():
            rows = np.flatnonzero(where)
            problems.add(f"{columns.counted(len(rows), 'row')} {what}", mend=mend, rows=rows)


def refuse_uncontrasted(table: pd.DataFrame, treatment: str, problems: Problems) -> None:
    """Refuse a treatment that is not 0 and 1, or that has one of them only."""
    values = table[treatment]
    if values.isna().any():
        where = np.flatnonzero(values.isna())
        problems.add(f"'{treatment}' is missing in {columns.counted(len(where), 'row')}", mend="fill it", rows=where)
        return
    found = values.unique()
    numeric = pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values)
    if not numeric or not values.isin([0, 1]).all():
        others = columns.counted(len(found), "value")
        problems.add(
            f"'{treatment}' holds {others}{'' if numeric else ' as text'}, not 0 and 1",
            mend="recode it: 1 for the calls with the treatment, 0 for the others",
        )
    elif len(found) == 1:
        problems.add(
            f"all {len(values)} calls have '{treatment}' = {found[0]}",
            mend="bring calls of both kinds that could have gone either way",
        )


def refuse_constant_outcome(table: pd.DataFrame, outcome: str, problems: Problems) -> None:
    """Refuse an outcome that is not a number everywhere or never varies."""
    values = columns.numbers(table, outcome, problems, missing=columns.of_a_call)
    if len(values) > 1 and np.isfinite(values).all() and np.ptp(values) == 0:
        problems.add(f"'{outcome}' is {values[0]:g} in every call", mend="choose an outcome that varies")


def require_other(table: pd.DataFrame, outcome: str, treatment: str, adjusted: Sequence[str]) -> None:
    """Refuse another outcome that is not there, has a role already, is no number everywhere or never varies."""
    problems = Problems("calls")
    columns.rectangular(table, [outcome], problems)
    refuse_roles(treatment, outcome, adjusted, problems)
    refuse_constant_outcome(table, outcome, problems)
    problems.raise_if_any(DesignError)


def on_duty_rows(table: pd.DataFrame, treatment: str) -> pd.DataFrame:
    """Leave out calls received off duty, where a column says so: nobody could be sent, so that they are no controls.

    Examples
    --------
    >>> table = pd.DataFrame({"attended": [1, 0, 0], "team_on_duty": [True, True, False]})
    >>> len(on_duty_rows(table, "attended"))
    2
    """
    if duty not in table:
        return table
    off = table[duty].eq(False).fillna(False).to_numpy(bool)
    if not off.any():
        return table
    note(f"{int(off.sum())} of {len(table)} calls were received while the team was off duty and are left out")
    strange = int(table.loc[off, treatment].eq(1).fillna(False).sum()) if treatment in table else 0
    if strange:
        doubt(f"{strange} calls had {treatment} while the team was off duty: the clock or the schedule is wrong")
    return table[~off]


def refuse_off_duty(table: pd.DataFrame, treatment: str, asked: str) -> None:
    """Refuse to give a probability of treatment to calls that nobody could be sent to."""
    off = int(table[duty].eq(False).fillna(False).sum()) if duty in table and treatment != duty else 0
    if off:
        raise DesignError(
            f"{asked} was given {off} of {len(table)} calls received while the team was off duty: none of them could "
            f"have had {treatment}",
            mend="form the design with on_duty='only'",
        )
