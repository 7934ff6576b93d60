"""Difference between calls in what their narratives tell, coded by a machine for all and by hand for a drawn sample.

Estimand: the difference of shares of the call design behind it, of calls that a hand would code yes; with two hands
the mean of what either would code.

Needs: comparable calls (check: balance, overlap); calls coded by hand drawn by lot, with a known chance above 0 of
every call (`design.double_sampling` draws); hands that code alike, blind to the arm.

Estimator: Ỹ = f + (R/π)(Y − f) into the weighted difference of means, with Y the hand's code, R whether it was drawn, π
its chance, and f = g the machine's code, however bad, or the arm's α + λg fitted to what the hands coded, by weights
w²(1 − π)/π² for which the variance is least. Where a second hand coded all, or a share by lot, of what the first
coded, half of the mean difference of their codes is added in either arm: the mean of both stands for Y. Beside it stand
the estimates by either hand alone, and the ends with every dispute settled for one arm and against the other.

Inference: derivatives in the weights of calls, with those of estimated weights; summed within persons; t(G − 1). A
sample of a fixed number is held for one in which each call is drawn by itself; α and λ move the difference in second
order only, and the error of each call is that from a line fitted without it.

Breaks: when hands code what they find interesting, or the chance is not known; few coded in an arm, where α and λ
follow them too closely; with a machine that tells nothing the hand's codes alone say as much. Two
hands that err alike agree: agreement proves nothing. Where they differ more in one arm, settle what the code means and
code again.

Reference: Egami, Hinck, Stewart & Wei 2023, doi:10.48550/arXiv.2306.04746; Angelopoulos et al. 2023,
doi:10.1126/science.adi6000; Angelopoulos, Duchi & Zrnic 2023, doi:10.48550/arXiv.2311.01453. Worked by hand, and
simulated truth.

Say: Among {population}, {outcome} differed by {effect} ({interval}); people read a sample drawn by lot.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.partial_means import Moved, mean
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_readers import changes, disputes
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.design.partly_known_estimates import Arm, arms, partial_result, point

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Code = Literal["given", "tuned"]
few, far, between_cells, alone = 30, 4.0, 0.17, 0.9


class _Foretold(NamedTuple):
    """What the machine makes expect of the hand's codes, how far each of these drew it to itself, its slope in g."""

    expected: Array
    leverage: Array
    slope: float


