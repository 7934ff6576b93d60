"""Whether a guide works: is more asked in the first call since it was handed out? The city against its own course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.check import battery
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.inference import wilson
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.metrics_catalogue import Part, metric_catalogue, names_in
from coresponder_causal.data.metrics_needs import lacking
from coresponder_causal.data.metrics_rows import Frame, frame_of
from coresponder_causal.design import SeriesDesign
from coresponder_causal.estimate import its_segmented

labelled = Part(kind="proportion", counts="eligible_reported", of="calls")
named = {"complete": "completeness_of_first_calls", "labelled": "crisis_labels"}
fewest_months = 12
much_unknown = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GuideEffect:
    """What changed in first calls when a guide was handed out.

    Parameters
    ----------
    given : Timestamp
        Day on which it was handed out.
    months : DataFrame
        One row per month: ``month``, ``eligible`` calls of which it is known what was asked, ``complete`` ones among
        them, all ``calls``, and those ``labelled`` as a crisis when they came in.
    questions : DataFrame
        One row per question: ``question``, ``before``, ``after`` (shares asked), ``conf_low``, ``conf_high`` of the
        latter (Wilson, 95 %), ``calls_without`` and ``calls_with`` the guide.
    results : tuple of Result
        Change of completeness (M04), and of how many calls are labelled as a crisis.
    checks : tuple of tuple of CheckResult
        Of each result.
    left_out : tuple of (str, int)
        What was left out, in words, and how many calls that are.
    """

    given: pd.Timestamp
    months: pd.DataFrame
    questions: pd.DataFrame
    results: tuple[Result, ...]
    checks: tuple[tuple[CheckResult, ...], ...]
    left_out: tuple[tuple[str, int], ...]


def guide_effect(calls: object, *, given: str, city: str = "the city") -> GuideEffect:
    """Estimate the change of completeness of first calls (metric M04) since a guide was handed out.

    Interrupted time series of the monthly share, by `estimate.its_segmented`: the logarithm of complete calls per
    crisis-eligible call, errors AR(1) by REML. Shares scatter less than counts do; the default errors, which add white
    noise to these, can leave one degree of freedom and an interval that finds nothing. A guide also changes how calls
    are labelled, and so which calls are crisis-eligible: the second result is the change of that label, which should be
    about none for the first to compare like with like.

    Do not use it where questions, screens or staff changed in the same months, or where a guide was handed out little
    by little: one city alone cannot tell these from the guide. What is ticked is not always what was asked; let
    somebody listen to a sample of calls.

    Parameters
    ----------
    calls : pandas, polars or pyarrow frame
        The table ``calls`` of one city, with ``received_at``, both types and the five ``asked_`` fields.
    given : str
        Day on which it was handed out, e.g. ``"2027-02-01"``.
    city : str

    Returns
    -------
    GuideEffect

    Raises
    ------
    DataError
        Fields that are missing, no such day, or fewer than twelve months before it, all listed.
    DesignError, EstimationError
        As of `SeriesDesign.from_frame` and `estimate.its_segmented`, e.g. too many months without a complete call.
    """
    tables = {"calls": to_pandas(calls)}
    parts = (_completeness(), labelled)
    day = _checked(tables, parts, given)
    frame = frame_of("calls", tables, parts, ())
    table, left_out = _known(frame, day)
    months = _by_month(table)
    counted = months.rename(columns=named)
    designs = [
        SeriesDesign.from_frame(counted, outcome=named[one], time="month", start=given, exposure=exposure, city=city)
        for one, exposure in (("complete", "eligible"), ("labelled", "calls"))
    ]
    results = tuple(its_segmented(design, errors="reml-ar1") for design in designs)
    checks = tuple(battery(result, design) for result, design in zip(results, designs, strict=True))
    return GuideEffect(
        given=day,
        months=months,
        questions=_by_question(table),
        results=results,
        checks=checks,
        left_out=left_out,
    )


def _checked(tables: Mapping[str, pd.DataFrame], parts: tuple[Part, ...], given: str) -> pd.Timestamp:
    """Return the day, with calls that allow to look before and after it."""
    day = pd.to_datetime(given, format="ISO8601", errors="coerce")
    there = {"calls": tuple(map(str, tables["calls"].columns))}
    problems = Problems("the first calls")
    for name in dict.fromkeys(name for part in parts for name in lacking(part, there, ())):
        problems.add(f"{name} is missing", mend="export it: without it nobody knows what was asked")
    if not isinstance(day, pd.Timestamp):
        problems.add(f"given is {given!r}", mend="write the day as a date, e.g. 2027-02-01")
    elif "received_at" in there["calls"]:
        first = pd.to_datetime(tables["calls"]["received_at"], errors="coerce").min()
        if first > day - pd.DateOffset(months=fewest_months):
            problems.add(f"fewer than {fewest_months} months before {given}", mend="give older calls too, or wait")
    problems.raise_if_any(DataError)
    assert isinstance(day, pd.Timestamp)  # else raised
    return day


def _known(frame: Frame, day: pd.Timestamp) -> tuple[pd.DataFrame, tuple[tuple[str, int], ...]]:
    """Return calls with what was asked, and say of how many that is not known."""
    part = _completeness()
    table = pd.DataFrame({name: frame.number(name) for name in names_in(part.counts)})
    table["month"] = frame.at.dt.to_period("M").astype("str")
    table["after"] = frame.at >= day
    table["labelled"] = frame.number(labelled.counts) == 1
    complete, eligible = frame.number(part.counts), frame.number(part.among) == 1
    table["eligible"], table["complete"] = eligible & np.isfinite(complete), eligible & (complete == 1)
    left_out = []
    if undated := int(frame.at.isna().sum()):
        left_out.append((f"{undated} calls have no time and are left out.", undated))
        note(left_out[-1][0])
    if unknown := int((eligible & ~np.isfinite(complete)).sum()):
        said = (
            f"{unknown} of {int(eligible.sum())} crisis-eligible calls have no record of what was asked and are left "
            "out. A box that was not ticked is to be exported as no, not as a blank."
        )
        left_out.append((said, unknown))
        (doubt if unknown > much_unknown * eligible.sum() else note)(said)
    return table[frame.at.notna()], tuple(left_out)


def _by_month(table: pd.DataFrame) -> pd.DataFrame:
    """Count calls, those eligible, those labelled and those complete."""
    counted = ["eligible", "complete", "calls", "labelled"]
    return table.assign(calls=1).groupby("month")[counted].sum().reset_index()


def _completeness() -> Part:
    """Return what metric M04 counts."""
    return metric_catalogue()["M04"].parts[0]


def _by_question(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name in names_in(_completeness().counts):
        before, after = (
            table.loc[table["eligible"] & (table["after"] == phase), name].dropna() for phase in (False, True)
        )
        low, high = wilson(after.sum(), len(after))
        rows.append((name, before.mean(), after.mean(), float(low), float(high), len(before), len(after)))
    return pd.DataFrame(
        rows, columns=["question", "before", "after", "conf_low", "conf_high", "calls_without", "calls_with"]
    )
