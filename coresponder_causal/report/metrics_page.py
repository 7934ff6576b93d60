"""One page of description: the course of calls, the core metrics with their trends, the others, and what is lacking."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.data import Metric, metric_catalogue
from coresponder_causal.report import words
from coresponder_causal.report.metric_counts import course_counts, metric_counts
from coresponder_causal.report.metric_pictures import flow_picture, trend_picture
from coresponder_causal.report.page import sensitive_banner, simulated_banner
from coresponder_causal.report.sensitive import as_sensitive
from coresponder_causal.report.specs import Block, Column, Fold, Page, Section, Sentence, Table, of_nobody

describes = Sentence(
    text="These numbers describe. None of them is an effect of the programme: what differs before and after a start "
    "may have other causes."
)
betters = {
    "up": "Better is higher.",
    "down": "Better is lower.",
    "parity": "Better is the same for every group.",
    "ambiguous": "Neither higher nor lower is better by itself.",
}
value_columns = (
    Column("when", "When"),
    Column("part", "What"),
    Column("group", "Group"),
    Column("value", "Value", "said"),
    Column("interval", "95 % interval", "said"),
    Column("divided_by", "Divided by", "said"),
    Column("missing", "Not known", "whole"),
    Column("unplaced", "Not placed", "whole"),
    Column("kind", "Kind of interval", "said"),
)
value_note = (
    "Not known: rows of the denominator without an answer; they are left out and never counted as no. Not placed: "
    "rows of which it is not known whether they belong to the denominator. Clustered: wider, because the same person "
    "counts several times; the design effect says by how much the variance grows."
)


def metrics_page(
    values: pd.DataFrame,
    monthly: pd.DataFrame,
    *,
    title: str,
    pathway: pd.DataFrame,
    flows: pd.DataFrame,
    start: str | None = None,
    simulated: bool = False,
    sensitive: bool = True,
) -> Page:
    """Put metrics and the course of calls on a page.

    Parameters
    ----------
    values : DataFrame
        As `coresponder_causal.data.metrics` gives them for all the time, cut at the start where there is one.
    monthly : DataFrame
        The same by month.
    title : str
    pathway, flows : DataFrame
        As `coresponder_causal.data.pathway` and `pathway_flows` give them; empty where there are no calls.
    start : str, optional
        Date of the start, for the pictures.
    simulated, sensitive : bool
        Put a banner on top.

    Returns
    -------
    Page
    """
    catalogue = metric_catalogue()
    there = set(values.loc[values["lacks"].eq(""), "metric"])
    core = [metric for metric in catalogue.values() if metric.core and metric.id in there]
    others = [metric for metric in catalogue.values() if not metric.core and metric.id in there]
    sections = [
        *_course(pathway, flows, months_in(monthly)),
        *(metric_section(metric, values, monthly, start) for metric in core),
        *_others(others, values, months_in(monthly), start),
        *_lacking(values),
    ]
    made = Page(
        title=title,
        subtitle="" if start is None else f"Before and from {words.dates(start)} on.",
        banners=(simulated_banner,) * simulated + (sensitive_banner,) * sensitive,
        finding=(_counted(len(there), len(core)), describes),
        sections=tuple(sections),
    )
    return as_sensitive(made, True) if sensitive else made


def _counted(many: int, core: int) -> Sentence:
    """Say how many metrics can be computed."""
    catalogue = metric_catalogue()
    whole = sum(metric.core for metric in catalogue.values())
    return Sentence(
        text=f"{many} of {len(catalogue)} metrics can be computed from these tables, {core} of the {whole} core ones.",
        numbers=Facts({"computed": many, "core": core}),
        support=of_nobody,
    )


def months_in(monthly: pd.DataFrame) -> list[str]:
    """Every month of metrics by month.

    Parameters
    ----------
    monthly : DataFrame
    """
    return sorted(map(str, monthly["period"].dropna().unique()))


def _course(pathway: pd.DataFrame, flows: pd.DataFrame, months: list[str]) -> list[Section]:
    """Show the course of calls as a picture and as a table."""
    if pathway.empty:
        return []
    columns = (
        Column("stage", "Stage"),
        Column("state", "State"),
        Column("count", "Calls", "whole"),
        Column("percent", "Percent of those known", "number"),
        Column("missing", "Not known", "whole"),
    )
    shown = pathway[pathway["lacks"].eq("")].assign(percent=lambda table: 100 * table["share"])
    table = Table(
        title="Calls by stage and state", frame=shown, columns=columns, counts=course_counts(shown, months=months)
    )
    drawn: list[Block] = [flow_picture(flows, months=months)] if flows["from_state"].ne("not eligible").any() else []
    lacks = pathway[pathway["lacks"].ne("")]
    pairs = zip(lacks["stage"], lacks["lacks"], strict=True)
    said = [
        Sentence(text=f"{words.capital(stage)} cannot be shown: it lacks {fields}.", support=of_nobody)
        for stage, fields in pairs
    ]
    return [Section(title="What becomes of calls?", blocks=(*drawn, Fold(label="The numbers", table=table), *said))]


def metric_section(metric: Metric, values: pd.DataFrame, monthly: pd.DataFrame, start: str | None) -> Section:
    """Show one metric: what it means, its values, its months.

    Parameters
    ----------
    metric : Metric
    values, monthly, start
        As of `metrics_page`.

    Returns
    -------
    Section
    """
    said = Sentence(
        text=f"{metric.definition} {betters[metric.direction]} Beware: {metric.bias[:1].lower()}{metric.bias[1:]}",
        support=of_nobody,
    )
    blocks: list[Block] = [said]
    own = values[values["metric"].eq(metric.id) & values["lacks"].eq("")]
    months = months_in(monthly)
    blocks.append(values_table(own, metric.name, months, start, beside=values))
    first = monthly[monthly["metric"].eq(metric.id) & monthly["lacks"].eq("") & monthly["value"].notna()]
    if len(first) and first.get("group", pd.Series(dtype=str)).isna().all():
        first = first[first["part"].eq(first["part"].iloc[0]) & first["statistic"].eq(first["statistic"].iloc[0])]
        if len(first) > 2:
            part = str(first["part"].iloc[0])
            blocks.append(
                trend_picture(
                    first,
                    title=metric.name + (f", {part}" if part else ""),
                    start=start,
                    months=months,
                    beside=monthly,
                )
            )
    lacks = values[values["metric"].eq(metric.id) & values["lacks"].ne("")]
    if len(lacks):
        parts = "; ".join(
            f"{part or metric.name}: {what}" for part, what in zip(lacks["part"], lacks["lacks"], strict=True)
        )
        blocks.append(Sentence(text=f"Not computed, for want of: {parts}.", support=of_nobody))
    return Section(title=f"{metric.id} {metric.name}", blocks=tuple(blocks))


def values_table(
    rows: pd.DataFrame,
    title: str,
    months: list[str],
    start: str | None,
    *,
    beside: pd.DataFrame,
    names: list[str] | None = None,
) -> Table:
    """Write values with their interval and what they were divided by.

    Parameters
    ----------
    rows : DataFrame
        Of `coresponder_causal.data.metrics`.
    title : str
    months : list of str
        Every month of the tables.
    start : str or None
    beside : DataFrame
        Rows of all metrics that leave with these.
    names : list of str, optional
        What each row shows; by default its part, or the title.

    Returns
    -------
    Table
    """
    frame = pd.DataFrame(
        {
            "when": rows.get("phase", rows["period"]).replace("all", "all the time"),
            "metric": rows["metric"],
            "part": rows["part"].where(rows["part"].ne(""), title) if names is None else names,
            "group": rows.get("group", pd.Series(np.nan, index=rows.index)),
            "value": [_written(value, kind) for value, kind in zip(rows["value"], rows["statistic"], strict=True)],
            "interval": [
                f"{_number(low, kind)} to {_number(high, kind)}"
                for low, high, kind in zip(rows["conf_low"], rows["conf_high"], rows["statistic"], strict=True)
            ],
            "divided_by": rows["divided_by"],
            "missing": rows["missing"].astype(float),
            "unplaced": rows["unplaced"].astype(float),
            "kind": [_kind(name, effect) for name, effect in zip(rows["interval"], rows["design_effect"], strict=True)],
        }
    )
    empty = {"group"} if frame["group"].isna().all() else set()
    empty |= set() if frame["unplaced"].gt(0).any() else {"unplaced"}
    columns = tuple(column for column in value_columns if column.name not in empty)
    return Table(
        title=title,
        frame=frame,
        columns=columns,
        note=value_note,
        support=people_behind(rows),
        counts=metric_counts(rows, months=months, start=start, beside=beside),
    )


def people_behind(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the persons behind rows of metrics, and the rows of which it is not known whether they belong there.

    Parameters
    ----------
    rows : DataFrame
    """
    return pd.DataFrame({"n_persons": rows["n_persons"], "rows": rows["unplaced"].astype(float)}).reset_index(drop=True)