@estimator(
    design=PartlyKnownDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Egami, Hinck, Stewart & Wei 2023; Angelopoulos et al. 2023",
    checked_against="worked by hand; simulated truth",
    setting="narrative",
)
def call_narrative(d: PartlyKnownDesign, *, code: Code = "given") -> Result:
    """Let a sample coded by hand correct what a machine coded of all.

    Parameters
    ----------
    d : PartlyKnownDesign
        The outcome is the machine's code of every call, yes and no or a score; ``reviewed=`` the hand's, ``chance=``
        that of being coded by hand, and ``drawn=`` who was to be, where that is written down; ``reviewed_again=`` a
        second hand's code of all of these, or of a share drawn by lot.
    code : {"given", "tuned"}
        The machine's code as it is, or as it best foretells the hand's in each arm.

    Returns
    -------
    Result
        One term ``effect``; ``extra`` holds how many were coded by hand, the difference by the machine alone, and of
        ``"tuned"`` the slopes λ. With two hands ``effect`` is by the mean of their codes, and ``first_reader`` and
        ``second_reader`` follow; ``extra`` adds how many were coded twice, the share in dispute, by arm too, ``kappa``,
        and ``least_by_readers, most_by_readers``.

    Raises
    ------
    EstimationError
        Listing every broken rule: no hand's codes or no chance, calls without a machine's code, with a chance that is
        missing or 0, drawn and not coded or the reverse. An arm of which no call was coded, or
        none twice where there are two hands.

    References
    ----------
    Egami, Hinck, Stewart & Wei (2023), doi:10.48550/arXiv.2306.04746; Angelopoulos, Bates, Fannjiang, Jordan & Zrnic
    (2023), doi:10.1126/science.adi6000.

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.design import CallDesign
    >>> frame = pd.DataFrame({"attended": [1] * 4 + [0] * 4, "night": [0, 1] * 4, "chance": 0.5,
    ...                       "calmed": [1, 1, 1, 0, 1, 0, 0, 0], "by_hand": [1, 0, None, None] * 2})
    >>> frame = pd.concat([frame] * 20, ignore_index=True)
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> d = PartlyKnownDesign.from_calls(plain, outcome="calmed", reviewed="by_hand", chance="chance")
    >>> call_narrative(d).estimate.tolist(), call_narrative(d).extra["difference_by_machine"]
    ([0.0], 0.5)
    """
    _require_draw(d)
    ways, used = arms(d), d.calls.call_weights() > 0
    coded = used & np.isfinite(d.found())
    for arm, word in zip(ways, ("with", "without"), strict=True):
        _say_few(coded & (arm.weights > 0), f"calls {word} {d.calls.treatment}", "hands coded")
    _say_odd(coded, d.chances(), used)
    as_given = _Foretold(d.values(), np.zeros(len(coded)), 1.0)
    told = [_foretold(d, arm.weights, coded) if code == "tuned" else as_given for arm in ways]
    one, other = (_mean(d, arm, coded, own) for arm, own in zip(ways, told, strict=True))
    machine = [mean(d.values(), arm.weights).value for arm in ways]
    terms, facts = _by_two(d, ways, one.plus(other, -1.0))
    result = partial_result(
        d,
        "call_narrative",
        {term: point(value) for term, value in terms.items()},
        {
            "adjustment": "a tenth coded" if coded.sum() < between_cells * used.sum() else "a quarter coded",
            "yes_or_no": True,
            "coded": int(coded.sum()),
            "difference_by_machine": machine[0] - machine[1],
            **({"slope_treated": told[0].slope, "slope_untreated": told[1].slope} if code == "tuned" else {}),
            **facts,
        },
        bounded=False,
    )
    if facts:
        _say_disputes(result)
    return result


def _by_two(d: PartlyKnownDesign, ways: tuple[Arm, Arm], first: Moved) -> tuple[dict[str, Moved], dict[str, object]]:
    """Differences by the mean of two hands' codes and by either alone, and how far apart the hands are."""
    if d.reviewed_again is None:
        return {"effect": first}, {}
    codes, again, used = d.found(), d.found_again(), [arm.weights > 0 for arm in ways]
    for inside, word in zip(used, ("with", "without"), strict=True):
        _say_few(np.isfinite(again) & inside, f"calls {word} {d.calls.treatment}", "two hands coded")
    one, other = (changes(codes, again, arm.weights, d.chances()) for arm in ways)
    apart = one.second.plus(other.second, -1.0)
    whole, treated, untreated = (disputes(codes, again, inside) for inside in (used[0] | used[1], *used))
    terms = {"effect": first.plus(apart, 0.5), "first_reader": first, "second_reader": first.plus(apart)}
    return terms, {
        "coded_twice": whole.twice,
        "disputed": whole.share,
        "disputed_treated": treated.share,
        "disputed_untreated": untreated.share,
        "kappa": whole.kappa,
        "least_by_readers": first.value + one.least.value - other.most.value,
        "most_by_readers": first.value + one.most.value - other.least.value,
    }


def _say_disputes(result: Result) -> None:
    """Say how far two hands agree and what that does to the estimate; doubt a finding that is one hand's alone."""
    names = ("coded_twice", "disputed", "kappa", "least_by_readers", "most_by_readers")
    twice, share, kappa, least, most = (result.extra.number(name) for name in names)
    first, second = result.estimate[1:]
    note(
        f"two hands differ on {100 * share:.1f} % of {twice:.0f} calls (kappa {kappa:.2f}); the mean of their codes "
        f"counts. By the first alone the difference is {first:+.3f}, by the second alone {second:+.3f}, and between "
        f"{least:+.3f} and {most:+.3f} however their disputes are settled"
    )
    ends = np.sign(result.tidy()[["conf_low", "conf_high"]].to_numpy(float)[1:])
    if len({*np.where(ends[:, 0] == ends[:, 1], ends[:, 0], 0.0)}) > 1:
        doubt("the codes of the two hands, each taken alone, do not lead to the same finding")


