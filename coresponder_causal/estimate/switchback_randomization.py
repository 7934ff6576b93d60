"""Half-days covered by lot against half-days that were not, judged by redrawing the lot.

Estimand: the intention-to-treat effect of a covered half-day on the rate of the outcome in that half-day, as the plan
drew it, whether or not the shift was staffed; per attended call where the link is the identity and attendance is known.

Needs: a plan drawn by lot from a stated law and kept as drawn; outcomes recorded alike in covered and uncovered blocks;
calls chosen by fields known before dispatch; no effect that outlasts a block, or the minutes left out at its beginning,
or `order` blocks; outcomes that coverage cannot touch did not move (check: control_outcomes).

Estimator: with W_b = 1 where block b is covered, Y_b its events and q the share of weeks in which its clock block is
covered, the Mantel–Haenszel rate ratio with clock blocks as strata: log Σ W_b (1 − q) Y_b − log Σ (1 − W_b) q Y_b. As
every week covers equally many blocks, weeks cancel. With order 1 Hájek's means over blocks covered, and over blocks
uncovered, twice in a row, each weighted by one over the probability of that in the law. Link "identity": the
differences of the same means, per block; divided by that of attended calls it is the effect per attended call.

Inference: the plan is drawn again from its own law; p = (1 + redraws at least as extreme)/(1 + redraws), exact for no
effect whatever the outcomes are, and never below 1/(1 + redraws). The interval holds the effects that this test does
not reject, each imposed on the counts: multiplicative or additive, of the same size in every block, with order 1 half
of it where one of the two blocks is covered. The standard error is the deviation of redraws at the estimate.

Breaks: when the plan is changed after it was drawn, or shifts are moved to busy days; when effects outlast the blocks
allowed for, which draws the estimate towards no effect; with few events the interval is wide, plan the weeks first with
switchback_power. It says nothing of hours outside the trial or of the programme as a whole: for these call_coverage.

Reference: Bojinov, Simchi-Levi & Zhao 2023, doi:10.1287/mnsc.2022.4583; Mantel & Haenszel 1959,
doi:10.1093/jnci/22.4.719. Checked by hand, by a full enumeration and against simulated truth.

Say: In the half-days that the lot gave to the team in {city}, {outcome} changed by {itt} ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import randomization
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.randomization import Contrast, Weights
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.switchback import SwitchbackDesign, attended

Array = NDArray[np.float64]
Link = Literal["log", "identity"]
law_draws, law_seed = 10_000, 0  # of the joint probabilities of neighbouring blocks
few_events = 20


@estimator(
    design=SwitchbackDesign,
    contrasts=("ITT of coverage", "ATT of attendance"),
    reference="Bojinov, Simchi-Levi & Zhao 2023; Mantel & Haenszel 1959",
    checked_against="worked by hand, full enumeration and simulated truth",
)
def switchback_randomization(
    d: SwitchbackDesign,
    *,
    link: Link = "log",
    order: Literal[0, 1] = 0,
    replications: int = 1999,
    seed: int = 1,
) -> Result:
    """Covered against uncovered blocks, with a randomization test under the law of the plan.

    Parameters
    ----------
    d : SwitchbackDesign
    link : {"log", "identity"}
        Log ratio of rates, or difference of events per block.
    order : {0, 1}
        Blocks over which an effect may last after its own.
    replications : int
        Redraws of the plan.
    seed : int
        Seed of the redraws.

    Returns
    -------
    Result
        Terms ``itt`` and, with the identity link, order 0 and attended calls in covered blocks alone,
        ``per_attended_call``.

    Raises
    ------
    EstimationError
        If covered or uncovered blocks hold no event, or fewer than 19 redraws are asked for.

    References
    ----------
    Bojinov, Simchi-Levi & Zhao (2023), Design and analysis of switchback experiments,
    doi:10.1287/mnsc.2022.4583.

    Examples
    --------
    >>> from coresponder_causal.design import switchback_schedule
    >>> plan = switchback_schedule(weeks=7, start="2027-01-04", city="Davis", seed=1)
    >>> counts = plan.frame.assign(calls=lambda block: 4 - 2 * block["covered"] + block["week"])
    >>> d = SwitchbackDesign.from_tables(counts[["shift_start", "calls"]], plan, outcome="calls")
    >>> switchback_randomization(d, link="identity").estimate.round(9).tolist()
    [-2.0]
    """
    if replications < 19:
        raise EstimationError(f"{replications} redraws cannot show 5 %", mend="ask for 1999 or more")
    events = d.outcome_values()
    inside = float(events[d.covered.ravel()].sum()), float(events[~d.covered.ravel()].sum())
    if min(inside) == 0:
        raise EstimationError(
            f"{inside[0]:g} events in covered and {inside[1]:g} in uncovered blocks", mend="wait for more weeks"
        )
    if min(inside) < few_events:
        doubt(f"{inside[0]:g} events in covered and {inside[1]:g} in uncovered blocks: an effect can hardly be seen")
    own, redrawn = _weights(d, order, replications, seed)
    doses = randomization.dose(d.covered, order=order)
    contrast = randomization.log_ratio if link == "log" else randomization.difference
    found = {"itt": contrast(own, redrawn, events, doses)}
    if link == "identity" and order == 0:
        found |= _per_attended(d, own, redrawn, events)
    if not np.isfinite(found["itt"].estimate):
        raise EstimationError("no block with the history wanted holds an event", mend="use order=0, or wait")
    return _result(d, found, link, order)


def _weights(d: SwitchbackDesign, order: int, replications: int, seed: int) -> tuple[Weights, Weights]:
    """Weights of the blocks under the plan and under its redraws."""
    redraws = d.redraws(replications, seed=seed)
    if order == 0:
        return randomization.mantel_haenszel_weights(d.covered), randomization.mantel_haenszel_weights(redraws)
    histories = randomization.like_histories(d.redraws(law_draws, seed=law_seed), order=order)
    known = Weights(*(history.mean(axis=0) for history in histories))
    own, drawn = (randomization.hajek_weights(plan, known, order=order) for plan in (d.covered, redraws))
    if not (own.covered.any() and own.uncovered.any()):
        raise EstimationError(f"no block follows {order} uncovered ones", mend="use order=0, or wait for more weeks")
    return own, drawn


def _per_attended(d: SwitchbackDesign, own: Weights, redrawn: Weights, events: Array) -> dict[str, Contrast]:
    """Effect of one attended call, where the team attended in covered blocks alone (Bloom)."""
    if attended not in d.source or d.outcome == attended:
        return {}
    calls = d.source[attended].to_numpy(float)
    crossed = int(calls[~d.covered.ravel()].sum())
    if crossed or not calls.any():
        note(
            f"{crossed} calls were attended in uncovered blocks and {int(calls.sum())} in all: no effect per attended "
            "call is given"
        )
        return {}
    return {"per_attended_call": randomization.difference(own, redrawn, events, calls)}


def _result(d: SwitchbackDesign, found: dict[str, Contrast], link: Link, order: int) -> Result:
    terms, contrasts, events = list(found), list(found.values()), d.outcome_values()
    variances = [one.std_error**2 for one in contrasts]
    redraws = len(contrasts[0].crossings)
    about = {
        "city": d.city,
        "start": d.start,
        "interval": "effects that the randomization test does not reject",
        "p_floor": 1 / (1 + redraws),
        "redraws": redraws,
        "order": order,
        "mean_events": float(events.sum() / d.weeks),
        "covered_events": float(events[d.covered.ravel()].sum()),
        "outcome_unit": f"{d.outcome} per half-day",
    }
    if attended in d.source:
        calls = d.source.loc[d.covered.ravel()]
        about["attended_per_covered_block"] = float(calls[attended].mean())
    return Result(
        method="switchback_randomization",
        estimand=_estimand(d, link),
        terms=pd.DataFrame({"term": terms}),
        estimate=np.array([one.estimate for one in contrasts]),
        vcov=np.where(np.eye(len(terms)) == 1, variances, np.nan),
        df=np.full(len(terms), np.inf),
        crossings=np.array([one.crossings for one in contrasts]),
        scale="log_ratio" if link == "log" else "difference",
        support=pd.DataFrame({"term": terms, "persons": np.nan, "events": events.sum(), "units": len(events)}),
        n_obs=len(events),
        n_units=d.calendar.law.slots,
        extra=Facts(about),
    )


def _estimand(d: SwitchbackDesign, link: Link) -> Estimand:
    return Estimand(
        contrast="ITT of coverage",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=f"half-days of the trial in {d.city}",
        horizon=f"{d.weeks} weeks from {d.start}",
        scale="ratio of rates" if link == "log" else f"{d.outcome} per half-day",
    )
