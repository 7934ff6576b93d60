"""What a check says: one assumption, one verdict, and whether the check could have seen a violation at all."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

import pandas as pd

from coresponder_causal.core.result import Result

Verdict = Literal["contradicts", "no contradiction found", "cannot tell", "reported", "not applicable"]
enough_power = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CheckResult:
    """The outcome of a check of one assumption.

    Parameters
    ----------
    check : str
        Name of the check.
    assumption : str
        The assumption in one sentence.
    verdict : {"contradicts", "no contradiction found", "cannot tell", "reported", "not applicable"}
        A check can contradict an assumption; none can establish it. One that only reports decides nothing.
    power : float or None
        Probability with which the check sees a violation as large as the estimate, where known.
    table : DataFrame
        The numbers behind the verdict.
    sentence : str
        The verdict with its numbers.
    course : DataFrame, optional
        What the check saw period by period.
    support : DataFrame, optional
        Persons, events and units behind the rows of ``table``, or behind all of it.
    sensitive : bool
        As of `Provenance`.
    breakdown : float, optional
        Size of the violation, on the scale that the check names, at which the finding is lost.
    none_at : float
        What ``breakdown`` would be if no violation were needed: 1 of ratios, else 0.
    strong : float
        How far ``breakdown`` lies from there for a violation that would count as strong: 0.1 of partial R², else 1.
    moves : float, optional
        Largest change of the estimate that the check shows, in its standard errors.
    could_change : float, optional
        Put there by `by_what_they_could_change`.
    """

    check: str
    assumption: str
    verdict: Verdict
    power: float | None
    table: pd.DataFrame
    sentence: str
    course: pd.DataFrame | None = None
    support: pd.DataFrame | None = None
    sensitive: bool = False
    breakdown: float | None = None
    none_at: float = 0.0
    strong: float = 1.0
    moves: float | None = None
    could_change: float | None = None

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.check}: {self.verdict}. {self.sentence}"


def not_applicable(check: str, assumption: str, why: str) -> CheckResult:
    """Return the verdict for a check that the design gives no means to make; nobody stands behind it."""
    return CheckResult(
        check=check,
        assumption=assumption,
        verdict="not applicable",
        power=None,
        table=pd.DataFrame(),
        sentence=why,
        support=pd.DataFrame({"persons": pd.Series(dtype=float)}),
    )


def judged(*, rejects: bool, power: float) -> Verdict:
    """Verdict of a test: a test that would rarely see a violation cannot tell, whatever it finds.

    Examples
    --------
    >>> judged(rejects=False, power=0.9), judged(rejects=False, power=0.1)
    ('no contradiction found', 'cannot tell')
    """
    if rejects:
        return "contradicts"
    return "no contradiction found" if power >= enough_power else "cannot tell"


def could_change(check: CheckResult, result: Result) -> float:
    """How much of the conclusion hangs on what a check looks at: from 0, nothing, to 1, it is contradicted.

    Parameters
    ----------
    check : CheckResult
    result : Result
        What was checked; its first term is looked at.

    Returns
    -------
    float
        1 where the check contradicts and 0 where it does not apply. In between, the first of these that is known: the
        largest change that the check shows over the distance of the estimate from another conclusion, both in standard
        errors (the distance is ||t| − critical value|), at most 1; the probability 1 − power with which a violation as
        large as the estimate goes unseen; 1 / (1 + the size of the violation that the finding survives, strong ones
        being 1). Where nothing is known it is the middle of what a check of that verdict can have: ¾ where it cannot
        tell, else ¼.

    Examples
    --------
    >>> from coresponder_causal.core.estimand import Estimand
    >>> about = Estimand(contrast="ATT", outcome="calls", treatment="0 to 70 hours", population="one city",
    ...                  horizon="30 months", scale="difference")
    >>> found = Result(method="example", estimand=about, terms=pd.DataFrame({"term": ["effect"]}), estimate=[3.0],
    ...                vcov=[[1.0]], df=[float("inf")], scale="difference", n_obs=72, n_units=11)
    >>> none = pd.DataFrame()
    >>> one = CheckResult(check="a", assumption="b", verdict="cannot tell", power=0.1, table=none, sentence="")
    >>> could_change(one, found), round(could_change(replace(one, moves=0.5), found), 2)
    (0.9, 0.48)
    """
    if check.verdict in ("contradicts", "not applicable"):
        return float(check.verdict == "contradicts")
    if known(check.moves):
        t = float(result.tidy()["statistic"].iloc[0])
        distance = abs(abs(t) - float(result.critical()[0]))
        return min(check.moves / distance, 1.0) if distance > 0 else 1.0
    if known(check.power):
        return 1.0 - check.power
    if known(check.breakdown):
        return 1.0 / (1.0 + max(check.breakdown - check.none_at, 0.0) / check.strong)
    return 0.75 if check.verdict == "cannot tell" else 0.25


def known(number: float | None) -> TypeGuard[float]:
    """Whether a check could tell a number: neither None nor NaN."""
    return number is not None and not math.isnan(number)


def by_what_they_could_change(checks: Iterable[CheckResult], result: Result) -> tuple[CheckResult, ...]:
    """Put first what contradicts, then what could change the conclusion most; see `could_change`.

    Parameters
    ----------
    checks : iterable of CheckResult
    result : Result
        What was checked.
    """
    weighed = [replace(one, could_change=could_change(one, result)) for one in checks]
    return tuple(sorted(weighed, key=lambda one: (one.verdict != "contradicts", -float(one.could_change or 0.0))))


def in_units(estimate: float, scale: str, mean: float) -> float:
    """Change of an outcome with a given mean that an estimate stands for.

    Examples
    --------
    >>> round(in_units(-0.223144, "log_ratio", 0.5), 3), in_units(-0.1, "difference", 0.5)
    (-0.1, -0.1)
    """
    return mean * math.expm1(estimate) if scale == "log_ratio" else estimate


def as_change(estimate: float, scale: str) -> str:
    """Estimate as a signed change: per cent of a log ratio, else in its own units.

    Examples
    --------
    >>> as_change(-0.223144, "log_ratio")
    '−20.0 %'
    """
    shown = f"{100 * math.expm1(estimate):+.1f} %" if scale == "log_ratio" else f"{estimate:+.3g}"
    return shown.replace("-", "−")
