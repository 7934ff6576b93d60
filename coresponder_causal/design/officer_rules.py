"""What officer-months must satisfy, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data.periods import TimeAxis
from coresponder_causal.design import columns
from coresponder_causal.design.columns import counted
from coresponder_causal.design.officer_words import peers_column

few_officers = 8  # on one side of a comparison


def with_calls(table: pd.DataFrame, exposure: str | None, problems: Problems) -> pd.DataFrame:
    """Leave out rows in which the officer handled no call, and say how many."""
    if exposure is None:
        return table
    calls = columns.numbers(table, exposure, problems, sign="nonnegative")
    none = calls == 0
    if none.all():
        problems.add(f"'{exposure}' is 0 in every row", mend="give the calls that officers handled without the team")
    elif none.any():
        note(f"{int(none.sum())} of {len(table)} officer-periods without calls are left out")
        kept: pd.DataFrame = table[~none].reset_index(drop=True)
        return kept
    return table


def check_officers(
    table: pd.DataFrame,
    axis: TimeAxis,
    officer: str,
    doses: Sequence[str | None],
    volunteered: str | None,
    covariates: Sequence[str],
    per: float,
    problems: Problems,
) -> None:
    """Note every rule that the rows break: officers, doses that only grow, what is constant in an officer."""
    columns.check_named(table, officer, problems, mend="name the officer or leave the rows out")
    cells = {"officer": table[officer], "position": axis.positions}
    columns.check_single(cells, "an officer and period", problems, mend="keep one row per officer and period")
    for name in dict.fromkeys(dose for dose in doses if dose is not None):
        _check_dose(table, axis, officer, name, needed=name == doses[0], problems=problems)
    for name in (*([] if volunteered is None else [volunteered]), *covariates):
        changing = int((table.groupby(officer)[name].nunique() > 1).sum())
        if changing:
            problems.add(
                f"'{name}' changes within {counted(changing, 'officer')}", mend="give what held before the exposure"
            )
    for name in covariates:
        if not (pd.api.types.is_numeric_dtype(table[name]) or pd.api.types.is_bool_dtype(table[name])):
            problems.add(f"'{name}' is not numeric", mend="give it as a number or as yes and no")
    if volunteered is not None and not table[volunteered].dropna().isin([True, False]).all():
        problems.add(f"'{volunteered}' holds more than yes and no", mend="code it as True and False")
    if not per > 0:
        problems.add(f"per={per!r} is no number of calls", mend="give a positive number, e.g. 1000")


def _check_dose(
    table: pd.DataFrame, axis: TimeAxis, officer: str, name: str, *, needed: bool, problems: Problems
) -> None:
    values = columns.numbers(table, name, problems, sign="nonnegative")
    ordered = pd.DataFrame({"officer": table[officer], "at": axis.positions, "dose": values}).sort_values("at")
    falls = ordered.index[ordered.groupby("officer")["dose"].diff() < 0]
    if len(falls):
        problems.add(
            f"the dose '{name}' goes down in {counted(len(falls), 'row')}: it counts what has come together so far",
            mend="give the cumulative dose",
            rows=sorted(falls),
        )
    if needed and not (values > 0).any():
        problems.add(f"no officer has a dose '{name}'", mend="bring rides or calls beside the team, or a later period")
    if needed and (pd.Series(values > 0).groupby(table[officer]).min()).all():
        problems.add("every officer is exposed in all of its periods", mend="bring the time before, or other officers")


def first_exposed(table: pd.DataFrame, axis: TimeAxis, officer: str, dose: str) -> pd.Series:
    """Position of the first exposure by officer, NaN where there is none."""
    at = pd.Series(np.where(table[dose] > 0, axis.positions.astype(float), np.nan))
    return at.groupby(table[officer].to_numpy()).min()


def of_officers(table: pd.DataFrame, officer: str, column: str) -> pd.Series:
    """Return what a column says of each officer, missing where it says nothing."""
    return table.groupby(officer)[column].first()


def with_peers(table: pd.DataFrame, axis: TimeAxis, officer: str, squad: str, dose: str) -> pd.DataFrame:
    """Add the share of the other officers of the squad, seen in that period, who are exposed; 0 without any other."""
    exposed = pd.Series((table[dose] > 0).to_numpy(float), table.index)
    together = exposed.groupby([table[squad].to_numpy(), axis.positions], dropna=True)
    others = together.transform("size") - 1
    share = (together.transform("sum") - exposed) / others.where(others > 0)
    return table.assign(**{peers_column: share.fillna(0.0)})


def say_officers(
    table: pd.DataFrame,
    axis: TimeAxis,
    first: pd.Series,
    volunteered: pd.Series | None,
    officer: str,
    squad: str | None,
) -> None:
    """Say who has no before, who left, who changed squads, and where few officers stand on one side."""
    at = pd.Series(axis.positions, table.index).groupby(table[officer].to_numpy())
    begin, end = at.min(), at.max()
    always = first <= begin
    if always.any():
        note(f"{counted(int(always.sum()), 'officer')} exposed from the first period on: they have no before")
    _say_left(first, end, int(axis.positions.max()))
    if squad is not None:
        _say_squads(table, officer, squad)
    if volunteered is not None and (unknown := int(volunteered[first.notna()].isna().sum())):
        note(f"of {counted(unknown, 'exposed officer')} it is not known whether they volunteered")
    for many, words in ((int((first > begin).sum()), "exposed within the data"), (int(first.isna().sum()), "never")):
        if many < few_officers:
            doubt(f"{counted(many, 'officer')} {words}: fewer than {few_officers} carry little on that side")


def _say_left(first: pd.Series, end: pd.Series, last: int) -> None:
    """Say how many officers left before the end, by exposure: who stays may differ."""
    left = end < last
    if not left.any():
        return
    parts = [
        f"{int(left[side].sum())} of {int(side.sum())} {words} officers"
        for words, side in (("exposed", first.notna()), ("never exposed", first.isna()))
        if side.any()
    ]
    note(f"officers not seen in the last period: {', '.join(parts)}")


def _say_squads(table: pd.DataFrame, officer: str, squad: str) -> None:
    moved = int((table.groupby(officer)[squad].nunique() > 1).sum())
    if moved:
        note(f"{counted(moved, 'officer')} changed squads: squad mates are those of the period")
    blank = int(table[squad].isna().sum())
    if blank:
        note(f"the squad is missing in {counted(blank, 'row')}: no squad mates are counted there")
