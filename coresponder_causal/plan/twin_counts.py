"""The counts of a twin: which are taken of a study's calls, what the gate leaves of them, and how gaps are filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.notes import note
from coresponder_causal.core.raking import Margin, raked
from coresponder_causal.data.demand import asked_for
from coresponder_causal.data.panel import local_stamps
from coresponder_causal.data.panel_spans import whole_span
from coresponder_causal.plan.study import Study
from coresponder_causal.privacy import Counts, Earlier, Policy, Released, release, spanning
from coresponder_causal.simulate import Aggregates
from coresponder_causal.simulate.like import not_known

calls_family, controls_family, controls_name = "twin: calls", "twin: control series", "control series"
public = Policy(audience="public")
_hours = np.arange(168)
cuts = {
    "hours of the week": _hours,
    "hours of weekdays and of weekends": _hours % 24 + 24 * (_hours >= 120),
    "hours of the day": _hours % 24,
    "quarters of the day": _hours % 24 // 6,
}
Cells = Mapping[tuple[frozenset[tuple[str, str]], frozenset[str]], int]


class Gated(NamedTuple):
    """Counts as they leave: for calls, for control series, the cells for a ledger, and how many are hidden."""

    aggregates: Aggregates
    controls: pd.DataFrame
    cells: dict[str, list[Earlier]]
    hidden: dict[str, tuple[int, int]]


def gated(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    outcomes: Sequence[str],
    shifts: pd.DataFrame,
    earlier: Mapping[str, Sequence[Earlier]] | None,
) -> Gated:
    """Count a study's calls and control series, and let the counts through the gate as for the public.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables.
    outcomes : sequence of str
        Yes-or-no fields of calls.
    shifts : DataFrame
        See `Aggregates`.
    earlier : mapping, optional
        What left before.

    Returns
    -------
    Gated

    Raises
    ------
    DisclosureError
        The counts cannot be protected beside what left before.
    """
    calls = _labelled(study, tables, outcomes)
    cut = _finest(calls)
    calls["hour"] = cuts[cut][calls.pop("hour_of_week")].astype(str)
    eras = {era: (era.split("/")[0], era.split("/")[1]) for era in sorted(calls["era"].unique())}
    asked = _asked(calls, outcomes, cut)
    counts = {name: _counts(calls, dims, span) for name, (dims, span) in asked.items()} | _control_counts(tables)
    found = release(list(counts.values()), policy=public, earlier=earlier)
    made: dict[str, pd.DataFrame] = {}
    for (name, one), small in zip(counts.items(), found.hidden, strict=True):
        made[name] = _filled(one, small, _known(found, one.family), _expected(one, small, made))
    hidden = {name: (int(rows.sum()), len(rows)) for name, rows in zip(counts, found.hidden, strict=True)}
    aggregates = Aggregates(
        months=_spans_as("month", made["months"]),
        hours=_by_hour(_spans_as("era", made[cut]), cuts[cut]),
        kinds=_spans_as("era", made["kinds of calls"]),
        answers={
            name: _spans_as("quarter", made[f"{name} by quarter"]).rename(columns={name: "answer"})
            for name in [*_attended(calls), *outcomes]
        },
        by_arm={name: _spans_as("era", made[f"{name} by arm"]).rename(columns={name: "answer"}) for name in outcomes},
        eras=eras,
        shifts=shifts,
    )
    controls = _spans_as("month", made[controls_name]) if controls_name in made else pd.DataFrame()
    return Gated(aggregates, controls, {name: list(cells) for name, cells in found.cells.items()}, hidden)


def _labelled(study: Study, tables: Mapping[str, pd.DataFrame], outcomes: Sequence[str]) -> pd.DataFrame:
    """Return the labels of every call in months that its city's calls span: whoever counts needs no more."""
    calls = asked_for(tables["calls"])
    cities = tables.get("cities")
    stamps = local_stamps(calls, "received_at", None if cities is None else cities.set_index("city"))
    frame = pd.DataFrame({"city": calls["city"].astype(str), "received_at": stamps})
    month = stamps.dt.to_period("M")
    span = whole_span(frame, "city", "M")
    whole = month.between(frame["city"].map(span["first"]), frame["city"].map(span["last"]))
    if not whole.all():
        note("calls in months that their city's calls do not span are not in the twin")
    start = pd.Period((study.start or (study.start_between or ("",))[0])[:7], freq="M")
    first, last = month[whole].min(), month[whole].max()
    before, after = f"{first}/{min(start - 1, last)}", f"{max(start, first)}/{last}"
    labels = {
        "city": frame["city"],
        "month": month.astype(str),
        "quarter": month.dt.asfreq("Q").astype(str),
        "era": np.where(month < start, before, after),
        "hour_of_week": stamps.dt.day_of_week * 24 + stamps.dt.hour,
    }
    if "initial_type" in calls:
        labels["initial_type"] = calls["initial_type"].astype("object").fillna(not_known).astype(str)
    for name in (*_attended(calls), *outcomes):
        labels[name] = calls[name].astype("object").map({True: "yes", False: "no"}).fillna(not_known)
    kept: pd.DataFrame = pd.DataFrame(labels)[whole].reset_index(drop=True)
    return kept


