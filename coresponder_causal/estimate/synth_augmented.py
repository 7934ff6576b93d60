"""Augmented synthetic control: a synthetic control, corrected by ridge regression for what it does not match.

Estimand: the mean change of the treated unit's log rate (or of its outcome) over the periods after the start, per full
dose, against what the weighted comparison units predict; and the same by spans of time since the start. It is the
effect of everything that changed at that time in this unit only.

Needs: comparison units without a programme of their own, chosen before outcomes are seen (`design.donor_pool`); a time
before the start that is long against their number (check: pre_period, backdating, placebo_dates); comparison units that
move by themselves no less than the treated one would (check: placebo_cities); that no single one carries the finding
(check: leave_one_out); outcomes the programme cannot touch that did not move (check: control_outcomes); neighbours it
did not reach (check: spillover).

Estimator: x the treated unit's log rates before the start, X those of the comparison units, both less the comparison
units' means in each period, w the weights of the plain synthetic control. ω = w + (x − X'w)'(X'X + λI)⁻¹X', which sum
to one and may be negative; λ is the largest whose error in periods left out one at a time is within one standard error
of the least. Gap and effect are those of synth_control. "demean" takes each unit's mean before the start out first.

Inference: "placebo", "ranks" and "conformal" as in synth_control, the correction made anew for every placebo, and with
the same λ under every effect.

Breaks: weights outside the range of the comparison units extrapolate: the further, the smaller λ is. A fit before the
start that ridge has made close says less than one that weights alone reach; compare with synth_control, whose mean
effect stands in `extra`. Otherwise as synth_control.

Reference: Ben-Michael, Feller & Rothstein 2021, doi:10.1080/01621459.2021.1929245. Weights, λ and effects checked
against R augsynth (f942957).

Say: In {city}, {outcome} changed by {mean_post} against its augmented synthetic control ({interval}).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.conformal import Conformal, refitted_conformal
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.synthetic import Comparison, Synthetic, gaps, one_and_placebos
from coresponder_causal.core.synthetic_ridge import augmented_errors, augmented_weights
from coresponder_causal.design.event_bins import bin_width_of
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.synthetic_panel import synthetic_panel
from coresponder_causal.design.synthetic_single import Rows, SingleInference, single_result
from coresponder_causal.design.synthetic_terms import averages, without_last

Array = NDArray[np.float64]


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Ben-Michael, Feller & Rothstein 2021",
    checked_against="R augsynth",
)
def synth_augmented(
    d: PanelDesign,
    *,
    log: bool = True,
    demean: bool = True,
    penalty: float | None = None,
    inference: SingleInference = "placebo",
    bin_width: int | None = None,
    backdate: int = 0,
) -> Result:
    """Compare one treated unit with a synthetic control whose misfit before the start is corrected.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit.
    log, demean, inference, bin_width, backdate
        As in `synth_control`.
    penalty : float, optional
        λ > 0; by default chosen by periods left out, for every placebo anew, and held where a donor is left out.

    Returns
    -------
    Result
        As that of `synth_control`; ``extra`` holds ``penalty``, ``negative_weight``, the sum of the negative weights,
        and ``plain``, the mean effect without the correction.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated; negative values where logs are asked for.
    EstimationError
        With fewer than three comparison units or four periods before the start; a unit without events in more than 5 %
        of its periods (log); a penalty that is not positive; options that do not go together.

    References
    ----------
    Ben-Michael, Feller & Rothstein (2021), doi:10.1080/01621459.2021.1929245.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(300 + 100 * np.sin(m.month))) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> synth_augmented(d).extra["negative_weight"] <= 0
    True
    """
    if penalty is not None and not penalty > 0:
        raise EstimationError(f"penalty={penalty:g} is not positive", mend="leave it out, or give a number above 0")
    panel = without_last(synthetic_panel(d, method="synth_augmented", log=log, single=True), backdate)
    (cohort,), values = panel.cohorts, panel.values
    before = cohort.before
    centred = values - values[before].mean(axis=0) if demean else values
    terms = averages(panel, width=bin_width_of(d, bin_width), period_name=d.period_name)
    one = Comparison(*(part[:1] for part in one_and_placebos(1 + panel.m)))
    given = np.nan if penalty is None else penalty
    weights, plain, chosen = augmented_weights(centred[before], one, np.array([given]))

    def fit(compared: Comparison) -> Synthetic:
        known = np.where(compared.targets[:, 0] == 1, chosen[0], given)
        weights, _, _ = augmented_weights(centred[before], compared, known)
        return Synthetic(weights, gaps(centred, before, compared, weights, intercept=demean))

    def shifted(rows: Rows, last: int) -> Conformal:
        part = values[rows] - values[rows].mean(axis=0) if demean else values[rows]
        dose = cohort.dose[rows] - (cohort.dose[rows].mean() if demean else 0.0)
        errors = augmented_errors(part, dose, float(chosen[0]))
        return refitted_conformal(errors, part[:, 0] - part[:, 1:].mean(axis=1), dose, last=last)

    uncorrected = gaps(centred, before, one, plain, intercept=demean) @ terms.weights[0][0]
    return single_result(
        d,
        panel,
        terms,
        fit,
        shifted,
        method="synth_augmented",
        intercept=demean,
        inference=inference,
        facts={
            "demean": demean,
            "backdate": backdate,
            "penalty": float(chosen[0]),
            "negative_weight": float(weights.clip(max=0.0).sum()),
            "plain": float(uncorrected[0]),
        },
    )
