"""Persons with and without the treatment within strata of its probability, from counts that two agencies share.

Estimand: the mean effect of the treatment on the chance of the outcome, among all persons of the list (ATE) or among
the treated ones (ATT).

Needs: everything that drew the treatment and moves the outcome in the propensity that cut the strata, persons alike
within them and both arms in each, which the agency with the rows can see (check: balance, overlap); persons found by
the linkage alike in both arms; each person once.

Estimator: θ = Σ_s w_s (p_s1 − p_s0) with p_sa = y_sa / n_sa and w_s = n_s / n, or n_s1 / n_1 for the treated. Where the
mean log odds of treatment x_sa of each cell are known, θ − b Σ_s w_s (x_s1 − x_s0), with b the slope of p_sa in x_sa
beside the arm, by least squares with weights n_sa: strata leave the arms a little apart in their scores.

Counts that were hidden as small lie between two ends, and so does θ, each of whose ends takes the end of every hidden
count by the sign of its coefficient: with hidden counts the result is a set.

Inference: both are sums Σ c_sa p_sa, so V = Σ c_sa² {(p_sa (1 − p_sa) + σ²/n_sa²) / (n_sa − 1) + σ²/n_sa²}, normal:
binomial counts, of which σ² is the variance of the noise that was put on each. The estimation of the propensity is not
counted. Hidden counts have the largest variance that they can have, and the interval holds the value and not all of its
set (Imbens and Manski). With linked shares between r and 1 in each arm the effect lies between p_1 − p_0/r and p_1/r −
p_0, and is θ/r where both arms are alike.

Breaks: without scores five strata leave about a tenth of the bias that the covariates carry, merged ones more, and no
number of persons makes it less; take scores, or more strata with more persons. What nobody recorded stays in the
estimate, as in every comparison of attended with other calls: call_difference on the agency's own outcomes meets it
too, call_coverage does not. Persons of one arm who are linked less often look as if they were connected less often.

Reference: Rosenbaum & Rubin 1984, doi:10.1080/01621459.1984.10478078; Lunceford & Davidian 2004, doi:10.1002/sim.1903;
sets: Imbens & Manski 2004, doi:10.1111/j.1468-0262.2004.00555.x; noise: Ghosh, Roughgarden & Sundararajan 2012,
doi:10.1137/09076828X. Checked against counts worked by hand and simulated truth.

Say: Among {population}, {outcome} differed by {effect} between persons with and without the treatment ({interval}).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.strata import StrataDesign

Array = NDArray[np.float64]
Contrast = Literal["ATE", "ATT"]
few = 11
averaged_over: dict[Contrast, str] = {"ATE": "all persons of the list", "ATT": "the treated persons of the list"}


@estimator(
    design=StrataDesign,
    contrasts=("ATE", "ATT"),
    reference="Rosenbaum & Rubin 1984; Lunceford & Davidian 2004",
    checked_against="counts worked by hand, simulated truth",
)
def call_strata(d: StrataDesign, *, contrast: Contrast = "ATE", recall: float | None = None) -> Result:
    """Estimate the effect by subclassification on counts by stratum and arm, adjusted for mean scores where known.

    Parameters
    ----------
    d : StrataDesign
    contrast : {"ATE", "ATT"}
        Weight strata by all their persons or by the treated ones.
    recall : float, optional
        Least share of true links that the linkage found, in either arm, as `privacy.linkage_error` bounds it: adds the
        bounds that it leaves to the facts and the notes.

    Returns
    -------
    Result
        One term ``effect``, a difference of shares, with hidden counts a set; ``extra`` holds both shares unless it is
        one, and with a recall ``linkage_low``,
        ``linkage_high`` and ``effect_at_recall``.

    Raises
    ------
    EstimationError
        No stratum with both arms, an outcome that nobody or everybody has, or a recall outside 0 to 1 or
        beside hidden counts.

    References
    ----------
    Rosenbaum & Rubin (1984), doi:10.1080/01621459.1984.10478078.

    Examples
    --------
    >>> frame = pd.DataFrame({"stratum": [1, 1, 2, 2], "attended": [0, 1, 0, 1], "persons": [100, 100, 100, 100],
    ...                       "connected": [20, 30, 40, 50]})
    >>> d = StrataDesign.from_frame(frame, outcome="connected", treatment="attended")
    >>> call_strata(d).tidy()[["estimate", "std_error"]].round(4).values.tolist()
    [[0.1, 0.0466]]
    """
    if recall is not None and not 0 < recall <= 1:
        raise EstimationError(f"recall={recall!r} is not a share", mend="give a number above 0, up to 1")
    both = _with_both_arms(d)
    n, (least, most) = d.persons[both], (counts[both] for counts in d.outcome_ends())
    hides, shares = bool((most > least).any()), (least / n, most / n)
    if hides and recall is not None:
        raise EstimationError("recall= beside hidden counts", mend="leave recall= out, or have all counts shown")
    weights = n.sum(axis=1) / n.sum() if contrast == "ATE" else n[:, 1] / n[:, 1].sum()
    loads, adjusted = _loads(weights, n, None if d.scores is None else d.scores[both])
    # Of a hidden count the variance is the largest that it can have: that of the share nearest to one half.
    nearest = np.clip(0.5, *shares) if hides else shares[0]
    variance = float((loads**2 * _variances(nearest, n, d.noise_variance)).sum())
    if not variance > 0:
        raise EstimationError("nobody or everybody has the outcome", mend="choose an outcome that varies")
    low, high = (float((loads * np.where(loads > 0, *ends)).sum()) for ends in (shares, shares[::-1]))
    means = {} if hides else _means(float(weights @ shares[0][:, 1]), low, recall)
    _say(d, n, least, most)
    return Result(
        method="call_strata",
        estimand=_estimand(d, contrast),
        terms=pd.DataFrame({"term": ["effect"]}),
        estimate=np.array([(low + high) / 2]),
        vcov=np.array([[variance]]),
        df=np.array([np.inf]),
        scale="difference",
        kind="set" if hides else "point",
        set_low=np.array([low]) if hides else None,
        set_high=np.array([high]) if hides else None,
        set_spread=np.full((1, 2), variance**0.5) if hides else None,
        support=pd.DataFrame({"term": ["effect"], "persons": n.sum(), "events": least.sum(), "units": int(n.sum())}),
        n_obs=n.size,
        n_units=len(n),
        extra=_facts(d, n, means, adjusted=adjusted, hides=hides),
    )


def _facts(d: StrataDesign, n: Array, means: Mapping[str, float], *, adjusted: bool, hides: bool) -> Facts:
    noisy = "" if d.epsilon is None else " with noise"
    return Facts(
        {
            "treatment": d.treatment,
            "yes_or_no": True,
            "outcome_unit": f"{str(d.outcome).replace('_', ' ')} per person",
            "adjustment": f"{d.asked} strata" + (" with scores" if adjusted else ""),
            "scheme": None if d.epsilon is None else f"ε = {d.epsilon:g}",
            "strata": len(n),
            "calls": float(n.sum()),
            "share_treated": float(n[:, 1].sum() / n.sum()),
            **means,
            "noise_variance": d.noise_variance,
            "interval": f"{'of the value in its set, Imbens and Manski, ' * hides}normal, binomial counts{noisy}",
        }
    )


def _with_both_arms(d: StrataDesign) -> NDArray[np.bool_]:
    """Mark strata with persons in both arms; the others are left out, and said."""
    both = np.asarray((d.persons > 0).all(axis=1), bool)
    if not both.any():
        raise EstimationError("no stratum has persons in both arms", mend="ask for fewer strata")
    if not both.all():
        lost = d.persons[~both].sum()
        doubt(
            f"{int((~both).sum())} of {len(both)} strata have nobody in one arm: their {lost:.0f} persons are left "
            "out, and the estimate speaks of the others"
        )
    return both


def _loads(weights: Array, n: Array, scores: Array | None) -> tuple[Array, bool]:
    """Weights of the shares of the cells in the estimate, shape (strata, 2), and whether they adjust for scores."""
    plain = np.column_stack([-weights, weights])
    if scores is None:
        return plain, False
    arm = np.tile([0.0, 1.0], len(n))
    rows = np.column_stack([np.ones(arm.size), arm, scores.ravel()])
    if np.linalg.matrix_rank(rows) < rows.shape[1]:
        doubt("the scores of the cells do not vary beside the arm: no adjustment for them was made")
        return plain, False
    weighted = rows * n.reshape(-1, 1)
    slope = np.linalg.solve(rows.T @ weighted, weighted.T)[2].reshape(n.shape)
    return plain - float(weights @ (scores[:, 1] - scores[:, 0])) * slope, True


def _variances(shares: Array, n: Array, noise: float) -> Array:
    """Variances of shares of binomial counts with noise, shape (strata, 2)."""
    added = noise / n**2
    return np.asarray(np.maximum(shares * (1 - shares) + added, 0.0) / np.maximum(n - 1, 1) + added, float)


def _means(treated: float, effect: float, recall: float | None) -> dict[str, float]:
    """Give the shares of both arms, and what the linkage leaves of them."""
    untreated = treated - effect
    return {"mean_treated": treated, "mean_untreated": untreated, **_linkage_bound(treated, untreated, recall)}


def _say(d: StrataDesign, n: Array, least: Array, most: Array) -> None:
    """Say which cells are hidden or small and what noise is in them."""
    if hidden := int((most > least).sum()):
        note(f"{hidden} of {n.size} counts are hidden: the effect is known to lie between two ends")
    small = np.minimum(least, n - most) < few
    if small.any():
        doubt(f"{int(small.sum())} of {small.size} cells have fewer than {few} persons with or without the outcome")
    if d.epsilon is not None:
        note(f"every count carries noise of variance {d.noise_variance:.3g}, which the standard error holds")


def _linkage_bound(treated: float, untreated: float, recall: float | None) -> dict[str, float]:
    """Bound the effect by the persons that the linkage may have missed."""
    if recall is None:
        note("persons who were not found count as without the outcome: state recall= to bound what that does")
        return {}
    low, high = max(treated - untreated / recall, -1.0), min(treated / recall - untreated, 1.0)
    alike = (treated - untreated) / recall
    note(
        f"if the linkage found between {100 * recall:.0f} % and all of the true links in each arm, the effect is "
        f"between {low:+.3f} and {high:+.3f}; {alike:+.3f} if it found {100 * recall:.0f} % in both"
    )
    return {"recall": recall, "linkage_low": low, "linkage_high": high, "effect_at_recall": alike}


def _estimand(d: StrataDesign, contrast: Contrast) -> Estimand:
    period = str(d.about.get("period", "the list"))
    return Estimand(
        contrast=contrast,
        outcome=str(d.outcome),
        treatment=f"{d.treatment}, yes against no",
        population=averaged_over[contrast],
        horizon=f"persons of {period}" if "period" in d.about else "the persons of the list",
        scale="difference of shares",
    )