def _finest(calls: pd.DataFrame) -> str:
    """Hours as fine as the city and era of fewest calls allow: twice the threshold in a cell, on average."""
    fewest = int(calls.groupby(["city", "era"]).size().min())
    fits = [name for name, cut in cuts.items() if fewest >= 2 * public.threshold * len(np.unique(cut))]
    chosen = fits[0] if fits else next(reversed(cuts))
    if chosen != next(iter(cuts)):
        note(f"calls are counted by {chosen}, and spread evenly within: finer counts would be hidden")
    return chosen


def _by_hour(counts: pd.DataFrame, cut: NDArray[np.int_]) -> pd.DataFrame:
    """Spread counts evenly over the hours of the week that they span."""
    hours = pd.DataFrame({"hour": cut.astype(str), "hour_of_week": _hours})
    size = counts["hour"].map(hours["hour"].value_counts()).astype(float)
    return counts.assign(count=counts["count"] / size).merge(hours, on="hour")


def _attended(calls: pd.DataFrame) -> tuple[str, ...]:
    return ("attended",) if "attended" in calls else ()


def _asked(calls: pd.DataFrame, outcomes: Iterable[str], cut: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """Dimensions and period of every count that is taken."""
    arm = _attended(calls)
    kinds = tuple(name for name in ("initial_type", "attended") if name in calls)
    asked = {
        "months": (("city",), "month"),
        cut: (("city", "hour"), "era"),
        "kinds of calls": (("city", *kinds), "era"),
    }
    for name in outcomes:
        asked[f"{name} by arm"] = (("city", *arm, name), "era")
    for name in (*arm, *outcomes):
        asked[f"{name} by quarter"] = (("city", name), "quarter")
    return asked


def _counts(rows: pd.DataFrame, dims: tuple[str, ...], span: str) -> Counts:
    """Count rows by labels and period, zeros included."""
    wide = rows.groupby([*dims, span]).size().unstack(span, fill_value=0)
    frame = wide.rename_axis(columns="period").reset_index().melt(list(dims), var_name="period", value_name="count")
    atoms = spanning(frame["period"].unique())
    return Counts(family=calls_family, frame=frame, dimensions=(*dims, "period"), spans="period", atoms=atoms)


def _control_counts(tables: Mapping[str, pd.DataFrame]) -> dict[str, Counts]:
    """Count control series by month, summed over hours."""
    if "control_series" not in tables:
        return {}
    series = tables["control_series"].dropna(subset=["count"])
    keys = [series["city"].astype(str), series["series"].astype(str), series["month"].astype(str).rename("period")]
    frame = series["count"].astype(int).groupby(keys).sum().reset_index(name="count")
    atoms = spanning(frame["period"].unique())
    dims = ("city", "series", "period")
    one = Counts(family=controls_family, frame=frame, dimensions=dims, spans="period", atoms=atoms)
    return {controls_name: one}


def _known(found: Released, family: str) -> Cells:
    """Every count of a family that is shown, margins among them."""
    cells = found.cells.get(family, ())
    return {(frozenset(cell.labels.items()), cell.span): cell.value for cell in cells if cell.value is not None}


def _expected(one: Counts, hidden: NDArray[np.bool_], made: Mapping[str, pd.DataFrame]) -> NDArray[np.float64]:
    """Return hidden counts before they are fitted: as in a coarser table made before, else as labels shown suggest."""
    coarse = next((table for table in made.values() if len(one.plain) > 1 and {*one.plain} <= {*table}), None)
    if coarse is not None:
        sums = coarse.groupby(list(one.plain))["count"].sum().reset_index(name="sum")
        there = one.frame.merge(sums, on=list(one.plain), how="left")["sum"].fillna(0.0).to_numpy(float)
        return np.maximum(there / one.frame["period"].nunique(), 0.5)
    shown = one.frame[~hidden]
    whole = float(shown["count"].sum())
    if not whole:
        return np.full(len(hidden), public.threshold / 2)
    likely = np.full(len(hidden), whole)
    for name in one.dimensions:
        labels = one.frame[name].unique()
        counts = shown.groupby(name)["count"].sum().reindex(labels, fill_value=0) + 1.0
        likely *= one.frame[name].map(counts / counts.sum()).to_numpy(float)
    return np.asarray(np.maximum(likely, 1e-3), float)


def _filled(one: Counts, hidden: NDArray[np.bool_], known: Cells, expected: NDArray[np.float64]) -> pd.DataFrame:
    """Return counts whose hidden cells are what the margins that are shown leave for them."""
    frame = one.frame.reset_index(drop=True)
    keys = frame[list(one.dimensions)]
    shown = np.where(hidden, np.nan, frame["count"].to_numpy(float))
    margins = []
    for size in range(len(one.plain)):
        for dims in combinations(one.plain, size):
            groups = keys.groupby([*dims, "period"], sort=False)
            first = keys.loc[~keys.duplicated([*dims, "period"])]
            totals = [
                known.get((frozenset((name, row[name]) for name in dims), one.atoms[row["period"]]), np.nan)
                for row in first.to_dict("records")
            ]
            margins.append(Margin(np.asarray(groups.ngroup(), np.intp), np.array(totals, float)))
    return keys.assign(count=raked(shown, margins, start=expected))


def _spans_as(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"period": name}).reset_index(drop=True)
