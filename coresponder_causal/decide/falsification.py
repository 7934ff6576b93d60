"""Whether checks contradict a design, with Holm's correction over all that may contradict for one outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from coresponder_causal.core.inference import holm
from coresponder_causal.core.verdict import CheckResult

Status = Literal["contradicted", "not contradicted", "cannot tell", "not run"]
tests = (
    "break_date", "control_outcomes", "exclusion", "holding", "hour_profile", "leniency_balance", "leniency_monotone",
    "placebo_boundaries", "placebo_dates", "placebo_exposure", "pre_period", "reduced_form_before",
)  # fmt: skip
"""Checks whose table holds p-values of the assumption itself; others stand as they are."""


class Falsified(NamedTuple):
    """What the checks of a design say, and which contradict it."""

    status: Status
    by: tuple[str, ...] = ()
    tried: int = 0


def falsified(
    checks: Sequence[Sequence[CheckResult]], *, named: Sequence[str | None] = (), level: float = 0.95
) -> list[Falsified]:
    """Say of each design of one outcome whether its checks contradict it.

    A check that contradicts by a test does so only if its p-value is small after Holm's correction over the tests of
    all these designs; one that contradicts otherwise does as it is.

    Parameters
    ----------
    checks : sequence of sequences of CheckResult
        Of each design.
    named : sequence of str or None
        The one check named beforehand for each design; None, or nothing given: every check may contradict.
    level : float

    Returns
    -------
    list of Falsified

    Examples
    --------
    >>> falsified([[]])
    [Falsified(status='not run', by=(), tried=0)]
    """
    names = list(named) or [None] * len(checks)
    deciding = [
        [one for one in made if _decides(one) and name in (None, one.check)]
        for made, name in zip(checks, names, strict=True)
    ]
    places = [(i, one.check) for i, made in enumerate(deciding) for one in made]
    raw = np.array([_p_value(one) for made in deciding for one in made])
    adjusted = raw.copy()
    known = np.isfinite(raw)
    if known.any():
        adjusted[known] = holm(raw[known])
    corrected = dict(zip(places, adjusted, strict=True))
    return [_said(i, made, corrected, 1 - level) for i, made in enumerate(deciding)]


def _decides(check: CheckResult) -> bool:
    return check.verdict not in ("reported", "not applicable")


def _p_value(check: CheckResult) -> float:
    """Smallest p-value of a check, corrected for the number of its own tests; NaN where it has none."""
    if check.check not in tests:
        return float("nan")
    column = next((name for name in ("p_holm", "p_value") if name in check.table), None)
    return float("nan") if column is None or check.table.empty else float(check.table[column].min())


def _said(
    place: int, made: Sequence[CheckResult], corrected: Mapping[tuple[int, str], float], size: float
) -> Falsified:
    if not made:
        return Falsified("not run")
    against = tuple(
        one.check for one in made if one.verdict == "contradicts" and not corrected[place, one.check] > size
    )
    if against:
        return Falsified("contradicted", against, len(made))
    told = any(one.verdict == "no contradiction found" for one in made)
    return Falsified("not contradicted" if told else "cannot tell", (), len(made))
