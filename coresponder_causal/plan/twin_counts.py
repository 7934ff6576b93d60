"""The counts of a twin: which are taken of a study's calls, what the gate leaves of them, and how gaps are filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import note
from coresponder_causal.core.raking import Margin, raked
from coresponder_causal.data.panel import local_stamps, whole_span
from coresponder_causal.plan.study import Study
from coresponder_causal.privacy import Counts, Earlier, Policy, Released, release, spanning
from coresponder_causal.simulate import Aggregates
from coresponder_causal.simulate.like import not_known

calls_family, controls_family = "twin: calls", "twin: control series"
public = Policy(audience="public")
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
    eras = {era: (era.split("/")[0], era.split("/")[1]) for era in sorted(calls["era"].unique())}
    asked = _asked(calls, outcomes)
    counts = [_counts(calls, dims, span) for dims, span in asked.values()]
    found = release([*counts, *_control_counts(tables)], policy=public, earlier=earlier)
    shown = [
        _filled(one, hidden, _known(found, one.family))
        for one, hidden in zip([*counts, *_control_counts(tables)], found.hidden, strict=True)
    ]
    made = dict(zip(asked, shown, strict=False))
    names = [*asked, *["control series"] * (len(shown) - len(asked))]
    hidden = {name: (int(rows.sum()), len(rows)) for name, rows in zip(names, found.hidden, strict=True)}
    if not (made["hours of the week"]["count"] > 0).any():
        raise DesignError("no hour of the week can be shown", mend="a city of so few calls has no twin")
    aggregates = Aggregates(
        months=_spans_as("month", made["months"]),
        hours=_spans_as("era", made["hours of the week"]).astype({"hour_of_week": int}),
        kinds=_spans_as("era", made["kinds of calls"]),
        answers={
            name: _spans_as("quarter", made[f"{name} by quarter"]).rename(columns={name: "answer"})
            for name in [*_attended(calls), *outcomes]
        },
        by_arm={name: _spans_as("era", made[f"{name} by arm"]).rename(columns={name: "answer"}) for name in outcomes},
        eras=eras,
        shifts=shifts,
    )
    controls = _spans_as("month", shown[-1]) if len(shown) > len(asked) else pd.DataFrame()
    return Gated(aggregates, controls, {name: list(cells) for name, cells in found.cells.items()}, hidden)


def _labelled(study: Study, tables: Mapping[str, pd.DataFrame], outcomes: Sequence[str]) -> pd.DataFrame:
    """Return the labels of every call in months that its city's calls span: whoever counts needs no more."""
    calls = tables["calls"]
    cities = tables.get("cities")
    stamps = local_stamps(calls, "received_at", None if cities is None else cities.set_index("city"))
    frame = pd.DataFrame({"city": calls["city"].astype(str), "received_at": stamps})
    month = stamps.dt.to_period("M")
    span = whole_span(frame, "city", "M")
    whole = month.between(frame["city"].map(span["first"]), frame["city"].map(span["last"]))
    if not whole.all():
        note(f"{int((~whole).sum()):,} calls in months that their city's calls do not span are not in the twin")
    start = pd.Period((study.start or (study.start_between or ("",))[0])[:7], freq="M")
    first, last = month[whole].min(), month[whole].max()
    before, after = f"{first}/{min(start - 1, last)}", f"{max(start, first)}/{last}"
    labels = {
        "city": frame["city"],
        "month": month.astype(str),
        "quarter": month.dt.asfreq("Q").astype(str),
        "era": np.where(month < start, before, after),
        "hour_of_week": (stamps.dt.day_of_week * 24 + stamps.dt.hour).astype(str),
    }
    if "initial_type" in calls:
        labels["initial_type"] = calls["initial_type"].astype("object").fillna(not_known).astype(str)
    for name in (*_attended(calls), *outcomes):
        labels[name] = calls[name].astype("object").map({True: "yes", False: "no"}).fillna(not_known)
    return pd.DataFrame(labels)[whole].reset_index(drop=True)


def _attended(calls: pd.DataFrame) -> tuple[str, ...]:
    return ("attended",) if "attended" in calls else ()


def _asked(calls: pd.DataFrame, outcomes: Iterable[str]) -> dict[str, tuple[tuple[str, ...], str]]:
    """Dimensions and period of every count that is taken."""
    arm = _attended(calls)
    kinds = tuple(name for name in ("initial_type", "attended") if name in calls)
    asked = {
        "months": (("city",), "month"),
        "hours of the week": (("city", "hour_of_week"), "era"),
        "kinds of calls": (("city", *kinds), "era"),
    }
    for name in (*arm, *outcomes):
        asked[f"{name} by quarter"] = (("city", name), "quarter")
    for name in outcomes:
        asked[f"{name} by arm"] = (("city", *arm, name), "era")
    return asked


def _counts(rows: pd.DataFrame, dims: tuple[str, ...], span: str) -> Counts:
    """Count rows by labels and period, zeros included."""
    wide = rows.groupby([*dims, span]).size().unstack(span, fill_value=0)
    frame = wide.rename_axis(columns="period").stack().rename("count").reset_index()
    atoms = spanning(frame["period"].unique())
    return Counts(family=calls_family, frame=frame, dimensions=(*dims, "period"), spans="period", atoms=atoms)


def _control_counts(tables: Mapping[str, pd.DataFrame]) -> list[Counts]:
    """Count control series by month, summed over hours."""
    if "control_series" not in tables:
        return []
    series = tables["control_series"].dropna(subset=["count"])
    keys = [series["city"].astype(str), series["series"].astype(str), series["month"].astype(str).rename("period")]
    frame = series["count"].astype(int).groupby(keys).sum().rename("count").reset_index()
    atoms = spanning(frame["period"].unique())
    dims = ("city", "series", "period")
    return [Counts(family=controls_family, frame=frame, dimensions=dims, spans="period", atoms=atoms)]


def _known(found: Released, family: str) -> Cells:
    """Every count of a family that is shown, margins among them."""
    cells = found.cells.get(family, ())
    return {(frozenset(cell.labels.items()), cell.span): cell.value for cell in cells if cell.value is not None}


def _filled(one: Counts, hidden: NDArray[np.bool_], known: Cells) -> pd.DataFrame:
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
            margins.append(Margin(groups.ngroup().to_numpy(np.intp), np.array(totals, float)))
    return keys.assign(count=raked(shown, margins, start=public.threshold / 2))


def _spans_as(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"period": name}).reset_index(drop=True)
