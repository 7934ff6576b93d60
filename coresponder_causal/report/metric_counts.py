"""Counts behind metrics and the course of calls, as the gate wants them: which cells add up to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coresponder_causal.privacy import Counts, months_of
from coresponder_causal.privacy.counts import answer, counted_yes
from coresponder_causal.report.metric_links import alternatives, between, is_awaited, link_of, shown_with

parts_of_a_whole, observed = ("proportion", "share"), "observed over expected"
everything, before = "all", "before"
not_known, course, awaited = "not known", "the course of calls", ("link", "repeat")


def metric_counts(
    rows: pd.DataFrame,
    *,
    months: Sequence[str],
    start: str | None = None,
    part: str = "",
    beside: pd.DataFrame | None = None,
) -> tuple[Counts, ...]:
    """List the counts behind rows of metrics.

    Parameters
    ----------
    rows : DataFrame
        Of `coresponder_causal.data.metrics`, in the order shown.
    months : sequence of str
        Every month of the tables.
    start : str, optional
        The date at which periods are cut.
    part : str
        Of a picture: the frame of the rows.
    beside : DataFrame, optional
        Rows of all metrics that leave with these, of the same periods; by default these alone.

    Returns
    -------
    tuple of Counts
        For each metric, part and kind of number: how many, of how many, and whose answer is not known. Months, phases
        and all the time hold one another, except where people are counted once in each. Then what follows by
        subtraction from another part.
    """
    shown = _dated(rows.reset_index(drop=True))
    others = shown if beside is None else _dated(beside.reset_index(drop=True))
    labels = pd.concat([shown["period"], others["period"]]).astype(str).unique()
    nested = {label: _atoms(label, months, start) for label in labels}
    apart = {label: frozenset({label if label in months else f"{label} until {max(months)}"}) for label in labels}
    made: list[Counts] = []
    for (metric, piece, statistic), own in shown.groupby(["metric", "part", "statistic"], sort=False):
        until = f" until {max(months)}" if is_awaited(str(metric), str(piece)) else ""
        atoms = nested if _adds_up(own, str(statistic)) else apart
        own_counts = [*_of_part(own, atoms, part), *_by_subtraction(own, others, atoms, apart, part)]
        made += [replace(one, family=one.family + until) for one in own_counts]
    return tuple(made)


def _of_part(own: pd.DataFrame, atoms: Mapping[str, frozenset[str]], part: str) -> list[Counts]:
    """List the counts of one part of a metric."""
    link = link_of(str(own["metric"].iloc[0]), str(own["part"].iloc[0]))
    made = []
    for name, columns in _columns(own, str(own["statistic"].iloc[0])).items():
        alone = link.answers and not name and "of" not in columns
        told = own.assign(**{answer: counted_yes}) if alone else own
        grouped = (link.group,) if link.group else ()
        made.append(
            Counts(
                family=f"{link.family} {name}".strip(),
                frame=told.rename(columns={"group": link.group}) if grouped else told,
                dimensions=("period", *grouped, *((answer,) if alone else ())),
                spans="period",
                atoms=atoms,
                part=part,
                count=columns["count"],
                of=columns.get("of"),
                of_known=link.of_all,
                unknown=columns.get("unknown"),
            )
        )
    return made


def _dated(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with a number; one label says of each which time it spans."""
    shown = rows[rows["denominator"].notna()]
    phase = shown.get("phase", shown["period"])
    return shown.assign(period=phase.where(shown["period"].eq(everything), shown["period"]))


def _by_subtraction(
    own: pd.DataFrame,
    others: pd.DataFrame,
    atoms: Mapping[str, frozenset[str]],
    apart: Mapping[str, frozenset[str]],
    part: str,
) -> list[Counts]:
    """Cells that rows of a part give away beside those of another: such rows are shown where the cells may be."""
    metric, piece = str(own["metric"].iloc[0]), str(own["part"].iloc[0])
    of_part = {(str(name), str(other)): rows for (name, other), rows in others.groupby(["metric", "part"], sort=False)}
    made = []
    if (metric, piece) in shown_with and shown_with[metric, piece] in of_part:
        place = pd.Series(own.index, index=own["period"])
        held = of_part[shown_with[metric, piece]]
        held = held[held["period"].isin(place.index)]
        made += _of_part(held.set_axis(place.loc[held["period"]].to_numpy()), atoms, part)
    for key in alternatives(metric, piece):
        if key in of_part and _whole(own["numerator"]) and _whole(of_part[key]["numerator"]):
            frame = between(own, of_part[key])
            one_way = frame["count"].ge(0).all() or frame["count"].le(0).all()
            made.append(
                Counts(
                    family=f"{metric} {piece} less {' '.join(key)}".strip(),
                    frame=frame.assign(count=frame["count"].abs()),
                    dimensions=("period", "difference"),
                    spans="period",
                    atoms=atoms if one_way else apart,
                    part=part,
                    whole=True,
                )
            )
    return made


def _columns(rows: pd.DataFrame, statistic: str) -> Mapping[str, dict[str, str]]:
    """Which columns count, by what they count."""
    unknown = {"unknown": "missing"} if rows["missing"].fillna(0).gt(0).any() else {}
    counted, below = (_whole(rows[name]) for name in ("numerator", "denominator"))
    if statistic in parts_of_a_whole and counted and below:
        return {"": {"count": "numerator", "of": "denominator"} | unknown}
    found = {"rows": {"count": "denominator"} | unknown} if below and statistic != observed else {}
    if counted and (statistic == observed or statistic.startswith("rate")):
        found[""] = {"count": "numerator"}
    if rows["n_any"].notna().all():
        found["any"] = {"count": "n_any"}
    return found


