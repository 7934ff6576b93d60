"""Effects of a treatment taken up at different times, by imputing what treated units would have had.

Estimand: the mean effect on treated units over all their periods from the start on (ATT), each unit-period the same, or
by its weight; and by the time since the start.

Needs: units that would have moved in parallel (check: pretrends, pre_period, placebo_dates), for which the leads speak;
no effect earlier than `anticipation` allows; in each period units that treatment has not reached yet (register of
programmes).

Estimator: α_i + β_t + x_it'γ is fitted to the rows that treatment has not reached, and θ̂ the mean over the others of
y_it − α̂_i − β̂_t − x_it'γ̂. A unit with a single period before its start has its α_i from that one. Leads are
coefficients of the last periods before the start in those untreated rows alone, against the time before them: what is
seen after the start has no part in them.

Inference: θ̂ = Σ v_it y_it, V = Σ_c (Σ v_it ε̃_it)² over clusters c, ε̃ what the effects leave of untreated rows, and of
treated rows the distance from the mean effect of their cohort in that period, their own cluster left out; a cohort of
one cluster is held against the units treated as long, or all others. t with Welch's degrees of freedom of treated and
untreated clusters. Effects that differ within a cohort count as noise, which is conservative.

Breaks: with one treated cluster, which is refused: take did_prediction_interval. Every untreated period weighs alike,
however long before the start, so that a slow drift apart, or shocks that last, carry further into the estimate than
where the last period before is the base: then take did_group_time. Effects before the start not allowed for by
`anticipation` move the imputed values of all.

Reference: Borusyak, Jaravel & Spiess 2024, doi:10.1093/restud/rdae007, and its supplement A.6. Numbers checked against
R didimputation 0.5.0, whose errors leave no cluster out: our `leave_one_out=False`; its leads carry fixest's factor.

Say: In the units that started, {outcome} changed by {overall} against what it would have been ({interval}).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.cohort_panel import cohort_panel
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.imputed_effects import (
    imputed_contrasts,
    imputed_effects,
    lead_contrasts,
    lead_effects,
)
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_way_imputation import TwoWayRows, imputable
from coresponder_causal.core.welch import clustered_spread
from coresponder_causal.design.adoption import (
    AdoptionRows,
    adoption_rows,
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
Ints = NDArray[np.int64]
most_leads = 3


@estimator(
    design=PanelDesign,
    setting="adopters",
    contrasts=("ATT",),
    reference="Borusyak, Jaravel & Spiess 2024",
    checked_against="R didimputation 0.5.0",
)
def did_imputation(
    d: PanelDesign, *, leads: int | None = None, anticipation: int = 0, leave_one_out: bool = True
) -> Result:
    """Mean effect on the treated, and by the time since the start, against imputed values.

    Parameters
    ----------
    d : PanelDesign
        With starts by unit; its covariates, weights and cluster are used, its exposure is not.
    leads : int, optional
        Periods before the start that are shown, against the time before them; by default up to three that leave a
        period before them.
    anticipation : int
        Periods before the start in which the treatment may already act: they are imputed, too, and shown.
    leave_one_out : bool
        Whether a cluster's effects are held against the mean of the others of its cohort, or of all with its own.

    Returns
    -------
    Result
        ``overall``, then one row per time since the start (key ``event_time``), then the leads, the last period before
        the start first. ``influence`` holds one row per unit.

    Raises
    ------
    DesignError
        If an option is out of its range, or a unit changes its cluster.
    EstimationError
        With one treated cluster, or where no treated row can be imputed, or leads are absorbed by name.

    References
    ----------
    Borusyak, Jaravel & Spiess (2024), doi:10.1093/restud/rdae007.

    Examples
    --------
    >>> from coresponder_causal.simulate.staggered import staggered
    >>> d = PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated")
    >>> did_imputation(d, leads=1).terms["term"].tolist()[:3]
    ['overall', 'event_time=0', 'event_time=1']
    """
    rows = adoption_rows(d, starts_before(d, anticipation))
    treated = rows.period >= (rows.first - anticipation)[rows.unit]
    _check(rows, leads, anticipation)
    say_unused(d)
    say_few(d, rows)
    require_clusters(rows)
    known = _imputable(rows, treated)
    event = np.where(treated, rows.period - np.where(treated, rows.first[rows.unit], 0), 0).astype(np.int64)
    events = [int(e) for e in np.unique(event[known]) if e >= 0]
    early = list(range(-1, -anticipation - 1, -1))
    shown = list(range(-anticipation - 1, -anticipation - 1 - _leads(rows, leads, anticipation), -1))
    terms = event_terms([*events, *early, *shown])
    behind = np.column_stack([known & (event >= 0), *(known & (event == e) for e in (*events, *early))])
    before = np.column_stack(
        [np.zeros((len(event), 0), bool), *(~treated & (rows.period - rows.first[rows.unit] == e) for e in shown)]
    )
    made = _by_cohort if _collapses(rows, known, treated) else _by_row
    estimate, vcov, df, influence = made(rows, treated, behind, before, leave_one_out)
    return event_result(
        "did_imputation",
        d,
        rows,
        terms,
        estimate,
        np.hstack([behind, before]),
        vcov=vcov,
        df=df,
        influence=influence,
        horizon=f"{d.period_name} from the start on",
        facts={
            "interval": f"t({df[0]:.3g}), clustered by {d.cluster or d.unit}"
            + (", own cluster left out" if leave_one_out else ""),
        },
    )


def _check(rows: AdoptionRows, leads: int | None, anticipation: int) -> None:
    problems, longest = Problems("did_imputation"), _longest(rows, anticipation)
    if anticipation < 0:
        problems.add(f"anticipation={anticipation}", mend="give a number of periods, 0 or more")
    elif leads is not None and not 0 <= leads < longest:
        problems.add(
            f"leads={leads}, and {longest} periods lie before the latest start", mend=f"ask for 0 to {longest - 1}"
        )
    problems.raise_if_any(DesignError)


def _longest(rows: AdoptionRows, anticipation: int) -> int:
    """Count the periods before the latest start."""
    return int((rows.periods < rows.cohorts.max() - anticipation).sum())


def _leads(rows: AdoptionRows, leads: int | None, anticipation: int) -> int:
    return max(0, min(most_leads, _longest(rows, anticipation) - 1)) if leads is None else leads


def _imputable(rows: AdoptionRows, treated: Bools) -> Bools:
    """Treated rows that untreated ones tell the effects of; the others are said."""
    two_way = _two_way(rows)
    known = treated & imputable(two_way, ~treated) & (rows.weights > 0)
    lost = int(treated.sum() - known.sum())
    if lost:
        whole = len(np.setdiff1d(rows.period[treated], rows.period[known]))
        note(
            f"{counted(lost, 'treated row')} left out: no weight, or no untreated row tells their unit and period "
            f"effects; so {counted(whole, 'period')} without any"
        )
    return known


def _two_way(rows: AdoptionRows) -> TwoWayRows:
    return TwoWayRows(rows.unit, np.searchsorted(rows.periods, rows.period), rows.weights)


def _collapses(rows: AdoptionRows, known: Bools, treated: Bools) -> bool:
    """Whether the cohorts' mean courses say all."""
    whole = bool((known == treated).all()) and bool(np.isinf(rows.first).any())
    return rows.plain and whole and bool((np.bincount(rows.group) > 1).all())


