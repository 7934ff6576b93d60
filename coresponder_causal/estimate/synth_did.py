"""Synthetic difference-in-differences: weights on comparison units and on earlier periods, for one or several treated.

Estimand: the mean change of the treated units' log rates (or of their outcome) over the periods after their starts, per
full dose, against the weighted comparison units and the weighted time before; and the same by spans of time since the
start. It is the effect of everything that changed at that time in these units only.

Needs: comparison units without a programme of their own (`design.donor_pool`); a weighted mean of them that moved in
parallel with the treated before the start (check: pre_period, backdating, placebo_dates); comparison units that move by
themselves no less than the treated ones would (check: placebo_cities); that no single one carries the finding (check:
leave_one_out); outcomes the programme cannot touch that did not move (check: control_outcomes); neighbours it did not
reach (check: spillover).

Estimator: unit weights ω on the simplex minimise Σ_t (ω0 + Σ_j ω_j r_jt − r_tr,t)² + ζ² T0 |ω|² before the start, ζ =
(N1 T1)^¼ σ, σ the standard deviation of first differences of comparison units; period weights λ on the simplex minimise
Σ_j (λ0 + Σ_t λ_t r_jt − r_j,late)² over the comparison units. The effect is the dose-weighted mean gap after the start
less the λ-weighted mean gap before it. Units that start at different times are estimated start by start against those
never treated, and averaged by their number and doses. Weights are solved exactly, not by steps that stop early.

Inference: "placebo": comparison units are put in the place of the treated, as many and with the same starts, and are no
donors then; each unit in turn, all sets of several up to the number of replications, or so many at random. The mean
square of these effects, times the square of the treated units' error before the start over the placebos' mean square
where that is more than one, is the variance, with t(m − 1). "ranks": the effect over the error before the start among
those of the placebos. "jackknife": each unit left out with the weights held; "bootstrap": units drawn with replacement;
both normal, and both for several treated units at every start: one alone cannot be left out or drawn twice to learn how
it varies.

Breaks: with few comparison units, whose placebos say little. With more periods before the start than comparison units
many period weights fit alike: the most even of them are taken, and programs whose solver stops early take others. Where
the treated units are noisier than the others the placebos scatter too little, which the factor allows for in part. The
λ-weighted periods are often the last few before the start: an anticipated or passing change there becomes part of the
base. A fit below .8 of the variance is no evidence. With units that differ in size take log rates.

Reference: Arkhangelsky, Athey, Hirshberg, Imbens & Wager 2021, doi:10.1257/aer.20190159; Clarke, Pailañir, Athey &
Imbens 2024, doi:10.1177/1536867X241297914 (several starts). Checked against R synthdid 0.0.9 (70c1ce3) with its solver
run to the end, and against simulated truth; several starts against one by one.

Say: In {city}, {outcome} changed by {mean_post} against the weighted comparison units and earlier periods ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.gap import named_weights
from coresponder_causal.core.notes import note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.synthetic import Comparison, Synthetic, each_left_out
from coresponder_causal.core.synthetic_did import bootstrap_sets, left_out_effects, placebo_sets, synthetic_did
from coresponder_causal.design.event_bins import bin_width_of
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.synthetic_judged import Judged, by_placebos, by_ranks, effects_of, pooled_errors
from coresponder_causal.design.synthetic_panel import Cohort, SyntheticPanel, synthetic_panel
from coresponder_causal.design.synthetic_result import fit_facts, left_out_range, poorest_fit, synthetic_result
from coresponder_causal.design.synthetic_terms import Averages, averages, without_last

Array = NDArray[np.float64]
Inference = Literal["placebo", "ranks", "jackknife", "bootstrap"]


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Arkhangelsky et al. 2021",
    checked_against="R synthdid 0.0.9",
)
def synth_did(
    d: PanelDesign,
    *,
    log: bool = True,
    inference: Inference = "placebo",
    bin_width: int | None = None,
    backdate: int = 0,
    replications: int = 200,
    seed: int = 1,
) -> Result:
    """Compare treated units with weighted comparison units over weighted time.

    Parameters
    ----------
    d : PanelDesign
        With one or several treated units, each with a start of its own.
    log, bin_width, backdate
        As in `synth_control`; of several units the exposure is that of those that start first.
    inference : {"placebo", "ranks", "jackknife", "bootstrap"}
        The variance, or the test.
    replications, seed : int
        Draws of placebos, where there are more sets of comparison units, or of the bootstrap.

    Returns
    -------
    Result
        ``mean_post``, then a term for each span, keyed by ``event_time``, its first period. ``extra``: as of
        `synth_control` where all start together (donors left out with the periods' weights held), besides
        ``time_weights``, the periods before the start with a weight;
        ``placebo_std_error``, the placebos' standard deviation as R synthdid gives it, without factor.

    Raises
    ------
    DesignError
        When periods common to all units do not span every start; negative values where logs are asked for.
    EstimationError
        With fewer than three comparison units or four periods before a start; a unit without events in more than 5 %
        of its periods (log); no more comparison than treated units for placebos; "jackknife" or "bootstrap" with one
        treated unit at a start.

    References
    ----------
    Arkhangelsky et al. (2021), doi:10.1257/aer.20190159.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(300 + 100 * np.sin(m.month))) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> synth_did(d).terms["term"].tolist()
    ['mean_post', 'event_time=0', 'event_time=6', 'event_time=12']
    """
    panel = without_last(synthetic_panel(d, method="synth_did", log=log), backdate)
    _refuse(panel, inference, replications)
    if (longest := max(int(cohort.before.sum()) for cohort in panel.cohorts)) >= panel.m:
        note(
            f"{longest} periods before the start and {panel.m} comparison units: many weights of periods fit alike, of "
            "which the most even are taken"
        )
    terms = averages(panel, width=bin_width_of(d, bin_width), period_name=d.period_name)
    sizes, own = [len(cohort.columns) for cohort in panel.cohorts], [_own(panel, cohort) for cohort in panel.cohorts]
    found = [_fit(panel, cohort, compared) for cohort, compared in zip(panel.cohorts, own, strict=True)]
    if inference in ("placebo", "ranks"):
        others = _gaps(panel, placebo_sets(panel.m, sizes, replications, seed))
        every = [np.concatenate([one.gaps, more]) for (one, _), more in zip(found, others, strict=True)]
        errors = pooled_errors(every, panel, intercept=True)
        judged = by_placebos(every, errors, panel, terms) if inference == "placebo" else by_ranks(every, errors, terms)
    else:
        every, errors = [one.gaps for one, _ in found], None
        judged = _resampled(panel, terms, found, inference, sizes, replications, seed)
    facts = {"inference": inference, "backdate": backdate, "starts": len(sizes)}
    return synthetic_result(
        d,
        panel,
        terms,
        judged,
        method="synth_did",
        gap=every[0][0] if len(sizes) == 1 and (panel.k == 1 or not log) else None,
        facts=facts | _about(d, panel, terms, found, every, errors),
    )


def _refuse(panel: SyntheticPanel, inference: Inference, replications: int) -> None:
    problems = Problems("synth_did")
    alone = sum(len(cohort.columns) == 1 for cohort in panel.cohorts)
    if inference in ("jackknife", "bootstrap") and alone:
        problems.add(
            f"inference='{inference}' with one treated unit at {alone} of {len(panel.cohorts)} starts: a unit alone "
            "cannot be left out, or drawn twice, to learn how it varies",
            mend="take inference='placebo'",
        )
    if inference in ("placebo", "ranks") and panel.m < panel.k + 2:
        problems.add(
            f"{panel.m} comparison units cannot stand for {panel.k} treated ones and be their donors too",
            mend="take inference='jackknife', or bring more comparison units",
        )
    if replications < 19:
        problems.add(f"replications={replications} say nothing of a variance", mend="give 19 or more")
    problems.raise_if_any(EstimationError)


def _own(panel: SyntheticPanel, cohort: Cohort) -> Comparison:
    """Compare the mean of the cohort with all units never treated."""
    places = np.arange(len(panel.units))
    target = np.isin(places, cohort.columns) / len(cohort.columns)
    return Comparison(target[None], (places >= panel.k).astype(float)[None])


def _fit(
    panel: SyntheticPanel, cohort: Cohort, compared: Comparison, held: Array | None = None
) -> tuple[Synthetic, Array]:
    late = cohort.dose * (panel.positions >= cohort.start)
    return synthetic_did(
        panel.values, cohort.before, late / late.sum(), compared, treated=len(cohort.columns), held=held
    )


def _gaps(panel: SyntheticPanel, sets: list[Comparison]) -> list[Array]:
    return [_fit(panel, cohort, compared)[0].gaps for cohort, compared in zip(panel.cohorts, sets, strict=True)]


def _resampled(
    panel: SyntheticPanel,
    terms: Averages,
    found: list[tuple[Synthetic, Array]],
    inference: Inference,
    sizes: list[int],
    replications: int,
    seed: int,
) -> Judged:
    """Variance from units left out, or drawn with replacement."""
    estimate = effects_of([one.gaps for one, _ in found], terms)[0]
    if inference == "bootstrap":
        draws = effects_of(_gaps(panel, bootstrap_sets(panel.m, sizes, replications, seed)), terms)
        vcov = np.cov(draws.T, ddof=0).reshape(len(estimate), len(estimate))
        said = f"normal, bootstrap of units, {replications} samples"
    else:
        effects = _without_each(panel, terms, found, estimate)
        left = effects - effects.mean(axis=0)
        vcov, said = (len(effects) - 1) / len(effects) * left.T @ left, "normal, jackknife of units"
    return Judged(estimate=estimate, vcov=vcov, df=np.full(len(estimate), np.inf), facts={"interval": said})


def _without_each(
    panel: SyntheticPanel, terms: Averages, found: list[tuple[Synthetic, Array]], estimate: Array
) -> Array:
    """Terms with each unit left out in turn, shape (units, terms)."""
    effects = np.tile(estimate, (len(panel.units), 1))
    for cohort, weights, (one, time) in zip(panel.cohorts, terms.weights, found, strict=True):
        changes = panel.values.T @ (weights - weights.sum(axis=1, keepdims=True) * time[0]).T
        omega = one.weights[0, panel.k :]
        part = left_out_effects(changes[cohort.columns], changes[panel.k :], omega) - one.gaps[0] @ weights.T
        effects[cohort.columns] += part[: len(cohort.columns)]
        effects[panel.k :] += part[len(cohort.columns) :]
    return effects


def _about(
    d: PanelDesign,
    panel: SyntheticPanel,
    terms: Averages,
    found: list[tuple[Synthetic, Array]],
    every: list[Array],
    errors: Array | None,
) -> dict[str, object]:
    """Weights and fit where all start together; else the poorest fit of any start."""
    if len(found) > 1:
        return poorest_fit(d, panel, every, intercept=True)
    ((one, time),), (cohort,) = found, panel.cohorts
    labels = [str(label) for label in d.axis.labels(panel.outcome.index.to_numpy())]
    weights = one.weights[0, panel.k :]
    donors = panel.k + np.flatnonzero(weights)
    again, _ = _fit(panel, cohort, each_left_out(_own(panel, cohort), donors), time[0])
    low, high = left_out_range(again.gaps, terms)
    return {
        **fit_facts(d, panel, every[0], weights, errors=errors, intercept=True),
        "time_weights": named_weights(labels, time[0]),
        "left_out_low": low,
        "left_out_high": high,
    }
