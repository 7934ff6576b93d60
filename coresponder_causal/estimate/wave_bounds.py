"""What the change of exposed and other persons can differ by, whatever those scored who stayed away.

Estimand: the difference in mean change from the first to the last wave, between persons exposed by then and not, of
which the data give the ends of a set. `lee`: that difference among persons who would answer either way.

Needs: a row for everybody asked, also where no answer came, and a range of the scale that is true. `lee` needs that
exposure moves answering one way in every person (check: wave_attrition), and the comparison itself that those exposed
would have changed as the others (check: wave_leads).

Estimator: worst case: a lost change lies between the ends of the scale less the person's own first score; those of one
arm at one end, those of the other at the other. lee: of the arm that answers more often, all but the highest, or the
lowest, share p = 1 − q₀/q₁ of changes, against all of the other.

Inference: derivatives of both ends in the weights of persons, that of p included; the interval holds the value itself
and not all of its set (Imbens and Manski), t(n − 2).

Breaks: bounds are wide where many are lost: that is what the data say. Persons without a first score are left out.

Reference: Manski 1990, doi:10.3386/t0094; Lee 2009, doi:10.1111/j.1467-937X.2009.00536.x; Imbens & Manski 2004,
doi:10.1111/j.1468-0262.2004.00555.x. Worked by hand, and simulated truth.

Say: Whatever those who did not answer would have said, {outcome} changed among exposed persons by {effect} more than
among others, at the least and at the most ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.partial_means import Ends, Moved, trimmed_difference, worst_case
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.wave_estimates import FirstToLast, estimand, first_to_last
from coresponder_causal.design.waves import WaveDesign

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Method = Literal["worst case", "lee"]
few = 20


@estimator(
    design=WaveDesign,
    contrasts=("difference in change",),
    reference="Manski 1990; Lee 2009; Imbens & Manski 2004",
    checked_against="worked by hand; simulated truth",
    setting="lost_waves",
)
def wave_bounds(
    d: WaveDesign, *, method: Method = "lee", least: float | None = None, most: float | None = None
) -> Result:
    """Bound the difference in change between exposed persons and others where some did not answer.

    Parameters
    ----------
    d : WaveDesign
    method : {"lee", "worst case"}
        Trimming, where exposure moves answering one way; or the ends of the scale for all who are lost.
    least, most : float, optional
        Ends of the scale, for the worst case; by default the lowest and highest score given, which is said.

    Returns
    -------
    Result
        A set, with one term ``effect``; ``extra`` holds the shares who answered, ``known_exposed`` and
        ``known_others``.

    Raises
    ------
    EstimationError
        Fewer than two persons of a kind who answered both times, or scores beyond the stated ends.

    References
    ----------
    Lee (2009), doi:10.1111/j.1467-937X.2009.00536.x.

    Examples
    --------
    >>> from coresponder_causal.core.notes import quietly
    >>> frame = pd.DataFrame({"p": np.repeat(range(8), 2), "wave": [0, 1] * 8, "rode": [0, 1] * 4 + [0, 0] * 4})
    >>> frame["y"] = [3, 2, 3, 1, 4, 2, 4, 3, 3, 3, 4, 4, 2, 3, 3, None]
    >>> d = WaveDesign.from_frame(frame, outcome="y", person="p", wave="wave", exposure="rode")
    >>> with quietly():
    ...     found = wave_bounds(d)
    >>> found.set_low.round(3).tolist(), found.set_high.round(3).tolist()
    ([-2.0], [-1.667])
    """
    pairs = first_to_last(d)
    known = np.isfinite(pairs.change)
    _require_answers(pairs, known)
    ends = _lee(pairs, known) if method == "lee" else _worst(d, pairs, known, least, most)
    n = len(known)
    slopes = np.column_stack([end.slope for end in ends]) * np.sqrt(n / (n - 2))
    bounds = np.array([end.value for end in ends])
    among = " who would answer either way" if method == "lee" else ""
    treatment = f"any {d.exposure} by the last wave"
    return Result(
        method="wave_bounds",
        estimand=estimand(d, "difference in change", "units of the outcome", treatment=treatment, among=among),
        terms=pd.DataFrame({"term": ["effect"]}),
        estimate=np.array([bounds.mean()]),
        vcov=np.array([[np.sum(slopes.mean(axis=1) ** 2)]]),
        df=np.array([n - 2.0]),
        scale="difference",
        kind="set",
        set_low=bounds[:1],
        set_high=bounds[1:],
        set_spread=np.sqrt((slopes**2).sum(axis=0))[None, :],
        support=pd.DataFrame({"term": ["effect"], "persons": n, "events": int(known.sum()), "units": n}),
        n_obs=n,
        n_units=n,
        extra=_facts(d, pairs, known),
    )


def _require_answers(pairs: FirstToLast, known: Flags) -> None:
    exposed, others = (int((known & arm).sum()) for arm in (pairs.exposed, ~pairs.exposed))
    if min(exposed, others) < 2:
        raise EstimationError(
            f"{exposed} exposed and {others} other persons answered on the first and the last wave",
            mend="bring two or more of each",
        )
    if min(exposed, others) < few:
        doubt(f"{min(exposed, others)} persons of a kind answered both times: the standard error is hardly known")


def _facts(d: WaveDesign, pairs: FirstToLast, known: Flags) -> Facts:
    exposed, others = (float(known[arm].mean()) for arm in (pairs.exposed, ~pairs.exposed))
    return Facts(
        {
            "exposure": d.exposure,
            "treated_units": int(pairs.exposed.sum()),
            "untreated_units": int((~pairs.exposed).sum()),
            "periods": 2,
            "adjustment": "four in five known" if min(exposed, others) >= 0.65 else "half known",
            "known_exposed": exposed,
            "known_others": others,
            "outcome_unit": str(d.outcome).replace("_", " "),
            "interval": f"of the value in its set, Imbens and Manski, t({len(known) - 2})",
        }
    )


def _lee(pairs: FirstToLast, known: Flags) -> Ends:
    """Trim the arm that answers more often."""
    exposed, others = pairs.exposed.astype(float), (~pairs.exposed).astype(float)
    more = known[pairs.exposed].mean() >= known[~pairs.exposed].mean()
    if abs(known[pairs.exposed].mean() - known[~pairs.exposed].mean()) < 0.01:
        note("both arms answer about as often: which one is trimmed is hardly known")
    if more:
        return trimmed_difference(pairs.change, known, exposed, others).ends
    nothing = Moved(0.0, np.zeros(len(known)))
    return Ends(nothing, nothing).minus(trimmed_difference(pairs.change, known, others, exposed).ends)


def _worst(d: WaveDesign, pairs: FirstToLast, known: Flags, least: float | None, most: float | None) -> Ends:
    """Put lost scores at the ends of the scale."""
    given = d.values()
    low, high = (float(edge(given)) if end is None else end for edge, end in ((np.nanmin, least), (np.nanmax, most)))
    if least is None or most is None:
        note(f"lost scores are taken to lie among those given: from {low:g} to {high:g}")
    if (given < low).any() or (given > high).any():
        raise EstimationError(f"scores lie beyond {low:g} to {high:g}", mend="state the ends of the scale")
    exposed, others = (
        worst_case(pairs.change, known, arm.astype(float), low - pairs.first, high - pairs.first)
        for arm in (pairs.exposed, ~pairs.exposed)
    )
    return exposed.minus(others)
