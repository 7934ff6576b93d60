"""Effects as ratios and as events averted per 1,000 eligible calls, of those received and of those attended.

With θ the log ratio and p the share of calls at which the outcome was seen with the programme, taken as counted, what
is averted of 1,000 calls is 1000 p (e^(−θ) − 1); of calls themselves, of 1,000 expected, 1000 (1 − e^θ); of a
difference d of shares −1000 d, and its ratio is p / (p − d). All are monotone in the estimate: intervals carry over.

An effect of the team being on duty (ITT) is one on attended calls (ATT) times the share a of calls attended, if it
works through attendance alone. The sampling error of a joins that of the effect side by side (MOVER): with A the
effect, l and h its bounds, the ends of A/a lie √[((A − l)/a)² + (A z s_a/a²)²] below and
√[((h − A)/a)² + (A z s_a/a²)²] above it.

Reference: Zou & Donner (2008), doi:10.1002/sim.3095.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import critical
from coresponder_causal.core.result import Result
from coresponder_causal.decide.assumptions import at_receipt
from coresponder_causal.design import CallDesign, CallInstrumentDesign

Array = NDArray[np.float64]
per_calls = 1000.0
of_attended = ("ATT", "ATO", "ATM", "ATE", "LATE")


class Bounds(NamedTuple):
    """An estimate and its interval; the estimate is NaN where only a set is known."""

    estimate: float
    low: float
    high: float

    def flipped(self, factor: float) -> Bounds:
        """Bounds of ``-factor`` times the quantity."""
        return Bounds(-factor * self.estimate, -factor * self.high, -factor * self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Share of eligible calls received in the team's hours that it attended.

    Parameters
    ----------
    share, std_error : float
    """

    share: float
    std_error: float

    @classmethod
    def of_calls(cls, attended: pd.Series, cluster: pd.Series | None = None) -> Self:
        """Count it; its error allows for calls of one cluster, such as a week, that go together.

        Parameters
        ----------
        attended : Series of bool
            Of eligible calls received in the team's hours; missing ones are left out.
        cluster : Series, optional

        Raises
        ------
        DesignError
            If no call was attended, or fewer than two clusters stand behind the share.

        Examples
        --------
        >>> Attendance.of_calls(pd.Series([True, False, True, False]), pd.Series([1, 1, 2, 2])).share
        0.5
        """
        known = attended.dropna().astype(float)
        groups = known.index.to_series() if cluster is None else cluster.loc[known.index]
        many = groups.nunique()
        if many < 2 or not known.any():
            raise DesignError(
                f"{int(known.sum())} attended calls in {many} clusters", mend="give the eligible calls of the hours"
            )
        share = float(known.mean())
        sums = (known - share).groupby(groups.to_numpy()).sum()
        spread = float(np.sqrt((sums**2).sum() * many / (many - 1)) / len(known))
        return cls(share=share, std_error=spread)


class Converted(NamedTuple):
    """A result as a log ratio and in events averted, with what could not be told and why."""

    log_ratio: Bounds | None
    itt: Bounds | None
    att: Bounds | None
    unknown: tuple[str, ...]


def converted(
    result: Result,
    *,
    kind: str,
    design: object = None,
    shares: Mapping[str, float] | None = None,
    attendance: Attendance | None = None,
) -> Converted:
    """Tell the first term of a result as a ratio and as events averted per 1,000 eligible calls.

    Parameters
    ----------
    result : Result
    kind : str
        "bundle", "ITT" or one of calls attended.
    design : optional
        The design it was made from.
    shares : mapping of str to float, optional
        Share of eligible calls with each outcome, as counted with the programme.
    attendance : Attendance, optional

    Returns
    -------
    Converted
    """
    row = result.tidy().iloc[0]
    point = np.nan if result.kind == "set" else float(row["estimate"])
    found = Bounds(point, float(row["conf_low"]), float(row["conf_high"]))
    if result.kind == "set" and result.set_spread is None:
        found = Bounds(np.nan, float(row["set_low"]), float(row["set_high"]))
    base, unknown = _base(result, design, shares), []
    ratio = found if result.scale == "log_ratio" else _as_log_ratio(result, found, base)
    if ratio is None:
        unknown.append("no ratio: a difference without a share of calls behind it")
    averted = _averted(result, found, base)
    if averted is None:
        unknown.append("not in events: no share of eligible calls with this outcome was given")
        return Converted(ratio, None, None, tuple(unknown))
    if kind in of_attended:
        other, why = _to_itt(averted, kind, result, attendance)
        return Converted(ratio, other, averted, (*unknown, *([f"no ITT: {why}"] if other is None else [])))
    other, why = _to_att(averted, kind, result, attendance)
    return Converted(ratio, averted, other, (*unknown, *([f"no ATT: {why}"] if other is None else [])))


