"""Controlled interrupted time series: one city's gap to a weighted mean of comparison cities, before and after.

Estimand: the change of the treated city's log rate less the comparison cities' weighted mean from the start on, against
the gap's own earlier level: its mean over the periods after the start, its level and slope, its size at fixed horizons,
and the events averted. It is the effect of the programme only if cities without one do not drift apart (τ = 0).

Needs: comparison cities without a programme of their own, chosen before outcomes are seen (`design.donor_pool`);
seasons and shocks in common (check: pre_period, placebo_dates, leave_one_out, placebo_cities); outcomes the programme
cannot touch that did not move (check: control_outcomes); no step of its own at the start in any city; that no choice
carries the finding (check: levels_or_logs, specification_curve, start_range); neighbours it did not reach (check:
spillover); about ten events a period or more.

Estimator: g_t = log r_0t − Σ_j w_j log r_jt in the periods that all cities have; g_t = b0 + b1 D_t + b2 (t − T0)₊ +
two harmonics + e_t, with e_t AR(1) plus white noise by restricted maximum likelihood; b2 on request or with 24 periods
after the start. The weights are fixed before the start: equal; by the mean exposure before the start; or synthetic,
least squares on the simplex to the time before the start, where level and season are taken out and three periods are
averaged. mean_post averages the effect b1 D_t + b2 (t − T0)₊ over the periods after the start; averted is the sum of
y_t (exp(−effect_t) − 1) given the observed counts y_t.

Inference: t with Satterthwaite degrees of freedom, one for each contrast, given the weights. Synthetic weights enter by
holding out: before the start each of six blocks is predicted by weights fitted to the other five, so that the gap's
noise holds the error of the weights. The interval says whether the gap moved beyond its own noise, and not whether it
moved further than cities do by themselves.

Breaks: wherever cities drift apart: then the test rejects far too often, and did_prediction_interval is the answer.
Weights fitted with a share of explained variance below .8 are no evidence. One volatile comparison city with a large
weight decides.

Reference: Bottomley, Scott & Isham 2019, doi:10.1515/em-2018-0010; Doudchenko & Imbens 2016, doi:10.3386/w22791;
Chernozhukov, Wüthrich & Zhu 2025, arXiv:1812.10820. Checked by hand with full matrices and against simulated truth;
synthetic weights against R synthdid.

Say: In {city}, the gap of {outcome} to the comparison cities changed by {mean_post} ({interval}).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import few_treated, regressors
from coresponder_causal.core.error_models import fit_errors
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.gap import (
    Donors,
    doubt_fit,
    fixed_donors,
    least_r_squared,
    named_weights,
    say_what_a_gap_answers,
    synthetic_donors,
)
from coresponder_causal.core.headlines import Panels, headlines_of
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.prediction_facts import doubt_random_walk
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_effects import Course, series_result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.one_treated import OneTreated, beside_changes, one_treated
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.segmented import Segmented

Array = NDArray[np.float64]
Weights = Literal["equal", "population", "synthetic"]
few_before, long_after = 12, 24
programme = ("level_change", "slope_change")


@estimator(
    design=PanelDesign,
    contrasts=("ATT where cities do not drift apart",),
    reference="Bottomley, Scott & Isham 2019",
    checked_against="worked by hand and simulated truth; R synthdid (synthetic weights)",
)
def did_gap(
    d: PanelDesign,
    *,
    weights: Weights = "equal",
    slope_change: bool | None = None,
    harmonics: Literal[0, 1, 2, 3] = 2,
    horizons: tuple[int, ...] | None = None,
    seed: int = 1,
) -> Result:
    """Segmented regression of the gap between one treated city and a weighted mean of others.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit.
    weights : {"equal", "population", "synthetic"}
        Of the comparison cities.
    slope_change : bool, optional
        Whether the gap may change at a steady pace from the start on. Default: when 24 or more periods follow it.
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms of the gap.
    horizons : tuple of int, optional
        Periods after the start at which the effect is reported; default 6, 12, 24 months or 26, 52, 104 weeks.
    seed : int
        Seed of the draws behind the intervals of averted events in ``extra``.

    Returns
    -------
    Result
        Terms ``mean_post, level_change, slope_change, effect_at_<h>_<periods>, averted``, as
        `core.series_effects.series_result` defines them. ``path``: the city's counts beside those its comparison cities
        predict. ``extra``: ``effective_donors`` (1/Σw²), ``pre_r_squared``, ``donor_weights``, and of
        `core.few_treated.beside` ``rho_star, p_floor, mde80``, ρ* among the cities' plain changes.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated, or when periods common to all cities do not span the start.
    EstimationError
        A city without events in more than 5 % of its periods; no exposure for weights by population; fewer than 18
        periods before the start for synthetic weights; each says its mend.

    References
    ----------
    Bottomley, Scott & Isham (2019), Epidemiologic Methods 8(1), doi:10.1515/em-2018-0010.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> did_gap(d, slope_change=False).terms["term"].tolist()
    ['mean_post', 'level_change', 'effect_at_6_months', 'effect_at_12_months', 'averted']
    """
    seen = one_treated(d, method="did_gap")
    donors = _donors(d, seen, weights, regressors.harmonics(seen.positions, d.season, harmonics))
    sloped = int(seen.after.sum()) >= long_after if slope_change is None else slope_change
    gap = seen.rates[:, 0] - donors.course
    made = _regressors(d, seen, sloped, harmonics)
    found = fit_errors(gap, made.matrix, positions=seen.positions, errors="reml-nugget")
    facts = {"m": len(seen.cities) - 1, "harmonics": harmonics, "slope_change": sloped} | found.facts
    result = series_result(
        _course(d, seen, donors),
        made.fitted(found, link="log", noise=found.noise.among(seen.after).draw),
        method="did_gap",
        facts=facts | _said(seen, donors, weights),
        horizons=horizons,
        seed=seed,
    )
    if "rho upper" in str(found.facts["at_bound"]):
        doubt_random_walk(float(result.estimate[0]), gap, seen.after)
    say_what_a_gap_answers("did_gap", "mean_post")
    assert result.support is not None
    result = replace(
        result,
        estimand=seen.estimand,
        support=result.support.assign(units=len(seen.cities)),
        n_obs=seen.counts.size,
        n_units=len(seen.cities),
    )
    return beside_changes(result, _plain_changes(seen, d.season, harmonics))


@series_behind("did_gap")
def _series(result: Result, d: PanelDesign) -> SeriesRegression:
    seen, pairs = one_treated(d, method="did_gap"), int(result.extra.number("harmonics"))
    weights = cast(Weights, result.extra["weights"])
    donors = _donors(d, seen, weights, regressors.harmonics(seen.positions, d.season, pairs))
    made = _regressors(d, seen, bool(result.extra["slope_change"]), pairs)
    return SeriesRegression(
        outcome=seen.rates[:, 0] - donors.course,
        matrix=made.matrix,
        time=seen.positions,
        periods=d.axis.labels(seen.counts.index.to_numpy()),
        start=d.start_position,
        effect=tuple(made.programme.values()),
        headline=(made.matrix - made.without)[seen.after].mean(axis=0),
    )


@headlines_of("did_gap")
def _many(given: Panels, options: Mapping[str, Any]) -> Array | None:
    if options["weights"] != "equal":
        return None
    asked = options["slope_change"]
    columns = _columns(
        given.dose,
        given.positions,
        start=float(given.positions[given.after].min()),
        season=given.season,
        sloped=int(given.after.sum()) >= long_after if asked is None else asked,
        pairs=options["harmonics"],
    )
    matrix = np.column_stack(list(columns.values()))
    contrast = (matrix * np.isin(list(columns), programme))[given.after].mean(axis=0)
    gaps = given.courses[:, :, 0] - given.courses[:, :, 1:].mean(axis=2)
    fits = serial_design(matrix, time=given.positions).fit_many(gaps.T)
    errors = (np.sqrt(contrast @ fit.vcov @ contrast) for fit in fits)
    return np.array(
        [(contrast @ fit.beta, e, fit.record.df(contrast, fit.vcov)) for fit, e in zip(fits, errors, strict=True)]
    )


def _donors(d: PanelDesign, seen: OneTreated, weights: Weights, seasons: Array) -> Donors:
    """Weighted mean of the comparison cities, with what is doubtful about the weights said."""
    before = ~seen.after
    if int(before.sum()) < few_before:
        doubt(
            f"{int(before.sum())} {d.period_name} before the start: season and gap can hardly be told from the change"
        )
    if weights == "equal":
        return fixed_donors(seen.rates, np.ones(len(seen.cities) - 1), before, seasons)
    if weights == "population":
        if d.exposure is None:
            raise EstimationError(
                "the design has no exposure to weight cities by",
                mend="name exposure= in the design, or weights='equal'",
            )
        return fixed_donors(seen.rates, seen.exposure[before, 1:].mean(axis=0), before, seasons)
    donors = synthetic_donors(seen.rates, before, seasons)
    doubt_fit(donors.r_squared)
    return donors


def _regressors(d: PanelDesign, seen: OneTreated, sloped: bool, pairs: int) -> Segmented:
    if sloped and int(seen.after.sum()) < long_after:
        few = f"{int(seen.after.sum())} {d.period_name} after the start"
        doubt(f"{few}: a change of slope is hardly told from a change of level")
    columns = _columns(seen.dose, seen.positions, start=d.start_position, season=d.season, sloped=sloped, pairs=pairs)
    matrix = np.column_stack(list(columns.values()))
    regressors.require_full_rank(matrix, list(columns))
    names = tuple(columns)
    return Segmented(matrix, names, {name: names.index(name) for name in names if name in programme})


def _columns(
    dose: Array, positions: Array, *, start: float, season: float | None, sloped: bool, pairs: int
) -> dict[str, Array]:
    columns = {"constant": np.ones(len(dose)), "level_change": dose}
    if sloped:
        columns["slope_change"] = np.maximum(positions - start, 0.0)
    waves = regressors.harmonics(positions, season, pairs)
    return columns | {f"season {number + 1}": column for number, column in enumerate(waves.T)}


def _plain_changes(seen: OneTreated, season: float | None, pairs: int) -> Array:
    """Change of every city by one regression of its own, the treated one first."""
    window = few_treated.windows(
        seen.rates,
        seen.dose[:, None],
        seen.after[:, None],
        seen.positions,
        [1],
        season=season,
        pairs=pairs,
        adjust="regression",
    )
    return window.table[:, 0]


def _course(d: PanelDesign, seen: OneTreated, donors: Donors) -> Course:
    """State the city's counts; its exposure is what the comparison cities' course alone would make of it."""
    return Course(
        city=seen.cities[0],
        outcome=str(d.outcome),
        treatment=d.treatment,
        start=d.start,
        periods=d.axis.labels(seen.counts.index.to_numpy()),
        positions=seen.positions,
        start_position=d.start_position,
        dose=seen.dose,
        counts=seen.events,
        exposure=seen.exposure[:, 0] * np.exp(donors.course),
        freq=d.freq,
        period_name=d.period_name,
    )


def _said(seen: OneTreated, donors: Donors, weights: Weights) -> dict[str, object]:
    return {
        "weights": weights,
        "effective_donors": donors.effective,
        "pre_r_squared": donors.r_squared,
        "weights_reproduce": weights != "synthetic" or bool(donors.r_squared >= least_r_squared),
        "donor_weights": named_weights(seen.cities[1:], donors.weights),
    }
