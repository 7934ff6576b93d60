"""The block [funnel] of a study: which record is followed from the call on, and who else sees what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary
from coresponder_causal.decide.funnel import Against, usual_stages, usual_witness

needed_tables = ("calls", "schedule")


def read_funnel(given: Mapping[str, Any], tables: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """Read how a record is followed, what is not stated as is usual.

    Parameters
    ----------
    given : mapping
        The block as the file states it: ``stages``, ``record``, ``witness`` and ``against`` of `decide.funnel`.
    tables : mapping
        Tables of the study.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> read_funnel({"stages": ["report_filed"]}, {"calls": "", "schedule": ""}, Problems("study"))["record"]
    'report_filed'
    """
    stated = {"stages": list(usual_stages), "record": "report_filed", "witness": list(usual_witness)}
    found: dict[str, Any] = stated | {"against": "other_hours"} | dict(given)
    for name in (name for name in needed_tables if name not in tables):
        problems.add(f"[funnel] needs the table {name}", mend="add it, or take the block out")
    fields = {one.name for one in dictionary.table("calls").fields}
    for key in ("stages", "witness"):
        if not isinstance(found[key], list) or not set(map(str, found[key])) <= fields:
            problems.add(f"{key} in [funnel] is {found[key]!r}", mend="write a list of fields of calls")
            found[key] = stated[key]
    if found["record"] not in found["stages"]:
        problems.add(f"record in [funnel] is {found['record']!r}", mend=f"choose from {', '.join(found['stages'])}")
    if found["against"] not in get_args(Against):
        problems.add(f"against in [funnel] is {found['against']!r}", mend=f"choose from {', '.join(get_args(Against))}")
    return found
