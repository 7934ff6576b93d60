"""Difference between calls whose outcome is known, weighted by the chance of its being known.

Estimand: the difference of means of the call design behind it, over calls with known and unknown outcomes; with deltas,
where unknown outcomes lie that far from what the covariates say.

Needs: comparable calls (check: balance, overlap); outcomes unknown by what the covariates and the arm say alone, or by
a stated delta beyond it (check: tipping_point).

Estimator: m_a = Σ w S y/π / Σ w S/π over arm a, with S whether the outcome is known and π its chance by logistic
regression on the covariates within the arm; plus δ_a times the share unknown. The difference is that of m_1 and m_0.

Inference: influence functions of the weighted means, of the coefficients of both regressions and, for estimated
weights, of those of the propensity; summed within persons; t(G − 1).

Breaks: when whoever is not found fares worse, or better, than others like him: say by how much with the deltas, or take
call_bounds. A few calls with a small chance of being known carry the estimate: said.

Reference: Robins, Rotnitzky & Zhao 1995, doi:10.1080/01621459.1995.10476493; Little 1993,
doi:10.1080/01621459.1993.10594302 (deltas: pattern mixture). Worked by hand, and simulated truth.

Say: Among {population}, {outcome} differed by {effect} ({interval}), if calls whose outcome nobody knows fared as those
like them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.partial_means import Moved, mean
from coresponder_causal.core.propensity import Propensity, propensity
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.design.partly_known_estimates import (
    Arm,
    arms,
    known_facts,
    partial_result,
    point,
    require_one_sample,
)

Array = NDArray[np.float64]
heavy = 20.0


class _Weighed(NamedTuple):
    """Mean of an arm, the influence over n of its calls through the regression, and the largest weight."""

    mean: Moved
    by_chance: Array
    largest: float


@estimator(
    design=PartlyKnownDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Robins, Rotnitzky & Zhao 1995; Little 1993",
    checked_against="worked by hand; simulated truth",
)
def call_observed(d: PartlyKnownDesign, *, delta_treated: float = 0.0, delta_untreated: float = 0.0) -> Result:
    """Weigh known outcomes by the inverse of their chance of being known.

    Parameters
    ----------
    d : PartlyKnownDesign
    delta_treated, delta_untreated : float
        How far the mean of the unknown outcomes of an arm lies above what the covariates say, in units of the outcome.

    Returns
    -------
    Result
        One term ``effect``; ``extra`` holds both means, the shares known and the largest weight.

    Raises
    ------
    EstimationError
        Covariates by which it is certain whose outcome is known: leave them out or merge levels.

    References
    ----------
    Robins, Rotnitzky & Zhao (1995), doi:10.1080/01621459.1995.10476493.

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.design import CallDesign
    >>> night, engaged = [0] * 4 + [1] * 4, [1, 1, 0, None, 1, 0, None, None]
    >>> frame = pd.DataFrame({"attended": [1] * 8 + [0] * 8, "night": night * 2, "engaged": [*engaged, *[0, 1] * 4]})
    >>> frame = pd.concat([frame] * 2, ignore_index=True)
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> round(float(call_observed(PartlyKnownDesign.from_calls(plain, outcome="engaged")).estimate[0]), 3)
    0.083
    """
    require_one_sample(d, "call_observed")
    treated, untreated = arms(d)
    one, other = (_weighed(d, arm, word) for arm, word in ((treated, "with"), (untreated, "without")))
    means = [
        found.mean.plus(Moved(1 - arm.known.value, -arm.known.slope), delta)
        for found, arm, delta in ((one, treated, delta_treated), (other, untreated, delta_untreated))
    ]
    largest = max(one.largest, other.largest)
    if largest > heavy:
        doubt(f"one call stands for {largest:.0f} of its arm: some kinds of calls are hardly ever found again")
    return partial_result(
        d,
        "call_observed",
        {"effect": point(means[0].plus(means[1], -1.0))},
        known_facts(treated, untreated)
        | {"mean_treated": means[0].value, "mean_untreated": means[1].value, "largest_weight": largest},
        bounded=False,
        beside=one.by_chance - other.by_chance,
    )


def _weighed(d: PartlyKnownDesign, arm: Arm, word: str) -> _Weighed:
    """Mean of an arm with known outcomes weighted by one over their chance of being known."""
    n, seen, inside = len(d.source), d.seen(), arm.weights > 0
    times = np.where(inside & seen, 1.0, 0.0)
    if seen[inside].all():
        return _Weighed(mean(d.values(), arm.weights), np.zeros(n), 1.0)
    model = _chance(d, np.flatnonzero(inside), word)
    times[inside] *= 1 / model.probability
    found = mean(d.values(), arm.weights * times)
    moved = arm.weights * times * found.slope
    by_chance = np.zeros(n)
    slope = -moved[inside] * (1 - model.probability)
    by_chance[inside] = model.scores @ (model.bread @ (model.rows.T @ slope))
    return _Weighed(Moved(found.value, times * found.slope), by_chance, float(times.max()))


def _chance(d: PartlyKnownDesign, rows: NDArray[np.int64], word: str) -> Propensity:
    """Chance of the outcome being known within an arm; covariates that are the same in all of it are left out, said."""
    frame = d.calls.covariate_frame(reference_levels=False).iloc[rows]
    same = [str(name) for name in frame if frame[name].nunique() == 1]
    if same:
        note(f"the same in all calls {word} {d.calls.treatment}, not used for the chance: {', '.join(same)}")
    kept = frame.drop(columns=same)
    known, sampling = d.seen()[rows].astype(float), d.calls.sampling_weights()[rows]
    try:
        return propensity(known, kept.to_numpy(float), list(map(str, kept)), weights=sampling)
    except EstimationError as error:
        raise EstimationError(
            f"the chance of a known outcome among calls {word} {d.calls.treatment}: {error.what}", mend=error.mend
        ) from None