def _base(result: Result, design: object, shares: Mapping[str, float] | None) -> float:
    """Share of calls with the outcome, as counted with the programme; NaN where it is not known."""
    if "mean_treated" in result.extra and result.extra.get("yes_or_no"):
        return result.extra.number("mean_treated")
    if isinstance(design, CallInstrumentDesign):
        design = design.calls
    if isinstance(design, CallDesign) and result.extra.get("yes_or_no"):
        return float(design.outcome_values()[design.treated].mean())
    return float((shares or {}).get(result.estimand.outcome, np.nan))


def _as_log_ratio(result: Result, found: Bounds, base: float) -> Bounds | None:
    """Return log(p / (p − d)); a difference as large as p has no upper limit."""
    if not (base > 0 and result.extra.get("yes_or_no")):
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = [np.log(base) - np.log(base - d) if d < base else np.inf for d in found]
    return Bounds(np.nan if np.isnan(found.estimate) else float(ends[0]), float(ends[1]), float(ends[2]))


def _averted(result: Result, found: Bounds, base: float) -> Bounds | None:
    if result.scale == "difference":
        return found.flipped(per_calls) if result.extra.get("yes_or_no") else None
    if result.estimand.outcome == at_receipt:
        return Bounds(*np.expm1(found)).flipped(per_calls)
    if not base > 0:
        return None
    turned = found.flipped(1.0)
    return Bounds(*(per_calls * base * np.expm1(turned)))


def _to_att(averted: Bounds, kind: str, result: Result, attendance: Attendance | None) -> tuple[Bounds | None, str]:
    if kind == "bundle":
        return None, "a bundle does not work through attended calls alone"
    if result.estimand.outcome == at_receipt:
        return None, "calls that do not come cannot be attended"
    if attendance is None:
        return None, "no share of calls attended was given"
    return over_share(averted, attendance), ""


def _to_itt(averted: Bounds, kind: str, result: Result, attendance: Attendance | None) -> tuple[Bounds | None, str]:
    if kind != "ATT":
        return None, f"the {kind} is of other calls than those attended"
    if attendance is None:
        return None, "no share of calls attended was given"
    return times_share(averted, attendance), ""


def over_share(effect: Bounds, attendance: Attendance) -> Bounds:
    """Divide an effect by the share attended, with the sampling error of both.

    Examples
    --------
    >>> over_share(Bounds(10.0, 4.0, 16.0), Attendance(share=0.5, std_error=0.0))
    Bounds(estimate=20.0, low=8.0, high=32.0)
    """
    a, error = attendance.share, float(critical(np.inf)) * attendance.std_error / attendance.share
    return _widened(Bounds(effect.estimate / a, effect.low / a, effect.high / a), error)


def times_share(effect: Bounds, attendance: Attendance) -> Bounds:
    """Multiply an effect by the share attended, with the sampling error of both."""
    a, error = attendance.share, float(critical(np.inf)) * attendance.std_error / attendance.share
    return _widened(Bounds(effect.estimate * a, effect.low * a, effect.high * a), error)


def _widened(found: Bounds, error: float) -> Bounds:
    """Add a relative error to both sides; the ends of a set, which has no estimate, are moved by their own size."""
    if np.isnan(found.estimate):
        return Bounds(np.nan, found.low - abs(found.low) * error, found.high + abs(found.high) * error)
    own = abs(found.estimate) * error
    low, high = (float(np.hypot(found.estimate - end, own)) for end in (found.low, found.high))
    return Bounds(found.estimate, found.estimate - low, found.estimate + high)
