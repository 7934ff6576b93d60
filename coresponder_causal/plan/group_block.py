"""The block [groups] of a study: which groups are held against each other, and what is looked through for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary
from coresponder_causal.decide.group_rows import wrong_cuts

keys_of_groups = ("fields", "cuts", "explore", "better")
Better = Literal["less", "more"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlan:
    """What a study asks of groups.

    Parameters
    ----------
    fields : tuple of str
        Fields of calls, beside those of the frozen plan.
    cuts : mapping of str to tuple of float
        Where numbers are cut, as in `decide.subgroups`.
    explore : tuple of str
        Covariates looked through for differences that nobody named; none: nothing is looked for.
    better : {"less", "more"}
        Whether less of the outcome is a benefit, for what is looked for.
    """

    fields: tuple[str, ...] = ()
    cuts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    explore: tuple[str, ...] = ()
    better: Better = "less"


def read_groups(given: Mapping[str, Any], problems: Problems) -> GroupPlan | None:
    """Read the block; None where it breaks a rule.

    Parameters
    ----------
    given : mapping
        The block as the file states it.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> read_groups({"fields": ["hour"], "cuts": {"hour": [6, 22]}}, Problems("study")).cuts
    {'hour': (6.0, 22.0)}
    """
    before = len(problems.found)
    known = {one.name for one in dictionary.table("calls").fields}
    for key in ("fields", "explore"):
        names = given.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            problems.add(f"{key} in [groups] is {names!r}", mend="write a list of names")
        elif key == "fields" and (strange := [name for name in names if name not in known]):
            problems.add(f"fields in [groups] names {', '.join(strange)}", mend="name fields of calls")
    cuts = given.get("cuts", {})
    if not isinstance(cuts, dict) or not all(map(_numbers, cuts.values())):
        problems.add(f"cuts in [groups] is {cuts!r}", mend="write { field = [numbers] }")
        cuts = {}
    for name, at in cuts.items():
        if mend := wrong_cuts(name, at):
            problems.add(f"cuts of {name} in [groups] are {at}", mend=mend)
    refuse_choice("better in [groups]", given.get("better", "less"), Better, problems)
    if len(problems.found) > before:
        return None
    return GroupPlan(
        fields=tuple(given.get("fields", ())),
        cuts={name: tuple(map(float, at)) for name, at in cuts.items()},
        explore=tuple(given.get("explore", ())),
        better=given.get("better", get_args(Better)[0]),
    )


def _numbers(at: object) -> bool:
    return isinstance(at, list) and all(isinstance(one, int | float) and not isinstance(one, bool) for one in at)
