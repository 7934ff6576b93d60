"""The block [fairness] of a study: groups as they are perceived, what may differ between them, what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary
from coresponder_causal.data.dictionary import Field
from coresponder_causal.data.populations import traits
from coresponder_causal.decide.group_sensitivity import usual_shares
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.covariates import late

keys_of_fairness = ("groups", "allowable", "outcomes", "worse", "shares", "clusters")
usual_worse = ("disturbance", "trespass", "suspicious_person")
yes, no = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessPlan:
    """What a study asks of how groups are treated.

    Parameters
    ----------
    groups : mapping of str to str
        Fields of calls that say how people are perceived, with the group that others are held against.
    outcomes : tuple of str
        What follows a contact; of each, bounds stand beside the gap.
    allowable : tuple of str
        Fields known before dispatch in which groups may differ without that being counted.
    worse : tuple of str
        Labels that a call about somebody in need should not have.
    shares : tuple of float
        Shares of contacts that bias may have brought, for the bounds.
    clusters : {"person", "week", "person and week"}
        Within what calls are not independent.
    """

    groups: Mapping[str, str]
    outcomes: tuple[str, ...]
    allowable: tuple[str, ...] = ()
    worse: tuple[str, ...] = usual_worse
    shares: tuple[float, ...] = field(default=usual_shares)
    clusters: Clusters = "person and week"


def read_fairness(given: Mapping[str, Any], tables: Mapping[str, Any], problems: Problems) -> FairnessPlan | None:
    """Read the block; None where it breaks a rule.

    Parameters
    ----------
    given : mapping
        The block as the file states it.
    tables : mapping
        Tables of the study.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> block = {"groups": {"perceived_race": "white"}, "outcomes": ["arrest"], "allowable": ["final_type"]}
    >>> problems = Problems("study")
    >>> read_fairness(block, {"calls": ""}, problems)
    >>> problems.found
    ['allowable in [fairness] names final_type, which comes about after dispatch: allow what was known before dispatch']
    """
    before = len(problems.found)
    if "calls" not in tables:
        problems.add("[fairness] needs the table calls", mend="add it, or take the block out")
    groups = given.get("groups")
    if not isinstance(groups, dict) or not groups:
        problems.add(f"groups in [fairness] is {groups!r}", mend='write { perceived_race = "white" }')
        groups = {}
    for said, mend in wrong_groups(groups):
        problems.add(f"{said} in [fairness]", mend=mend)
    lists = {key: _names(key, given, problems) for key in ("outcomes", "allowable", "worse")}
    if not lists["outcomes"]:
        problems.add("[fairness] names no outcome", mend='write outcomes = ["arrest", "force"]')
    for said, mend in (*wrong_outcomes(lists["outcomes"]), *wrong_allowable(lists["allowable"], groups)):
        problems.add(said.replace(" name", " in [fairness] name", 1), mend=mend)
    labels = [str(code) for code in _fields()["initial_type"].allowed or ()]
    for name in (name for name in lists["worse"] if name not in labels):
        problems.add(f"worse in [fairness] names {name}", mend=f"choose from {', '.join(labels)}")
    shares = given.get("shares", list(usual_shares))
    if not isinstance(shares, list) or not shares or not all(map(_is_share, shares)):
        problems.add(f"shares in [fairness] is {shares!r}", mend="write a list of numbers from 0 to below 1")
    refuse_choice("clusters in [fairness]", given.get("clusters", "person and week"), Clusters, problems)
    if len(problems.found) > before:
        return None
    return FairnessPlan(
        groups=groups,
        outcomes=lists["outcomes"],
        allowable=lists["allowable"],
        worse=lists["worse"] or usual_worse,
        shares=tuple(map(float, shares)),
        clusters=given.get("clusters", "person and week"),
    )


def wrong_groups(groups: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Say what is wrong with groups and their references, each with its mend."""
    for name, reference in groups.items():
        if name not in traits():
            yield f"'{name}' is no field of how people are perceived", f"choose from {', '.join(traits())}"
        elif name not in _fields():
            yield f"'{name}' is no field of calls", f"choose from {', '.join(set(traits()) & set(_fields()))}"
        elif reference not in (values := group_values(name)):
            yield f"reference {reference!r} of '{name}' is none of its groups", f"choose from {', '.join(values)}"


def wrong_outcomes(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Say which outcomes do not follow a contact, yes or no."""
    known = [one.name for one in _fields().values() if one.type == "boolean" and one.stage != "pre-dispatch"]
    known = [name for name in known if name not in (*traits(), "attended")]
    for name in (name for name in names if name not in known):
        yield f"outcomes names {name}, which is no yes or no that follows a contact", f"choose from {', '.join(known)}"


def wrong_allowable(names: Sequence[str], groups: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Say which covariates cannot be allowed to differ between groups."""
    for name in names:
        if name in groups:
            yield f"allowable names {name}, which is the group itself", "leave it out"
        elif name not in _fields():
            yield f"allowable names {name}, which is no field of calls", "name fields of calls"
        elif late(name) is not None:
            yield f"allowable names {name}, which comes about after dispatch", "allow what was known before dispatch"
        elif _fields()[name].privacy == "identifying":
            yield f"allowable names {name}, which names persons or calls", "leave it out"


def group_values(name: str) -> tuple[str, ...]:
    """List the groups of a field: its codes, or yes and no."""
    one = _fields()[name]
    return (yes, no) if one.type == "boolean" else tuple(str(code) for code in one.allowed or ())


def _fields() -> dict[str, Field]:
    return {one.name: one for one in dictionary.table("calls").fields}


def _names(key: str, given: Mapping[str, Any], problems: Problems) -> tuple[str, ...]:
    names = given.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        problems.add(f"{key} in [fairness] is {names!r}", mend="write a list of names")
        return ()
    return tuple(names)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
