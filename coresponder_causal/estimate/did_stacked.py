"""Effects of a treatment taken up at different times, from one trimmed comparison for each start, stacked.

Estimand: the mean effect on the units of all cohorts that have the whole window around their start (ATT), at each time
since the start, and its plain mean over those times: the same units at every time.

Needs: units that would have moved in parallel (check: pre_period, placebo_dates); no effect before the start; for each
start comparison units that stay untreated to the end of its window (register of programmes).

Estimator: for each start a, the units first treated in a and those not treated up to the end of the window, all of them
with every period from `before` periods before to `after` periods after the start. In the stack of these comparisons,
least squares of the outcome on treated, time since the start and their products, comparison units weighted by
(N_a^D / N^D) / (N_a^C / N^C): θ̂_e = Σ_a (N_a^D / N^D) × difference in differences of a at e against the period before.

Inference: what a unit adds in all comparisons it stands in is summed, then by cluster; each cluster is held against the
mean of its group in its comparison, times c/(c − 1). The shares of the starts are taken as they are. t with Welch's
degrees of freedom of treated and untreated clusters.

Breaks: with one treated cluster, which is refused: take did_prediction_interval. A wide window leaves out late starts
and those without clean comparison units: who is in it is said, and it may be another question. Without the weights a
stack gives starts a weight by their comparison units, which no estimand has. Covariates are refused: take
did_group_time.

Reference: Wing, Freedman & Hollingsworth 2024, doi:10.3386/w32054; Cengiz, Dube, Lindner & Zipperer 2019,
doi:10.1093/qje/qjz014. Checked by the weighted regression of the stack itself, and against diff-diff 3.13 (StackedDiD:
estimates, and the CR2 error where one start has the window; with several its errors are those of one regression).

Say: In the units that started, {outcome} changed by {overall} against those that had not ({interval}).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.mean_changes import Change, added_changes
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.adoption import (
    AdoptionRows,
    adoption_rows,
    require_clusters,
    say_few,
    say_unused,
    starts_before,
)
from coresponder_causal.design.adoption_result import scored_result
from coresponder_causal.design.columns import counted
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@estimator(
    design=PanelDesign,
    setting="adopters",
    contrasts=("ATT",),
    reference="Wing, Freedman & Hollingsworth 2024",
    checked_against="diff-diff 3.13; the weighted regression of the stack",
)
def did_stacked(d: PanelDesign, *, before: int | None = None, after: int | None = None) -> Result:
    """Mean effect by the time since the start, on the cohorts that have a whole window around it.

    Parameters
    ----------
    d : PanelDesign
        With starts by unit; its weights (the mean of each unit's) and its cluster are used.
    before, after : int, optional
        Periods of the window before the start, one or more, and after the first treated one; by default as many as
        every cohort has.

    Returns
    -------
    Result
        ``overall``, the plain mean of the times from the start on; then one row per time since the start (key
        ``event_time``), those before it last. ``influence`` holds one row per unit.

    Raises
    ------
    DesignError
        Options outside the periods there are, covariates, or a unit that changes its cluster.
    EstimationError
        With one treated cluster, or where no start has a whole window and comparison units.

    References
    ----------
    Wing, Freedman & Hollingsworth (2024), doi:10.3386/w32054.

    Examples
    --------
    >>> from coresponder_causal.simulate.staggered import staggered
    >>> d = PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated")
    >>> did_stacked(d, before=2, after=1).terms["term"].tolist()
    ['overall', 'event_time=0', 'event_time=1', 'event_time=-2']
    """
    rows = adoption_rows(d, starts_before(d))
    before, after = _window(rows, before, after)
    say_unused(d)
    say_few(d, rows)
    require_clusters(rows)
    outcome = rows.table
    parts = _parts(d, rows, outcome, before, after)
    events = [*range(after + 1), *range(-2, -before - 1, -1)]
    changes = _changes(parts, events, rows.unit_weights)
    estimate, scores = added_changes(outcome, rows.unit_weights, rows.cluster_codes, changes, 1 + len(events))
    return scored_result(
        "did_stacked",
        d,
        rows,
        events,
        estimate,
        scores,
        _behind(rows, parts, events),
        horizon=f"the first {after + 1} {d.period_name} from the start on",
        facts={"before": before, "after": after, "cohorts_used": len(parts)},
    )


class _Part(NamedTuple):
    """Comparison of one start: its cohort, place of the start among the periods, treated units and others."""

    cohort: float
    start: int
    treated: Ints
    others: Ints


def _window(rows: AdoptionRows, before: int | None, after: int | None) -> tuple[int, int]:
    """Periods of the window; by default those that every cohort has."""
    starts = np.searchsorted(rows.periods, rows.cohorts)
    most = int(starts.max()), len(rows.periods) - 1 - int(starts.min())
    problems = Problems("did_stacked")
    if before is not None and not 1 <= before <= most[0]:
        problems.add(f"before={before}, and no start has more than {most[0]}", mend=f"ask for 1 to {most[0]}")
    if after is not None and not 0 <= after <= most[1]:
        problems.add(f"after={after}, and no start has more than {most[1]}", mend=f"ask for 0 to {most[1]}")
    if rows.names:
        problems.add(
            f"covariates ({', '.join(rows.names)}) are not adjusted for", mend="leave them out, or take did_group_time"
        )
    problems.raise_if_any(DesignError)
    shortest = int(starts.min()), len(rows.periods) - 1 - int(starts.max())
    return shortest[0] if before is None else before, shortest[1] if after is None else after


def _parts(d: PanelDesign, rows: AdoptionRows, outcome: Array, before: int, after: int) -> list[_Part]:
    """Comparisons that have what they need; the other starts are named with the reason."""
    found: list[_Part] = []
    lost: dict[str, list[str]] = {}
    for cohort, start in zip(rows.cohorts, np.searchsorted(rows.periods, rows.cohorts), strict=True):
        label, window = str(d.axis.label(int(cohort))), slice(int(start) - before, int(start) + after + 1)
        if window.start < 0 or window.stop > len(rows.periods):
            lost.setdefault("the data do not hold their whole window", []).append(label)
            continue
        there = ~np.isnan(outcome[:, window]).any(axis=1) & (rows.unit_weights > 0)
        treated = np.flatnonzero(there & (rows.first == cohort))
        others = np.flatnonzero(there & (rows.first > rows.periods[window.stop - 1]))
        fewest = min(len(np.unique(rows.cluster_codes[units])) for units in (treated, others))
        if fewest < 2:
            lost.setdefault("fewer than two clusters treated, or still untreated, in it", []).append(label)
            continue
        missing = int((~there & (rows.first == cohort)).sum())
        if missing:
            note(f"{counted(missing, 'unit')} first treated in {label} left out: not every period of the window")
        found.append(_Part(float(cohort), int(start), treated, others))
    why = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in lost.items())
    if not found:
        raise EstimationError(f"no start has a comparison: {why}", mend="ask for a narrower window")
    if lost:
        doubt(f"starts left out: {why}")
    return found


def _changes(parts: list[_Part], events: list[int], weight: Array) -> Iterator[Change]:
    """Comparisons of every start at every time, the terms being their mean from the start on, then each time."""
    sizes = np.array([weight[part.treated].sum() for part in parts])
    after = sum(e >= 0 for e in events)
    for part, size in zip(parts, sizes / sizes.sum(), strict=True):
        for number, e in enumerate(events):
            share = np.zeros(1 + len(events))
            share[0], share[1 + number] = size / after * (e >= 0), size
            yield Change(part.treated, part.others, part.start - 1, part.start + e, share)


def _behind(rows: AdoptionRows, parts: list[_Part], events: list[int]) -> Bools:
    """Treated rows that each term averages."""
    used = np.zeros(len(rows.first), bool)
    for part in parts:
        used[part.treated] = True
    since = np.where(used[rows.unit], np.searchsorted(rows.periods, rows.period), np.nan)
    since -= np.searchsorted(rows.periods, rows.first)[rows.unit]
    own = np.stack([since == e for e in events], axis=1)
    return np.column_stack([own[:, [e >= 0 for e in events]].any(axis=1), own])
