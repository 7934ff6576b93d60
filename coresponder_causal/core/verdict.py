"""What a check says: one assumption, one verdict, and whether the check could have seen a violation at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

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
