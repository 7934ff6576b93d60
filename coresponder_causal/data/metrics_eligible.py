"""Which calls are about a crisis: by what was reported, by what was found, by either."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from coresponder_causal.data.crosswalks import crosswalk

if TYPE_CHECKING:
    from ibis.expr.types import BooleanColumn, Table

flags = ("crisis_on_scene", "crisis_flagged")


@cache
def eligibility(stage: str) -> Mapping[str, str]:
    """Return "yes", "no" or "if_flagged" by nature code.

    Parameters
    ----------
    stage : {"reported", "found"}
        Codes at intake, or codes at clearing.

    Examples
    --------
    >>> eligibility("reported")["mental_health_crisis"], eligibility("found")["trespass"]
    ('yes', 'if_flagged')
    """
    rows = crosswalk("nature_codes").where("stage", stage)
    return {str(row["code"]).casefold(): str(row["crisis_eligible"]) for row in rows}


def eligible_reported(rows: pd.DataFrame, _: object = None) -> pd.Series:
    """Whether the code at intake is crisis-eligible.

    A code that is eligible only where a flag says so counts as no here: at intake nobody has flagged it.

    Parameters
    ----------
    rows : DataFrame
        Calls with ``initial_type``.

    Returns
    -------
    Series of boolean, shape (n,)
        Missing where the code is, or where the crosswalk does not hold it.
    """
    code = _known(rows["initial_type"], "reported")
    return code.eq("yes").astype("boolean").mask(code.isna())


def eligible_found(rows: pd.DataFrame, _: object = None) -> pd.Series:
    """Whether the last code is crisis-eligible, or is so if flagged and was flagged.

    Parameters
    ----------
    rows : DataFrame
        Calls with ``final_type`` and, where there are any, the flags.

    Returns
    -------
    Series of boolean, shape (n,)
        Missing where the code is, or where it waits for a flag that nobody gave; without any field of flags such codes
        count as no.
    """
    code = _known(rows["final_type"], "found")
    return code.eq("yes").astype("boolean").mask(code.isna()) | _if_flagged(code, rows)


def eligible(rows: pd.DataFrame, _: object = None) -> pd.Series:
    """Whether a call is crisis-eligible by its first or its last code, alone or with a flag.

    Parameters
    ----------
    rows : DataFrame
        Calls with ``initial_type`` and ``final_type``.

    Returns
    -------
    Series of boolean, shape (n,)
    """
    waiting = _if_flagged(_known(rows["initial_type"], "reported"), rows)
    return eligible_reported(rows) | eligible_found(rows) | waiting


def eligibility_in_engine(calls: Table) -> dict[str, BooleanColumn]:
    """Express `eligible`, `eligible_reported` and `eligible_found` for any engine, unknown where they are.

    Parameters
    ----------
    calls : ibis Table
        With ``initial_type``, ``final_type`` (either may be absent) and, where there are any, the flags.

    Returns
    -------
    dict of str to ibis column
        Those for which the codes are there.
    """
    import ibis

    there = [calls[name] for name in flags if name in calls.columns]
    flagged = ibis.coalesce(*there, ibis.null("boolean")) if there else ibis.literal(False)
    said, waiting = {}, {}
    for stage, name in (("reported", "initial_type"), ("found", "final_type")):
        if name not in calls.columns:
            continue
        codes, listed = calls[name].lower(), eligibility(stage)
        answers = {
            wanted: [code for code, answer in listed.items() if answer == wanted] for wanted in ("yes", "if_flagged")
        }
        said[stage] = codes.isin(list(listed)).ifelse(codes.isin(answers["yes"]), ibis.null("boolean"))
        waiting[stage] = codes.isin(answers["if_flagged"]).fill_null(False) & flagged
    made = {"eligible_reported": said["reported"]} if "reported" in said else {}
    if "found" in said:
        made["eligible_found"] = said["found"] | waiting["found"]
    if len(said) > 1:
        made["eligible"] = said["reported"] | made["eligible_found"] | waiting["reported"]
    return made


def _known(codes: pd.Series, stage: str) -> pd.Series:
    """Look codes up in the crosswalk, without regard to case; a code that is not listed is not known."""
    distinct = {code: eligibility(stage).get(str(code).casefold()) for code in codes.dropna().unique()}
    return codes.map(distinct).astype("str")


def _if_flagged(code: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """Whether a code counts for its flag: as flagged, not known where nobody flagged; no where no flag is recorded."""
    if not set(flags) & set(rows.columns):
        return pd.Series(False, index=rows.index, dtype="boolean")
    flag = pd.Series(pd.array([pd.NA] * len(rows), dtype="boolean"), index=rows.index)
    for name in flags:
        if name in rows:
            flag = flag.fillna(rows[name].astype("boolean"))
    return flag & code.eq("if_flagged").astype("boolean")
