"""Pictures of description before they are drawn: which numbers, which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.facts import Facts
from coresponder_causal.privacy import Counts
from coresponder_causal.report import words
from coresponder_causal.report.metric_counts import flow_counts, metric_counts
from coresponder_causal.report.specs import Picture

scale_of = {"proportion": 100.0, "share": 100.0}
units = {"proportion": "percent", "share": "percent", "median": "minutes, median", "hours": "hours a month"}
least_share, stages_drawn = 0.02, ("label", "dispatch", "scene", "disposition", "link", "repeat")


def trend_picture(
    rows: pd.DataFrame,
    *,
    title: str,
    start: str | None = None,
    months: Sequence[str] = (),
    beside: pd.DataFrame | None = None,
) -> Picture:
    """Show one metric month by month, its interval as a band.

    Parameters
    ----------
    rows : DataFrame
        Rows of `coresponder_causal.data.metrics` by month, of one metric, part and statistic.
    title : str
    start : str, optional
        Date of the start.
    months : sequence of str
        Every month of the tables; by default those shown.
    beside : DataFrame, optional
        Rows of all metrics by month that leave with these.

    Returns
    -------
    Picture
        ``data``: ``trend`` (period, position, value, low, high); percent for proportions.

    Raises
    ------
    DataError
        If no month has a value.
    """
    known = rows[rows["value"].notna()].sort_values("period")
    if known.empty:
        raise DataError(f"no month of '{title}' has a value to draw", mend="show it as a table")
    statistic = str(known["statistic"].iloc[0])
    factor = scale_of.get(statistic, 1.0)
    dates = pd.PeriodIndex(known["period"], freq="M")
    data = pd.DataFrame(
        {
            "period": known["period"].to_numpy(),
            "position": dates.year + (dates.month - 0.5) / 12,
            "value": factor * known["value"].to_numpy(float),
            "low": factor * known["conf_low"].to_numpy(float),
            "high": factor * known["conf_high"].to_numpy(float),
        }
    )
    day = None if start is None else pd.Timestamp(start)
    place = None if day is None else day.year + (day.day_of_year - 1) / 365.25
    return Picture(
        title=title,
        caption="Line: each month. Band: its 95 % interval. What changes at a start may have other causes.",
        alt=(
            f"{title}, month by month from {data['period'].iloc[0]} to {data['period'].iloc[-1]}: from "
            f"{words.number(data['value'].min())} to {words.number(data['value'].max())}, on average "
            f"{words.number(data['value'].mean())}."
        ),
        kind="trend",
        data={"trend": data},
        labels=Facts(
            {
                "y": words.capital(units.get(statistic, statistic)),
                "start": place,
                "start_label": "" if start is None else f"start: {words.dates(str(pd.Timestamp(start).date()))}",
            }
        ),
        support=known[["n_persons"]].reset_index(drop=True),
        counts=metric_counts(
            known, months=months or [*map(str, known["period"])], start=start, part="trend", beside=beside
        ),
    )


def flow_picture(flows: pd.DataFrame, *, months: Sequence[str] = ()) -> Picture:
    """Show the course of crisis-eligible calls as bands between states.

    Parameters
    ----------
    flows : DataFrame
        As `coresponder_causal.data.pathway_flows` gives them.
    months : sequence of str
        Every month of the calls, for the ledger.

    Returns
    -------
    Picture
        ``data``: ``nodes`` (column, stage, state, calls) and ``flows`` (column, from_state, state, calls). States with
        less than 2 % of the calls of their stage are drawn together as "other".

    Raises
    ------
    DataError
        If fewer than two stages can be shown.
    """
    eligible = flows[~flows["from_state"].eq("not eligible")]
    if eligible.empty:
        raise DataError("fewer than two stages of the course can be shown", mend="give more fields of calls")
    names = _names(eligible)
    merged = _merged(eligible, names)
    stages = list(dict.fromkeys([*merged["from_stage"], *merged["stage"]]))
    merged = merged.assign(column=merged["from_stage"].map(stages.index))
    first = merged[merged["column"].eq(0)].groupby("from_state")["count"].sum().rename_axis("state")
    nodes = [first.reset_index().assign(column=0)]
    for column in range(1, len(stages)):
        inside = merged[merged["column"].eq(column - 1)].groupby("state")["count"].sum().reset_index()
        nodes.append(inside.assign(column=column))
    table = pd.concat(nodes, ignore_index=True)
    table["stage"] = [words.capital(stages[column]) for column in table["column"]]
    table["last"] = table["state"].isin(["not known", "other"])
    table = table.sort_values(["column", "last", "count"], ascending=[True, True, False], ignore_index=True)
    order = {key: place for place, key in enumerate(zip(table["column"], table["state"], strict=True))}
    merged["left"] = list(map(order.get, zip(merged["column"], merged["from_state"], strict=True)))
    merged["right"] = list(map(order.get, zip(merged["column"] + 1, merged["state"], strict=True)))
    drawn = merged.sort_values(["column", "left", "right"])
    bars = table.rename(columns={"count": "calls"})[["column", "stage", "state", "calls"]]
    bands = drawn.rename(columns={"count": "calls"})[["column", "from_state", "state", "calls"]].reset_index(drop=True)
    total = int(first.sum())
    later = table[table["column"].gt(0)]
    ends = ", ".join(f"{state} {count:,}" for state, count in zip(later["state"], later["count"], strict=True))
    return Picture(
        title="The course of crisis-eligible calls",
        caption=(
            "Each column is a stage, each bar the calls in one state; bands are calls that go from one to the next. "
            "Not known: nobody wrote it down, or the data end too early. States of few calls are drawn as other."
        ),
        alt=f"{total:,} crisis-eligible calls, stage by stage: {ends}.",
        kind="flow",
        data={"nodes": bars, "flows": bands},
        counts=flow_counts(eligible, names, bars, bands, months=months),
    )


def surface_picture(found: pd.DataFrame, *, title: str, cell: str, group: str) -> Picture:
    """Show shares of cells within groups as tiles with their numbers.

    Parameters
    ----------
    found : DataFrame
        As `coresponder_causal.data.surface` gives it.
    title : str
    cell, group : str
        Its two columns.

    Returns
    -------
    Picture
        ``data``: ``surface`` (group, cell, share, conf_low, conf_high, calls).
    """
    data = found.rename(columns={cell: "cell", group: "group"})
    ordered = data.sort_values("share")
    lowest, highest = ordered.iloc[0], ordered.iloc[-1]
    return Picture(
        title=title,
        caption=(
            "Share of calls and its 95 % interval. Cells with few calls are drawn towards the share of their column, "
            "so that chance does not pass for a pattern. This describes; it compares no programmes."
        ),
        alt=(
            f"{title}. Highest: {100 * highest['share']:.0f} % ({highest['group']}, {highest['cell']}); lowest: "
            f"{100 * lowest['share']:.0f} % ({lowest['group']}, {lowest['cell']})."
        ),
        kind="surface",
        data={"surface": data[["group", "cell", "share", "conf_low", "conf_high", "calls"]]},
        labels=Facts({"y": words.capital(cell.replace("_", " "))}),
        counts=(_cells(data, title),),
    )


def _cells(data: pd.DataFrame, title: str) -> Counts:
    """Events and calls behind each tile."""
    return Counts(
        family=title,
        frame=data.reset_index(drop=True),
        dimensions=("group", "cell"),
        count="events",
        of="calls",
        part="surface",
    )


def rates_picture(found: pd.DataFrame, *, title: str, name: str = "percent") -> Picture:
    """Show one rate by several definitions, one bar each.

    Parameters
    ----------
    found : DataFrame
        As `coresponder_causal.data.rates` gives it.
    title : str
    name : str
        What the rate is called on the axis.

    Returns
    -------
    Picture
        ``data``: ``rates`` (name, counts, divides_by, numerator, denominator, percent), the largest first.
    """
    rows = found.sort_values("percent", ascending=False, ignore_index=True)
    columns = rows[["percent", "counts", "divides_by"]].itertuples(index=False, name=None)
    said = "; ".join(f"{percent:.1f} % ({counts}, of {below})" for percent, counts, below in columns)
    return Picture(
        title=title,
        caption="The same counts. What is counted and what it is divided by make the difference.",
        alt=f"{title}: {said}.",
        kind="rates",
        data={"rates": rows},
        labels=Facts({"x": name}),
        support=rows[["name", "numerator", "denominator"]],
    )


def _names(flows: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Name the states of each stage that hold few calls as they are drawn together."""
    totals = flows.groupby(["stage", "state"])["count"].sum()
    small = totals[totals < least_share * totals.groupby("stage").transform("sum")].index
    return {(str(stage), str(state)): "other" for stage, state in small if state != "not known"}


def _merged(flows: pd.DataFrame, names: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Draw together the states of each stage that hold few calls."""
    made = flows.copy()
    for column, stage in (("state", "stage"), ("from_state", "from_stage")):
        pairs = zip(made[stage], made[column], strict=True)
        made[column] = [names.get(pair, pair[1]) for pair in pairs]
    keys = ["from_stage", "from_state", "stage", "state"]
    return made.groupby(keys, sort=False)["count"].sum().reset_index()
