"""Effects by the time since the start from one regression with an effect for every cohort and period.

Estimand: the mean effect on treated units over all their periods from the start on (ATT), each unit-period the same or
by its weight; and by the time since the start, or by cohort. The shares of the cohorts are those of the data.

Needs: units that would have moved in parallel with those never treated (check: pre_period, placebo_dates); no effect
before the start; a period before it in each cohort.

Estimator: y_it = α_i + λ_t + Σ_{g, l ≠ −1} δ_gl 1{G_i = g, t − g = l} + x_it'γ by least squares, the last period before
the start the base of each cohort; then the mean of δ̂_gl over cohorts by their rows. Without units never treated the
last cohort is the comparison, and its treated periods are left out.

Inference: sandwich with sums of scores within clusters; every cohort's part times c/(c − 1) for its c clusters, which
is CR2 where the panel is balanced and has no covariates; or the factor of fixest. t with Welch's degrees of freedom of
treated and untreated clusters. That the cohorts' shares might have been others is not in it.

Breaks: with one treated cluster, which is refused: take did_prediction_interval. All is measured against one period: a
chance value there is in every estimate; did_imputation takes all earlier periods. Units treated later are not used for
comparison before their start: did_group_time with control="not_yet" does. Covariates with one coefficient for all
cohorts bias it where effects go with them.

Reference: Sun & Abraham 2021, doi:10.1016/j.jeconom.2020.09.006. Numbers checked against R fixest 0.14.2 (sunab).

Say: In the units that started, {outcome} changed by {overall} against those that never did ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.cohort_courses import cohort_courses
from coresponder_causal.core.cohort_panel import cohort_panel
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.welch import clustered_spread
from coresponder_causal.design.adoption import (
    AdoptionRows,
    adoption_rows,
    last_cohort_compares,
    require_clusters,
    say_few,
    say_unused,
    starts_before,
)
from coresponder_causal.design.adoption_result import event_result, event_terms, spread_of_cohorts
from coresponder_causal.design.columns import counted
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
SmallSample = Literal["cohort", "fixest", "none"]
By = Literal["event_time", "cohort"]


@estimator(
    design=PanelDesign,
    setting="adopters",
    contrasts=("ATT",),
    reference="Sun & Abraham 2021",
    checked_against="R fixest 0.14.2",
)
def did_interaction(d: PanelDesign, *, by: By = "event_time", small_sample: SmallSample = "cohort") -> Result:
    """Mean effect on the treated, and by the time since the start or by cohort, from one saturated regression.

    Parameters
    ----------
    d : PanelDesign
        With starts by unit; its covariates enter linearly, its weights weight the squares, its cluster holds units.
    by : {"event_time", "cohort"}
        Rows after the first.
    small_sample : {"cohort", "fixest", "none"}
        Factor of the variance: c/(c − 1) for the c clusters of each cohort; c/(c − 1)·(n − 1)/(n − k) of all; none.

    Returns
    -------
    Result
        ``overall``, then one row per time since the start (key ``event_time``), those before it last; or one per
        cohort (key ``cohort``). ``influence`` holds one row per unit, the factor in it.

    Raises
    ------
    DesignError
        If a unit changes its cluster.
    EstimationError
        With one treated cluster, or one in each cohort; if no cohort has a period before its start; if covariates are
        absorbed, by name.

    References
    ----------
    Sun & Abraham (2021), doi:10.1016/j.jeconom.2020.09.006.

    Examples
    --------
    >>> from coresponder_causal.simulate.staggered import staggered
    >>> d = PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated")
    >>> did_interaction(d, by="cohort").terms["term"].tolist()
    ['overall', 'cohort=3', 'cohort=5', 'cohort=7']
    """
    first, end = last_cohort_compares(d, starts_before(d))
    rows = adoption_rows(d, _several(d, first) if small_sample == "cohort" else first, end=end)
    say_unused(d)
    say_few(d, rows)
    require_clusters(rows)
    period = np.searchsorted(rows.periods, rows.period)
    since = rows.periods - np.append(rows.cohorts, np.nan)[:, None]
    cells = _cells(rows, period)
    terms, sets = _terms(d, rows, since, cells, by)
    contrast = _against_base(sets * cells[:, :, None], _bases(rows, cells))
    spent = int((cells[:-1] > 0).sum()) - len(rows.cohorts) + len(rows.names) + len(rows.periods)
    root = _factor(rows, small_sample, spent) ** 0.5
    estimate, vcov, df, influence = (_by_cohort if rows.plain else _by_row)(rows, period, contrast, root)
    return event_result(
        "did_interaction",
        d,
        rows,
        terms,
        estimate,
        sets[rows.group[rows.unit], period],
        vcov=vcov,
        df=df,
        influence=influence,
        horizon=f"{d.period_name} from the start on",
        facts={"interval": f"t({df[0]:.3g}), clustered by {d.cluster or d.unit}", "base": -1},
    )


Made = tuple[Array, Array, Array, Influence]


def _by_cohort(rows: AdoptionRows, _: NDArray[np.int64], contrast: Array, root: Array) -> Made:
    """Work with the mean courses of the cohorts."""
    panel = cohort_panel(rows.wide, rows.group)
    own = root[np.unique(rows.group, return_index=True)[1]]
    shift = np.zeros((len(own), contrast.shape[2]))
    estimate = np.asarray(np.einsum("gtk,gt->k", contrast, panel.mean))
    return estimate, *spread_of_cohorts(rows, panel, own[:, None, None] * contrast, shift)


def _by_row(rows: AdoptionRows, period: NDArray[np.int64], contrast: Array, root: Array) -> Made:
    """Work row by row."""
    given = rows.unit, period, rows.group, rows.outcome, rows.weights
    courses = cohort_courses(*given, rows.covariates, list(rows.names))
    scores = courses.scores(contrast) * root[:, None]
    vcov, df = clustered_spread(scores, np.isfinite(rows.first), rows.cluster)
    left, right = len(scores) * scores, np.eye(contrast.shape[2])
    influence = Influence(left=left, right=right, unit=rows.units, cluster=rows.cluster)
    return np.asarray(np.einsum("gtk,gt->k", contrast, courses.course)), vcov, df, influence


def _several(d: PanelDesign, first: pd.Series) -> pd.Series:
    """Leave out cohorts of one cluster, whose spread nothing tells; by name."""
    own = first.index.to_numpy() if d.cluster is None else d.source.groupby(d.unit)[d.cluster].first()[first.index]
    clusters = pd.Series(np.asarray(own)).groupby(first.to_numpy()).nunique()
    started = clusters[np.isfinite(clusters.index.to_numpy(float))]
    alone = started.index[started < 2]
    if not len(alone) or len(started) == 1:
        return first
    if len(alone) == len(started):
        raise EstimationError(
            f"each of {counted(len(alone), 'cohort')} is one cluster: nothing says how far it strays by itself",
            mend="use did_imputation, which holds starts against each other, or did_few_treated",
        )
    named = ", ".join(str(d.axis.label(int(g))) for g in alone)
    doubt(f"{counted(len(alone), 'cohort')} of one cluster left out, as nothing says how far it strays: {named}")
    return first[~first.isin(alone)]


def _cells(rows: AdoptionRows, period: NDArray[np.int64]) -> Array:
    """Weight of the rows of each cohort and period, those never treated last."""
    shape = (len(rows.cohorts) + 1, len(rows.periods))
    place = rows.group[rows.unit] * shape[1] + period
    return np.bincount(place, rows.weights, shape[0] * shape[1]).astype(float).reshape(shape)


def _bases(rows: AdoptionRows, cells: Array) -> list[int]:
    """Last period before the start that a cohort and its comparison have; −1 where there is none."""
    there = (cells[:-1] > 0) & (cells[-1] > 0) & (rows.periods < rows.cohorts[:, None])
    return [int(np.flatnonzero(row)[-1]) if row.any() else -1 for row in there]


def _terms(
    d: PanelDesign, rows: AdoptionRows, since: Array, cells: Array, by: By
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Name the terms, and the cells that each of them averages, shape (G, T, k)."""
    usable = (cells > 0) & (cells[-1] > 0) & np.isfinite(since)
    bases = _bases(rows, cells)
    for g, base in enumerate(bases):
        usable[g] &= (base >= 0) & (np.arange(len(rows.periods)) != base)
    after = usable & (since >= 0)
    lost = [str(d.axis.label(int(rows.cohorts[g]))) for g in range(len(bases)) if not after[g].any()]
    if lost:
        why = "without periods before and after the start in common with the comparison"
        doubt(f"{counted(len(lost), 'cohort')} left out, {why}: {', '.join(lost)}")
    if not after.any():
        raise EstimationError("no cohort can be compared", mend="bring longer data, or more untreated units")
    if by == "cohort":
        kept = [g for g in range(len(bases)) if after[g].any()]
        labels = d.axis.labels([int(rows.cohorts[g]) for g in kept])
        kind = labels.dtype if isinstance(labels.dtype, pd.PeriodDtype) else "Int64"
        keys = pd.Series([pd.NA, *labels], dtype=kind)
        terms = pd.DataFrame({"cohort": keys, "term": ["overall", *(f"cohort={label}" for label in keys.iloc[1:])]})
        own = [after & (np.arange(len(cells)) == g)[:, None] for g in kept]
    else:
        events = np.unique(since[usable]).astype(int)
        order = [*(int(e) for e in events if e >= 0), *(int(e) for e in events[::-1] if e < 0)]
        terms, own = event_terms(order), [usable & (since == e) for e in order]
    return terms, np.stack([after, *own], axis=2)


def _against_base(weights: Array, bases: list[int]) -> Array:
    """Contrasts of the courses: each cohort against its base period and the units never treated."""
    share = weights / weights.sum(axis=(0, 1))
    contrast = share.copy()
    contrast[-1] = -share.sum(axis=0)
    for g, base in enumerate(bases):
        whole = share[g].sum(axis=0)
        contrast[g, base] -= whole
        contrast[-1, base] += whole
    return np.asarray(contrast, float)


def _factor(rows: AdoptionRows, small_sample: SmallSample, spent: int) -> Array:
    """Factor of the variance that each unit brings."""
    own = rows.cluster_codes
    if small_sample == "none":
        return np.ones(len(own))
    if small_sample == "fixest":
        many, n = len(np.unique(own)), len(rows.outcome)
        return np.full(len(own), many / (many - 1) * (n - 1) / (n - spent))
    pairs = np.unique(np.column_stack([rows.group, own]), axis=0)
    many_own = np.bincount(pairs[:, 0])[rows.group]
    return np.asarray(many_own / np.maximum(many_own - 1, 1))
