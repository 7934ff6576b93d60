"""The block [first_calls] of a study: what is held against the first call, and what callers told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary

keys_of_first_calls = ("right", "met_by", "by", "training", "told", "thresholds")
lists = ("right", "met_by", "by", "told")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCallPlan:
    """What a study asks of its first calls.

    Parameters
    ----------
    right : tuple of str
        Types that a crisis should be written as; none: those the crosswalk of nature codes holds eligible.
    met_by : tuple of str
        Fields that decided, beside the type, where somebody went.
    by : tuple of str
        Fields by which the agreement is told apart.
    training : str or None
        First day after call takers were trained.
    told : tuple of str
        Fields told_*; none: all that the calls have.
    thresholds : tuple of float
        Risks from which on the team would be sent.
    """

    right: tuple[str, ...] = ()
    met_by: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    training: str | None = None
    told: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = (0.2, 0.5)


def read_first_calls(given: Mapping[str, Any], problems: Problems) -> FirstCallPlan | None:
    """Read the block; None where it breaks a rule.

    Parameters
    ----------
    given : mapping
        The block as the file states it.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> read_first_calls({"training": "2022-07-01", "met_by": ["hour"]}, Problems("study")).met_by
    ('hour',)
    """
    before = len(problems.found)
    known = {one.name: one for one in dictionary.table("calls").fields}
    for key in lists:
        names = given.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            problems.add(f"{key} in [first_calls] is {names!r}", mend="write a list of names")
            continue
        allowed = known["initial_type"].allowed or () if key == "right" else known
        if strange := [name for name in names if name not in allowed]:
            what = "types as reported" if key == "right" else "fields of calls"
            problems.add(f"{key} in [first_calls] names {', '.join(strange)}", mend=f"name {what}")
        elif key == "met_by" and (late := [name for name in names if known[name].stage != "pre-dispatch"]):
            problems.add(f"met_by in [first_calls] names {', '.join(late)}", mend="name what is known before dispatch")
        elif key == "told" and (other := [name for name in names if not name.startswith("told_")]):
            problems.add(f"told in [first_calls] names {', '.join(other)}", mend="name fields told_*")
    training = given.get("training")
    if training is not None and (
        not isinstance(training, str | date) or pd.isna(pd.to_datetime(str(training), errors="coerce"))
    ):
        problems.add(f"training in [first_calls] is {training!r}", mend="write a date: 2022-07-01")
    thresholds = given.get("thresholds", [0.2, 0.5])
    if not isinstance(thresholds, list) or not all(isinstance(one, float) and 0 < one < 1 for one in thresholds):
        problems.add(f"thresholds in [first_calls] is {thresholds!r}", mend="write risks between 0 and 1: [0.2, 0.5]")
    if len(problems.found) > before:
        return None
    return FirstCallPlan(
        **{key: tuple(given.get(key, ())) for key in lists},
        training=None if training is None else str(training),
        thresholds=tuple(thresholds),
    )
