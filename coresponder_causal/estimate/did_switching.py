"""Effects of a treatment that begins, pauses, ends or changes its dose, from the first change of each unit.

Estimand: the mean effect of having changed the treatment l periods ago, whatever the treatment became since, in the
direction of more treatment; and, as headline, all these effects together per period under the full treatment that they
brought.

Needs: units that would have moved in parallel with those of the same treatment in the first period that have not
changed yet (check: pre_period, placebo_dates), for which the terms before the change speak; no effect earlier than the
change; treatment of every period, with the dates at which it paused (register of programmes).

Estimator: a unit of first treatment d_1 that first changes in F, up (S = 1) or down (S = −1), is held against the units
of the same d_1 that have not changed by F − 1 + l:

    DID_l = mean of S [ (Y_{F−1+l} − Y_{F−1}) − mean of the others' same change ],
    headline = Σ S (…) over all l and units / Σ |D_{F−1+l} − d_1| over the same.

Before the change the same with the periods F − 1 − l, each against the units that had not changed by F − 1 + l. Where
treatment begins once and stays, these are group-time effects with control="not_yet" by event time.

Inference: what a unit adds to all comparisons it stands in is summed, then by cluster; each cluster is held against the
mean of its group in its comparison, times c/(c − 1); one that changed alone against the mean effect of the other groups
at that time. Treatments and group sizes are taken as they are. t with Welch's
degrees of freedom of clusters that change and that do not.

Breaks: with one cluster that changes, which is refused: take did_prediction_interval. Treatments of many levels leave
few units of the same first treatment: those without one are left out, by number. A later l mixes those who kept the
change with those who took it back: the headline divides by what was kept. Units that change in anticipation of what
they see break it as any difference in differences.

Reference: de Chaisemartin & D'Haultfœuille 2024, doi:10.1162/rest_a_01414; 2020, doi:10.1257/aer.20181169. Checked by
hand, against did_group_time where treatment stays, by simulated truth, and the effects where it stays against diff-diff
3.13 (ChaisemartinDHaultfoeuille), whose error of their mean leaves out that they covary.

Say: Per period under the treatment, {outcome} changed by {overall} against units that had not changed ({interval}).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.mean_changes import Change, added_changes
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.adoption import AdoptionRows, adoption_rows, require_clusters
from coresponder_causal.design.adoption_result import scored_result
from coresponder_causal.design.columns import counted
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Switches = Literal["all", "on", "off"]


@estimator(
    design=PanelDesign,
    setting="adopters",
    contrasts=("ATT",),
    reference="de Chaisemartin & D'Haultfœuille 2024",
    checked_against="diff-diff 3.13 where treatment stays, worked by hand and simulated truth",
    interruptions=True,
)
def did_switching(
    d: PanelDesign, *, switches: Switches = "all", horizon: int | None = None, leads: int | None = None
) -> Result:
    """Effects by the time since a unit's treatment first changed.

    Parameters
    ----------
    d : PanelDesign
        Best made with ``path=``; otherwise treated units count as under full treatment from their start on. Its weights
        (the mean of each unit's) and its cluster are used.
    switches : {"all", "on", "off"}
        Units whose treatment first changes in any direction, up, or down.
    horizon : int, optional
        Periods after the first one under the changed treatment; by default all that have a comparison.
    leads : int, optional
        Periods before the change that are shown, beside the last one, against which all is measured; by default up to
        three.

    Returns
    -------
    Result
        ``overall``, the effect per period under full treatment; then one row per time since the change (key
        ``event_time``, 0 in the first period of the changed treatment), those before it last. ``influence`` holds one
        row per unit.

    Raises
    ------
    DesignError
        If an option is below 0, the design has covariates, or a unit changes its cluster.
    EstimationError
        With one cluster that changes, or where no change has a comparison.

    References
    ----------
    de Chaisemartin & D'Haultfœuille (2024), doi:10.1162/rest_a_01414.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t, float(u < 8 and 3 <= t < 5 + u % 3)) for u in range(20) for t in range(8)],
    ...                      columns=["city", "t", "on"])
    >>> frame["y"] = 2 * frame["on"] + 0.1 * rng.normal(size=160)
    >>> d = PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", path="on")
    >>> did_switching(d).params.round(1).iloc[:3].to_dict()
    {'overall': 1.9, 'event_time=0': 1.9, 'event_time=1': 2.0}
    """
    rows, treatment = _rows(d)
    _check(rows, horizon, leads)
    first, direction = _first_changes(treatment)
    moved = np.isfinite(first) & np.isin(direction, {"all": (1.0, -1.0), "on": (1.0,), "off": (-1.0,)}[switches])
    parts, events = _usable(list(_parts(rows, treatment, first, direction, moved)), horizon, leads)
    _say(rows, treatment, first, moved, parts)
    changes, denominator = _changes(rows, parts, events, treatment)
    estimate, scores = added_changes(rows.table, rows.unit_weights, rows.cluster_codes, changes, 1 + len(events))
    estimate[0], scores[:, 0] = estimate[0] / denominator, scores[:, 0] / denominator
    return scored_result(
        "did_switching",
        d,
        rows,
        events,
        estimate,
        scores,
        _behind(rows, parts, events),
        horizon=f"{d.period_name} from the first change on, per period under full treatment",
        facts={"switches": switches, "treated_periods": denominator},
    )


class _Part(NamedTuple):
    """Units that changed alike, and those they are held against at one distance l − 1, with its periods' places."""

    event: int
    base: int
    now: int
    direction: float
    treated: Ints
    others: Ints