def _require_draw(d: PartlyKnownDesign) -> None:
    """Refuse a design in which the chance of the hand's code is not known of every call."""
    for column, what in (
        (d.reviewed, "what hands coded"),
        (d.chance, "with which chance a call was to be coded by hand"),
    ):
        if column is None:
            raise EstimationError(f"the design does not say {what}", mend="name the columns: reviewed=, chance=")
    problems, used, coded = Problems("calls"), d.calls.call_weights() > 0, np.isfinite(d.found())
    drawn = coded if d.drawn is None else d.was_drawn()
    for where, what, mend in (
        (~d.seen(), "have no code by the machine", "let it code every narrative"),
        (~(d.chances() > 0), "have no chance above 0 of being coded by hand", "draw among all calls"),
        (drawn & ~coded, "were drawn and not coded by hand", "code them"),
        (coded & ~drawn, "were coded by hand and not drawn", "blank their hand's code"),
    ):
        if (rows := np.flatnonzero(where & used)).size:
            problems.add(f"{len(rows)} calls {what}", mend=mend, rows=rows)
    problems.raise_if_any(EstimationError)


def _say_few(coded: Flags, whose: str, did: str) -> None:
    """Refuse an arm without hand's codes, and say where they are few."""
    many = int(coded.sum())
    if many == 0:
        raise EstimationError(f"{did} none of the {whose}", mend="draw within arms, as double_sampling does")
    if many < few:
        doubt(f"{did} {many} of the {whose}: what the machine gets wrong is hardly known")


def _say_odd(coded: Flags, chance: Array, used: Flags) -> None:
    """Say how many were coded, and doubt chances that do not fit it."""
    many, expected = int(coded.sum()), float(chance[used].sum())
    note(f"hands coded {many} of {int(used.sum())} calls, and their chances add to {expected:.1f}")
    if abs(many - expected) > far * float(np.sqrt((chance * (1 - chance))[used].sum())) + 1:
        doubt(f"{many} calls coded by hand do not fit chances that add to {expected:.1f}")


def _foretold(d: PartlyKnownDesign, weights: Array, coded: Flags) -> _Foretold:
    """Line α + λg of an arm for which the variance of its mean is least; g itself where every chance is 1."""
    used, machine = coded & (weights > 0), d.values()
    chance = d.chances()[used]
    root = weights[used] * np.sqrt(1 - chance) / chance
    leverage = np.zeros(len(machine))
    if not root.any():
        return _Foretold(machine, leverage, 1.0)
    known = root[:, None] * np.column_stack([np.ones(int(used.sum())), machine[used]])
    start, slope = np.linalg.lstsq(known, root * d.found()[used])[0]
    leverage[used] = np.einsum("ij,ji->i", known, np.linalg.pinv(known))
    if (leverage > alone).any():
        doubt("one call coded by hand is nearly alone with its code by the machine, which is tuned to it")
    return _Foretold(start + slope * machine, np.minimum(leverage, alone), float(slope))


def _mean(d: PartlyKnownDesign, arm: Arm, coded: Flags, told: _Foretold) -> Moved:
    """Mean over an arm of f + (R/π)(Y − f); the error of each in its slope is that from a line without it."""
    error = np.where(coded, d.found() - told.expected, 0.0)
    error = np.divide(error, d.chances(), out=np.zeros(len(error)), where=coded)
    value = mean(told.expected + error, arm.weights).value
    return Moved(value, mean(told.expected + error / (1 - told.leverage), arm.weights).slope)