Made = tuple[Array, Array, Array, Influence]


def _by_cohort(rows: AdoptionRows, treated: Bools, behind: Bools, before: Bools, leave_out: bool) -> Made:
    """Work with the mean courses of the cohorts."""
    panel = cohort_panel(rows.wide, rows.group)
    groups, periods = panel.mean.shape
    first_unit = np.unique(rows.group, return_index=True)[1]
    at = (first_unit[:, None] * periods + np.arange(periods)).ravel()

    def cells(columns: Bools) -> Array:
        return np.asarray(columns[at].reshape(groups, periods, -1), float)

    untreated, sets = ~treated[at].reshape(groups, periods), cells(behind) * panel.size[:, None, None]
    found = imputed_contrasts(panel, untreated, sets / sets.sum(axis=(0, 1)), leave_out=leave_out)
    parts = [found]
    if before.shape[1]:
        parts.append(lead_contrasts(panel, untreated, cells(before), _lead_names(before)))
    contrast, spread = (np.concatenate([getattr(part, name) for part in parts], axis=2) for name in found._fields[:2])
    shift = np.concatenate([part.shift for part in parts], axis=1)
    return np.asarray(np.einsum("gtk,gt->k", contrast, panel.mean)), *spread_of_cohorts(rows, panel, spread, shift)


def _by_row(rows: AdoptionRows, treated: Bools, behind: Bools, before: Bools, leave_out: bool) -> Made:
    """Work row by row."""
    two_way = _two_way(rows)
    cluster = rows.cluster_codes
    weighted = rows.weights[:, None] * behind
    since = rows.period - rows.first[rows.unit]
    cohort_time = np.unique(np.column_stack([rows.group[rows.unit], rows.period]), axis=0, return_inverse=True)[1]
    cells = np.column_stack([cohort_time.ravel(), np.where(treated, since, 0), np.zeros(len(since))]).astype(np.int64)
    found = imputed_effects(
        two_way,
        rows.outcome,
        ~treated,
        weighted / weighted.sum(axis=0),
        cells,
        cluster,
        rows.covariates,
        list(rows.names),
        leave_out=leave_out,
    )
    estimate, scores = found
    if before.shape[1]:
        leads = lead_effects(
            two_way, rows.outcome, ~treated, before.astype(float), rows.covariates, [*_lead_names(before), *rows.names]
        )
        estimate, scores = np.append(estimate, leads.estimate), np.hstack([scores, leads.scores])
    vcov, df = clustered_spread(scores, np.isfinite(rows.first), rows.cluster)
    n = len(rows.first)
    influence = Influence(left=n * scores, right=np.eye(len(estimate)), unit=rows.units, cluster=rows.cluster)
    return estimate, vcov, df, influence


def _lead_names(before: Bools) -> list[str]:
    return [f"lead {number + 1}" for number in range(before.shape[1])]