def _rows(d: PanelDesign) -> tuple[AdoptionRows, Array]:
    """Rows in use and the treatment by unit and period, NaN where a unit lacks the period."""
    if d.exposure is not None:
        note(f"exposure '{d.exposure}' is not used: '{d.outcome}' is compared as it is")
    rows = adoption_rows(d, d.cohort.fillna(np.inf))
    dose = d.dose if d.path is not None else (d.dose > 0).astype(float)
    treatment = np.full((len(rows.first), len(rows.periods)), np.nan)
    treatment[rows.unit, np.searchsorted(rows.periods, rows.period)] = dose
    require_clusters(rows)
    return rows, treatment


def _check(rows: AdoptionRows, horizon: int | None, leads: int | None) -> None:
    problems = Problems("did_switching")
    for name, value in (("horizon", horizon), ("leads", leads)):
        if value is not None and value < 0:
            problems.add(f"{name}={value}", mend="give a number of periods, 0 or more")
    if rows.names:
        problems.add(
            f"covariates ({', '.join(rows.names)}) are not adjusted for", mend="leave them out, or take did_group_time"
        )
    problems.raise_if_any(DesignError)


def _first_changes(treatment: Array) -> tuple[Array, Array]:
    """Place of the first change of each unit, inf where there is none, and its direction."""
    known = ~np.isnan(treatment)
    own = treatment[np.arange(len(treatment)), known.argmax(axis=1)][:, None]
    changed = known & (treatment != own)
    first = np.where(changed.any(axis=1), changed.argmax(axis=1), np.inf)
    then = treatment[np.arange(len(treatment)), np.where(np.isfinite(first), first, 0).astype(int)]
    return first, np.sign(np.where(np.isfinite(first), then - own[:, 0], 0.0))


def _parts(rows: AdoptionRows, treatment: Array, first: Array, direction: Array, moved: Bools) -> Iterator[_Part]:
    """Comparisons of all groups of units that changed in the same period, in one direction, from one treatment."""
    outcome, periods = rows.table, treatment.shape[1]
    baseline = treatment[np.arange(len(treatment)), (~np.isnan(treatment)).argmax(axis=1)]
    for start, sign, level in np.unique(np.column_stack([first, direction, baseline])[moved], axis=0):
        base = int(start) - 1
        mine = moved & (first == start) & (direction == sign) & (baseline == level)
        for event in range(periods - int(start)):
            others = (baseline == level) & (first > start + event)
            for at, now in ((event, base + 1 + event), (-2 - event, base - 1 - event)):
                if now < 0:
                    continue
                there = ~np.isnan(outcome[:, [base, now]]).any(axis=1) & (rows.unit_weights > 0)
                yield _Part(at, base, now, sign, np.flatnonzero(mine & there), np.flatnonzero(others & there))