def _adds_up(rows: pd.DataFrame, statistic: str) -> bool:
    """Whether months add up to longer times: not of persons, counted once in each, nor of the few who call most."""
    return statistic != "share" and not rows["unit"].eq("person").any()


def _whole(values: pd.Series) -> bool:
    numbers = values.to_numpy(float)
    return bool(np.isfinite(numbers).all() and (numbers == np.round(numbers)).all() and (numbers >= 0).all())


def _atoms(label: str, months: Sequence[str], start: str | None) -> frozenset[str]:
    """Months, or halves of the month cut at the start, that a label spans."""
    day = None if start is None else pd.Timestamp(start)
    cut = None if day is None else str(day.to_period("M"))
    halves = {} if day is None or day.day == 1 else {cut: {f"{cut} before", f"{cut} after"}}
    if label not in (everything, before) and not label[:4].isdigit():  # from the start on
        spanned = {month for month in months if cut is None or month > cut}
        return frozenset(spanned | ({f"{cut} after"} if halves else {str(cut)}))
    if label == before:
        return frozenset({month for month in months if cut is None or month < cut} | {f"{cut} before" for _ in halves})
    spanned = set(months) if label == everything else set(months_of(label))
    return frozenset(atom for month in spanned for atom in halves.get(month, {month}))


def course_counts(states: pd.DataFrame, *, months: Sequence[str] = ()) -> tuple[Counts, ...]:
    """List the counts behind the states of the course of calls.

    Parameters
    ----------
    states : DataFrame
        Of `coresponder_causal.data.pathway`, in the order shown.
    months : sequence of str
        Every month of the calls, for the ledger.

    Returns
    -------
    tuple of Counts
        One for each stage; and one of the calls whose state is not known, which every row of a stage tells.
    """
    made = []
    for stage, own in states.reset_index(drop=True).groupby("stage", sort=False):
        if own["lacks"].eq("").all():
            made.append(_of_course(own, {str(stage): own["state"]}, months))
            made.append(_of_course(own.assign(count=own["missing"]), {str(stage): not_known}, months))
    return tuple(made)


def passage_counts(flows: pd.DataFrame, *, months: Sequence[str] = ()) -> tuple[Counts, ...]:
    """List the counts behind every passage from state to state.

    Parameters
    ----------
    flows : DataFrame
        Of `coresponder_causal.data.pathway_flows`, in the order shown.
    months : sequence of str
        As of `course_counts`.

    Returns
    -------
    tuple of Counts
        One for each pair of stages.
    """
    made = []
    for (left, right), own in flows.reset_index(drop=True).groupby(["from_stage", "stage"], sort=False):
        made.append(_of_course(own, {str(left): own["from_state"], str(right): own["state"]}, months))
    return tuple(made)


def flow_counts(
    flows: pd.DataFrame,
    names: Mapping[tuple[str, str], str],
    bars: pd.DataFrame,
    bands: pd.DataFrame,
    *,
    months: Sequence[str] = (),
) -> tuple[Counts, ...]:
    """List the counts behind the bars and bands of the course of calls.

    Parameters
    ----------
    flows : DataFrame
        Of `coresponder_causal.data.pathway_flows`, as far as they are drawn.
    names : mapping of (stage, state) to str
        States that are drawn together: behind a bar of several stands each of them.
    bars, bands : DataFrame
        Data of the picture: ``column, state``, and ``from_state`` of bands.
    months : sequence of str
        As of `course_counts`.

    Returns
    -------
    tuple of Counts
    """
    bar = {key: place for place, key in enumerate(zip(bars["column"], bars["state"], strict=True))}
    ends = zip(bands["column"], bands["from_state"], bands["state"], strict=True)
    band = {key: place for place, key in enumerate(ends)}
    made = []
    pairs = flows.groupby(["from_stage", "stage"], sort=False)
    for column, (stages, own) in enumerate(pairs):
        left, right = map(str, stages)
        froms, tos = own["from_state"].astype(str), own["state"].astype(str)
        drawn_from = [names.get((left, state), state) for state in froms]
        drawn_to = [names.get((right, state), state) for state in tos]
        places = [band[column, *key] for key in zip(drawn_from, drawn_to, strict=True)]
        placed = own.set_axis(places)
        labels = {left: froms.set_axis(places), right: tos.set_axis(places)}
        made.append(_of_course(placed, labels, months, part="flows"))
        ended = ((column, left, froms, drawn_from), (column + 1, right, tos, drawn_to))
        for at, stage, states, drawn in ended if column == 0 else ended[1:]:
            placed = own.assign(**{stage: states}).assign(place=[bar[at, state] for state in drawn])
            summed = placed.groupby([stage, "place"])["count"].sum().reset_index().set_index("place")
            made.append(_of_course(summed, {stage: summed[stage]}, months, part="nodes"))
    return tuple(made)


def _of_course(
    frame: pd.DataFrame, labels: Mapping[str, pd.Series | str], months: Sequence[str], *, part: str = ""
) -> Counts:
    """Count calls by states; a stage that is still waited for when the data end belongs to that end alone."""
    until = f" until {max(months)}" if len(months) else ""
    named = {f"{stage}{until if stage in awaited else ''}": states for stage, states in labels.items()}
    label = f"{min(months)}/{max(months)}" if len(months) else ""
    return Counts(
        family=course,
        frame=frame.assign(**named, months=label),
        dimensions=("months", *named),
        spans="months",
        atoms={label: months_of(label) if label else frozenset()},
        part=part,
    )
