"""Pictures of recording before they are drawn."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.data.quality_issues import day, label, percent
from coresponder_causal.privacy import Counts
from coresponder_causal.report.specs import Picture

few_rows = 10  # a week with fewer is greyed
nearly_always = 0.995


def heat_map(weekly: pd.DataFrame, table: str, source: str) -> Picture | None:
    """Missing values by field and week of one table and export.

    Parameters
    ----------
    weekly : DataFrame
        Completeness: ``field, week, rows, filled, share``.
    table, source : str

    Returns
    -------
    Picture or None
        ``data``: ``cells`` (label, week, missing, few) of the fields that were ever missing; None where none was.
    """
    enough = weekly[weekly["rows"] >= few_rows]
    summed = weekly.groupby("field", sort=False)[["rows", "filled"]].sum()
    overall = summed["filled"] / summed["rows"]
    shown = overall[(overall < nearly_always) & (overall > 0)].index
    if not len(shown) or enough.empty:
        return None
    cells = weekly[weekly["field"].isin(shown)]
    cells = cells.assign(
        label=[label(table, field).strip("“”") for field in cells["field"]],
        missing=1 - cells["share"],
        few=cells["rows"] < few_rows,
    )[["label", "week", "missing", "few"]]
    complete, empty = int((overall >= nearly_always).sum()), int((overall == 0).sum())
    export = "" if source == "all" else f", export {source}"
    worst, least = overall[shown].sort_values().index[0], float(overall[shown].min())
    return Picture(
        title=f"Table {table}{export}: what is missing, week by week",
        caption=(
            f"The darker, the more rows of the week lack the field. Grey: fewer than {few_rows} rows; blank: no rows. "
            f"Not shown: {complete} fields that are nearly always filled and {empty} that never are."
        ),
        alt=(
            "Fields below each other, weeks beside each other, shaded by the share missing. Overall most is missing of "
            f"{label(table, worst)}: {percent(1 - least)}."
        ),
        kind="heat",
        data={"cells": cells.reset_index(drop=True)},
        support=_behind(weekly[weekly["field"].isin(shown)]),
    )


def _behind(weekly: pd.DataFrame) -> pd.DataFrame:
    """Rows of each week, those filled and those missing."""
    missing = weekly["rows"] - weekly["filled"]
    return pd.DataFrame({"rows": weekly["rows"], "count": weekly["filled"], "events": missing}).reset_index(drop=True)


def break_pictures(breaks: pd.DataFrame, weekly: pd.DataFrame) -> list[Picture]:
    """One picture for each field whose share of missing values changed, the largest change first.

    Parameters
    ----------
    breaks : DataFrame
        Changes of the share of missing values.
    weekly : DataFrame
        Completeness.

    Returns
    -------
    list of Picture
    """
    sized = breaks.assign(size=(breaks["after"] - breaks["before"]).abs())
    order = sized.groupby(["table", "source", "field"])["size"].max().sort_values(ascending=False, kind="stable")
    return [_one(breaks, weekly, str(table), str(source), str(field)) for table, source, field in order.index]


def _one(breaks: pd.DataFrame, weekly: pd.DataFrame, table: str, source: str, field: str) -> Picture:
    """One field: its weekly share missing, and the level between its changes."""
    own = _of(breaks, table, source, field).sort_values("date")
    weekly = _of(weekly, table, source, field)
    weeks = weekly.assign(share=1 - weekly["share"], few=weekly["rows"] < few_rows)[["week", "share", "few"]]
    starts = [weeks["week"].min(), *own["date"]]
    ends = [*own["date"], weeks["week"].max() + pd.Timedelta(days=7)]
    shares = [own["before"].iloc[0], *own["after"]]
    levels = pd.DataFrame({"first": starts, "last": ends, "share": shares, "date": [pd.NaT, *own["date"]]})
    rows = [own["rows_before"].iloc[0], *own["rows_after"]]
    lacking = [round(share * many) for share, many in zip(shares, rows, strict=True)]
    stood = pd.DataFrame({"first": [f"{start:%Y-%m-%d}" for start in starts], "rows": rows, "missing": lacking})
    name = f"{field} missing in {table}, {source}, by level"
    said = "; ".join(
        f"{day(row['date'])}: from {percent(row['before'])} to {percent(row['after'])}"
        for row in own.to_dict("records")
    )
    return Picture(
        title=f"{label(table, field)} of {table}: share missing",
        caption=f"{said}. Dots: weeks. Lines: level between the changes.",
        alt=f"Share of rows in which {label(table, field)} is missing, week by week. It changed on {said}.",
        kind="rate",
        data={"weeks": weeks.reset_index(drop=True), "levels": levels},
        labels=Facts({"y": "missing"}),
        support=_behind(weekly),
        counts=(Counts(family=name, frame=stood, dimensions=("first",), count="missing", of="rows", part="levels"),),
    )


def _of(frame: pd.DataFrame, table: str, source: str, field: str) -> pd.DataFrame:
    """Rows of one field."""
    return frame[frame["table"].eq(table) & frame["source"].eq(source) & frame["field"].eq(field)]