def _usable(parts: list[_Part], horizon: int | None, leads: int | None) -> tuple[list[_Part], list[int]]:
    """Comparisons with units on both sides within the times asked for, and these times."""
    furthest, most = np.inf if horizon is None else horizon, 3 if leads is None else leads
    kept = [p for p in parts if len(p.treated) and len(p.others) and -1 - most <= p.event <= furthest]
    events = sorted({part.event for part in kept})
    after = [e for e in events if e >= 0]
    if not after:
        raise EstimationError(
            "no change of treatment has a comparison: no unit of the same first treatment is still unchanged then",
            mend="bring units whose treatment stays, or coarsen its levels",
        )
    return kept, [*after, *(e for e in reversed(events) if e < 0)]


def _say(rows: AdoptionRows, treatment: Array, first: Array, moved: Bools, parts: list[_Part]) -> None:
    """Say who is not in it, and whose treatment changed again."""
    others = int((np.isfinite(first) & ~moved).sum())
    if others:
        note(f"{counted(others, 'unit')} whose treatment first changes the other way: comparison until then, no more")
    compared = np.unique(np.concatenate([part.treated for part in parts if part.event >= 0]))
    lost = int(moved.sum()) - len(compared)
    if lost:
        note(f"{counted(lost, 'unit')} left out: nobody of the same first treatment was still unchanged")
    after = np.arange(treatment.shape[1]) >= first[:, None]
    then = np.where(after & ~np.isnan(treatment), treatment, np.nan)[compared]
    again = int((np.nanmax(then, axis=1) > np.nanmin(then, axis=1)).sum())
    if again:
        note(f"treatment changed again, after its first change, in {again} of {counted(len(compared), 'unit')}")


def _changes(rows: AdoptionRows, parts: list[_Part], events: list[int], treatment: Array) -> tuple[list[Change], float]:
    """Comparisons with their parts in the terms, and the periods under full treatment that they brought."""
    weight, centres = rows.unit_weights, _centres(rows, parts)
    total = {e: sum(float(weight[p.treated].sum()) for p in parts if p.event == e) for e in events}
    found, denominator = [], 0.0
    for part, centre in zip(parts, centres, strict=True):
        size = float(weight[part.treated].sum())
        share = np.zeros(1 + len(events))
        share[1 + events.index(part.event)] = part.direction * size / total[part.event]
        if part.event >= 0:
            share[0] = part.direction * size
            gained = treatment[part.treated, part.now] - treatment[part.treated, part.base]
            denominator += float(weight[part.treated] @ (part.direction * gained))
        found.append(Change(part.treated, part.others, part.base, part.now, share, centre))
    if not denominator > 0:
        raise EstimationError(
            "the changes brought no treatment on balance: what they began was taken back",
            mend="ask for a shorter horizon, or switches='on'",
        )
    return found, denominator


def _centres(rows: AdoptionRows, parts: list[_Part]) -> list[float]:
    """Give the change that a cluster which changed alone is held against; NaN for groups of several."""
    outcome, weight = rows.table, rows.unit_weights

    def mean(units: Ints, part: _Part) -> float:
        return float(np.average(outcome[units, part.now] - outcome[units, part.base], weights=weight[units]))

    others = np.array([mean(part.others, part) for part in parts])
    direction = np.array([part.direction for part in parts])
    effect = direction * (np.array([mean(part.treated, part) for part in parts]) - others)
    size = np.array([weight[part.treated].sum() for part in parts])
    event = np.array([part.event for part in parts])
    alone = np.array([len(np.unique(rows.cluster_codes[part.treated])) < 2 for part in parts])
    found, without = np.full(len(parts), np.nan), 0
    for k in np.flatnonzero(alone):
        beside = (event == event[k]) & (np.arange(len(parts)) != k)
        if beside.any():
            found[k] = others[k] + parts[k].direction * np.average(effect[beside], weights=size[beside])
        without += not beside.any()
    if without:
        doubt(f"{counted(without, 'comparison')} of one cluster with nothing beside it: its own noise is not counted")
    return list(map(float, found))


def _behind(rows: AdoptionRows, parts: list[_Part], events: list[int]) -> Bools:
    """Rows of changed units that each term averages."""
    own = np.zeros((len(rows.first), len(rows.periods), 1 + len(events)), bool)
    for part in parts:
        own[part.treated, part.now, 1 + events.index(part.event)] = True
        own[part.treated, part.now, 0] |= part.event >= 0
    return own[rows.unit, np.searchsorted(rows.periods, rows.period)]