def _kind(name: str, effect: float) -> str:
    """Name the kind of an interval, with the design effect of persons who repeat."""
    return f"{name}, design effect {effect:.2f}" if effect >= 1.005 else name


def _written(value: float, statistic: str) -> str:
    """Write a value with its unit."""
    after = {"proportion": " %", "share": " %", "median": " min (median)", "p90": " min (p90)", "hours": " hours"}
    per = f" {statistic.removeprefix('rate ')}" if statistic.startswith("rate") else ""
    return f"{_number(value, statistic)}{after.get(statistic, per)}"


def _number(value: float, statistic: str) -> str:
    """Write a number, proportions as percent."""
    return words.number(100 * value if statistic in ("proportion", "share") else value)


def _others(chosen: list[Metric], values: pd.DataFrame, months: list[str], start: str | None) -> list[Section]:
    """Show the metrics that are not core in one table."""
    if not chosen:
        return []
    names = {metric.id: metric.name for metric in chosen}
    rows = values[values["metric"].isin(list(names)) & values["lacks"].eq("")]
    named = [
        f"{names[name]}{f', {part}' if part else ''}" for name, part in zip(rows["metric"], rows["part"], strict=True)
    ]
    table = values_table(rows, "Metrics that are not core", months, start, beside=values, names=named)
    return [Section(title="The other metrics", blocks=(table,))]


def _lacking(values: pd.DataFrame) -> list[Section]:
    """List what cannot be computed and the fields it lacks."""
    lacks = values[values["lacks"].ne("")]
    if lacks.empty:
        return []
    names = {name: metric.name for name, metric in metric_catalogue().items()}
    frame = lacks[["metric", "part", "lacks"]].assign(name=lacks["metric"].map(names))
    columns = (Column("metric", "Metric"), Column("name", "Name"), Column("part", "Part"), Column("lacks", "Lacks"))
    table = Table(title="Not computed, and what it lacks", frame=frame, columns=columns, support=of_nobody)
    return [Section(title="What cannot be computed yet?", blocks=(Fold(label=f"{len(frame)} numbers", table=table),))]
