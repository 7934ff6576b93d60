"""Synthetic control: one treated unit against a weighted mean of others that followed the same course before.

Estimand: the mean change of the treated unit's log rate (or of its outcome) over the periods after the start, per full
dose, against what the weighted comparison units predict; and the same by spans of time since the start. It is the
effect of everything that changed at that time in this unit only.

Needs: comparison units without a programme of their own, chosen before outcomes are seen (`design.donor_pool`), among
which the treated unit lies; a time before the start that is long against their number, with a close fit in it (check:
pre_period, backdating, placebo_dates); comparison units that move by themselves no less than the treated one would
(check: placebo_cities); that no single one carries the finding (check: leave_one_out); outcomes the programme cannot
touch that did not move (check: control_outcomes); neighbours it did not reach (check: spillover).

Estimator: weights w ≥ 0, Σw = 1, with the least squared distance between the treated unit's log rates before the start
and Σ_j w_j r_jt, both averaged over three periods in a design with a season, lest noise be matched, and less their
means before the start ("demean"). With predictors the distance is that of the predictors' means before the start, each
weighted by an importance that is searched for so that w reproduces the outcome. The gap g_t = r_0t − Σ_j w_j r_jt, less
its mean before the start where demeaned, gives Σ D_t g_t / Σ D_t² over the periods after it.

Inference: "placebo": each comparison unit in turn is put in the treated one's place, its control made of the others;
the mean square of these placebo effects, times the square of the treated unit's error before the start over the
placebos' mean square where that is more than one, is the variance, with t(m − 1). "ranks": the treated unit's effect
over its error before the start among those of the placebos; p-values cannot go below 1/(m + 1), and with fewer than 19
comparison units no effect is ruled out at 5 %. "conformal": effects are taken away, weights fitted again to all
periods, and the mean error after the start ranked among all cyclic shifts; it asks whether the gap moved beyond its own
noise and not whether it moved further than units do by themselves. The ratio of errors after and before the start, its
rank and p-value among the placebos stand in `extra` beside either.

Breaks: where the fit before the start is poor: with less than .8 of the variance explained it is no evidence, and
did_prediction_interval is the answer. Where the treated unit is the highest or lowest of all no weighted mean reaches
it; "demean" allows for a steady distance. With as many donors as periods weights can match noise. Few events make noisy
courses, and a control that matches noise drifts back to the mean after the start. A unit smaller and noisier than the
others is compared with placebos that scatter less than it does, which the factor allows for in part. Weights do not say
that a city is alike in anything but its course.

Reference: Abadie, Diamond & Hainmueller 2010, doi:10.1198/jasa.2009.ap08746, and 2015, doi:10.1111/ajps.12116;
Doudchenko & Imbens 2016, doi:10.3386/w22791; Ferman & Pinto 2021, doi:10.3982/QE1596; Chernozhukov, Wüthrich & Zhu
2021, doi:10.1080/01621459.2021.1920957. Numbers checked against R Synth (predictors), R synthdid 0.0.9 and R augsynth
(outcomes), and by hand.

Say: In {city}, {outcome} changed by {mean_post} against its synthetic control ({interval}).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.conformal import Conformal, conformal
from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.core.predictor_weights import matched_on_predictors
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.synthetic import Comparison, Synthetic, gaps, synthetic_control
from coresponder_causal.design.event_bins import bin_width_of
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.synthetic_panel import predictor_means, synthetic_panel
from coresponder_causal.design.synthetic_result import seasonal_smoothing
from coresponder_causal.design.synthetic_single import Rows, SingleInference, single_result
from coresponder_causal.design.synthetic_terms import averages, without_last

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Abadie, Diamond & Hainmueller 2010",
    checked_against="R Synth, R synthdid 0.0.9, R augsynth",
)
def synth_control(
    d: PanelDesign,
    *,
    log: bool = True,
    demean: bool = True,
    smoothing: int | None = None,
    predictors: tuple[str, ...] = (),
    inference: SingleInference = "placebo",
    bin_width: int | None = None,
    backdate: int = 0,
) -> Result:
    """Compare one treated unit with a weighted mean of others that comes closest to it before the start.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit.
    log : bool
        Whether the outcome, a count, enters as the log of its rate; otherwise as it is, or per exposure, times the
        treated unit's mean exposure before the start.
    demean : bool
        Whether the control may be shifted by a constant.
    smoothing : int, optional
        Periods, an odd number, over which courses are averaged before they are matched; by default three in a design
        with a season, otherwise one.
    predictors : tuple of str
        Columns of the design's frame whose means before the start are matched instead of the outcome.
    inference : {"placebo", "ranks", "conformal"}
        The test and its interval.
    bin_width : int, optional
        Periods in a span of time since the start; by default half a year, or single periods without a season.
    backdate : int
        Periods before the start that the weights do not see: their mean gap is then the term ``held_out``.

    Returns
    -------
    Result
        ``mean_post``, then a term for each span, keyed by ``event_time``, its first period. ``path``: the unit beside
        its synthetic control. ``extra``: ``donors`` and ``donor_shares``, ``effective_donors`` (1/Σw²),
        ``pre_r_squared``, ``pre_error``, ``error_ratio`` with its rank and p-value, and ``left_out_low,
        left_out_high``, between which ``mean_post`` lies when each donor is left out in turn.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated; a predictor that is not in the frame, not a number or not known of every
        unit; negative values where logs are asked for.
    EstimationError
        With fewer than three comparison units or four periods before the start; a unit without events in more than 5 %
        of its periods (log); options that do not go together.

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), doi:10.1198/jasa.2009.ap08746; Abadie (2021), doi:10.1257/jel.20191450.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(300 + 100 * np.sin(m.month))) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> r = synth_control(d)
    >>> r.terms["term"].tolist(), r.df.tolist()
    (['mean_post', 'event_time=0', 'event_time=6', 'event_time=12'], [4.0, 4.0, 4.0, 4.0])
    """
    periods = _smoothing(d, smoothing)
    _refuse_combinations(smoothing, predictors, inference)
    read = synthetic_panel(d, method="synth_control", log=log, single=True, predictors=predictors)
    panel = without_last(read, backdate)
    before, values = panel.cohorts[0].before, panel.values
    known = predictor_means(d, panel, predictors)

    def fit(compared: Comparison) -> Synthetic:
        if not predictors:
            return synthetic_control(values, before, compared, intercept=demean, smoothing=periods)
        return _by_predictors(values, before, compared, known, demean)

    def shifted(rows: Rows, last: int) -> Conformal:
        X, dose = np.ones((len(rows), int(demean))), panel.cohorts[0].dose[rows]
        return conformal(values[rows, 0], X, dose, last=last, donors=values[rows, 1:])

    return single_result(
        d,
        panel,
        averages(panel, width=bin_width_of(d, bin_width), period_name=d.period_name),
        fit,
        shifted,
        method="synth_control",
        intercept=demean,
        inference=inference,
        facts={"demean": demean, "smoothing": periods, "predictors": predictors, "backdate": backdate},
    )


def _smoothing(d: PanelDesign, asked: int | None) -> int:
    if asked is None:
        return seasonal_smoothing if d.season else 1
    if asked < 1 or asked % 2 == 0:
        raise EstimationError(f"smoothing={asked} has no middle period", mend="give an odd number, such as 3; 1: none")
    return asked


def _refuse_combinations(smoothing: int | None, predictors: tuple[str, ...], inference: SingleInference) -> None:
    problems = Problems("synth_control")
    if predictors and smoothing is not None:
        problems.add("predictors are matched as they are, and smoothing= is of courses", mend="leave smoothing= out")
    if predictors and inference == "conformal":
        problems.add("cyclic shifts fit weights to outcomes, not to predictors", mend="take inference='placebo'")
    problems.raise_if_any(EstimationError)


def _by_predictors(values: Array, before: Mask, compared: Comparison, known: Array, demean: bool) -> Synthetic:
    """Fit each target by the means of its predictors, the importance of each searched for anew."""
    courses = values[before] - values[before].mean(axis=0) if demean else values[before]
    weights = np.zeros(compared.targets.shape)
    for row, (target, copies) in enumerate(zip(*compared, strict=True)):
        donors = np.flatnonzero(copies)
        found = matched_on_predictors(known @ target, known[:, donors], courses @ target, courses[:, donors])
        weights[row, donors] = found.weights
        if row == 0:
            said = ", ".join(f"{share:.2f}" for share in found.importance)
            note(f"importance of the predictors, in their order: {said}")
    return Synthetic(weights, gaps(values, before, compared, weights, intercept=demean))
