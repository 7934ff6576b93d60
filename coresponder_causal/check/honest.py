"""What is left of a finding when courses were not parallel, measured by what they did before the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import require_choice
from coresponder_causal.core.errors import CausalError, EstimationError
from coresponder_causal.core.honest import EventStudy, bounds, breakdown, share_of_first
from coresponder_causal.core.honest_flci import fixed_length
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.estimate.did_event_study import did_event_study

Target = Literal["mean", "first"]
name = "honest"
assumption = "After the start the courses came apart no faster than the finding survives, against what they did before."
mend = "take did_event_study, or did_group_time with base='universal' averaged by event time"
most = 20.0
"""Largest size at which the finding is tried."""


def honest(
    result: Result,
    design: SeriesDesign | PanelDesign | CoverageDesign,
    *,
    magnitudes: Sequence[float] = (0.5, 1.0, 1.5, 2.0),
    bends: Sequence[float] = (0.0, 0.5, 1.0, 2.0),
    target: Target = "mean",
    level: float = 0.95,
    first_stage: float = share_of_first,
) -> CheckResult:
    """Compute intervals of an event study that hold though courses were not parallel, and where the finding is lost.

    Parameters
    ----------
    result : Result
        Effects by time since the start against one base, as of `did_event_study` or of `did_group_time` with
        ``base="universal"`` averaged by event time. Of another result on a panel with one start, the event study of
        the design is taken.
    design : the design it was made from
    magnitudes : sequence of float
        M̄: how many times the largest change between periods before the start the changes after it may be.
    bends : sequence of float
        How many times the largest change of slope before the start those after it may be.
    target : {"mean", "first"}
        The plain mean of the effects from the start on, or the first of them.
    level : float
    first_stage : float
        Share of the size of the test of "magnitudes" that its first stage takes (hybrid test): 0 is the conditional
        test.

    Returns
    -------
    CheckResult
        Reported; ``breakdown`` is the smallest M̄ at which no effect is not rejected, infinite beyond 20. Its table:
        ``restriction`` ("parallel", "magnitudes", "smoothness"), ``size``, ``estimate, conf_low, conf_high``; its
        course over growing M̄: ``size, low, high`` (what the largest change before the start allows, taken as known),
        ``conf_low, conf_high``.

    Raises
    ------
    EstimationError
        A target that is not a choice; sizes below zero.

    Notes
    -----
    "magnitudes" by the conditional test with a first stage, "smoothness" by the shortest interval of fixed length. The
    law is the normal, as in the source, with the covariance widened by the squared ratio of the t to the normal
    critical value at the df of the target. That the largest change before the start is estimated is part of the
    interval.

    References
    ----------
    Rambachan & Roth (2023), doi:10.1093/restud/rdad018; equal to R HonestDiD 0.2.7 up to its grid and draws.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2018-07", periods=36, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEFG" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> found = honest(did_event_study(d), d)
    >>> found.table["restriction"].unique().tolist()
    ['parallel', 'magnitudes', 'smoothness']
    """
    require_choice(name, "target", target, Target)
    if not 0 <= first_stage < 1:
        raise EstimationError(f"first_stage={first_stage}", mend="give a share of at least 0 and less than 1")
    if negative := [size for size in (*magnitudes, *bends) if size < 0]:
        raise EstimationError(f"sizes {negative} are negative", mend="give sizes of 0 or more")
    try:
        study, scale = _study(result, design, target)
    except CausalError as error:
        return not_applicable(name, assumption, f"{error.what[:1].upper()}{error.what[1:].splitlines()[0]}.")
    tested: _Tested = {"level": level, "first_stage": first_stage}
    table = _table(study, magnitudes, bends, tested)
    lost = breakdown(study, "magnitudes", most=most, **tested)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=table,
        sentence=_sentence(study, table, lost, scale, target),
        course=_course(study, table, lost, tested),
        breakdown=lost,
    )


class _Tested(TypedDict):
    """Level and first stage of the tests."""

    level: float
    first_stage: float


class _Lead(NamedTuple):
    """Places of the effects in a result, before and from the start on."""

    before: NDArray[np.intp]
    after: NDArray[np.intp]


def _study(
    result: Result, design: SeriesDesign | PanelDesign | CoverageDesign, target: Target
) -> tuple[EventStudy, str]:
    """Effects against one base, their covariance widened to the target's df; the result's scale."""
    by_time = "event_time" in result.terms and not {"cohort", "time"} <= set(result.terms)
    if not by_time:
        if not isinstance(design, PanelDesign) or design.cohort.nunique() > 1:
            raise EstimationError("it needs effects by time since the start against one base", mend=mend)
        with quietly():
            result = did_event_study(design)
    places = _places(result)
    weights = np.zeros(len(result.terms))
    weights[places.after if target == "mean" else places.after[:1]] = 1.0
    weights /= weights.sum()
    asked = result.combine(weights, pd.DataFrame({"term": ["target"]}))
    wider = float((critical(asked.df[0]) / critical(np.inf)) ** 2)
    order = np.concatenate(places)
    study = EventStudy(
        before=result.estimate[places.before],
        after=result.estimate[places.after],
        vcov=wider * result.vcov[np.ix_(order, order)],
        weights=weights[places.after],
    )
    return study, result.scale


def _places(result: Result) -> _Lead:
    """Order effects by time; they must be equally spaced around one base that is the last span before the start."""
    if result.extra.get("base") == "varying":
        raise EstimationError("effects before the start are steps, not levels: they need base='universal'", mend=mend)
    time = pd.to_numeric(result.terms["event_time"], errors="coerce").to_numpy(float)
    order = np.argsort(time)[: int(np.isfinite(time).sum())]
    found = time[order]
    step = result.extra.number("bin_width") if "bin_width" in result.extra else 1.0
    if not (found < 0).any() or not (found >= 0).any():
        raise EstimationError("it needs effects before the start and from it on", mend=mend)
    whole = np.arange(found[0], found[-1] + step, step)
    if not np.array_equal(found, whole[whole != -step]):
        raise EstimationError(
            "effects are not equally spaced around one base, the last span before the start", mend=mend
        )
    return _Lead(order[found < 0], order[found >= 0])


def _table(study: EventStudy, magnitudes: Sequence[float], bends: Sequence[float], tested: _Tested) -> pd.DataFrame:
    half = float(critical(np.inf, tested["level"])) * study.std_error
    rows = [("parallel", 0.0, study.estimate - half, study.estimate + half)]
    rows += [("magnitudes", size, *bounds(study, "magnitudes", size, **tested)) for size in magnitudes]
    if len(study.before) > 1:
        rows += [
            ("smoothness", size, *fixed_length(study, size * study.largest_bend, df=np.inf, level=tested["level"]))
            for size in bends
        ]
    table = pd.DataFrame(rows, columns=["restriction", "size", "conf_low", "conf_high"])
    table.insert(2, "estimate", study.estimate)
    return table


def _course(study: EventStudy, table: pd.DataFrame, lost: float, tested: _Tested) -> pd.DataFrame:
    """Magnitudes of the table, none, and where the finding is lost."""
    known = table[table["restriction"] == "magnitudes"].set_index("size")[["conf_low", "conf_high"]]
    more = [size for size in (0.0, lost) if np.isfinite(size) and size not in known.index]
    ends = {size: bounds(study, "magnitudes", size, **tested) for size in more}
    added = pd.DataFrame.from_dict(ends, orient="index", columns=known.columns)
    course = pd.concat([known, added]).sort_index().rename_axis("size").reset_index()
    reach = study.largest_change * float(np.abs(study.loading_of_changes).sum()) * course["size"]
    return course.assign(low=study.estimate - reach, high=study.estimate + reach)


def _sentence(study: EventStudy, table: pd.DataFrame, lost: float, scale: str, target: Target) -> str:
    what = "mean effect after the start" if target == "mean" else "first effect after the start"
    own = table[(table["restriction"] == "magnitudes") & (table["size"] == 1.0)]
    said = f"The {what} is {as_change(study.estimate, scale)} if courses were parallel."
    for row in own[["conf_low", "conf_high"]].to_numpy(float):
        ends = " and ".join(as_change(float(end), scale) for end in row)
        said += (
            " If the courses' difference moved after the start by no more from one span to the next than it did "
            f"before it, at most {as_change(study.largest_change, scale).lstrip('+')}, it lies between {ends}."
        )
    if lost == 0:
        return f"{said} It cannot be told from none even if courses were parallel."
    if np.isinf(lost):
        return f"{said} Even moves {most:g} times as large would not take the finding away."
    return f"{said} Moves {lost:.2g} times as large as the largest before the start would take the finding away."
