"""What would avert most: calls that the team could reach and does not, each worth what an attended call is.

A change brings the team to c more calls a year; with e events averted per attended call it averts c·e more, with the
errors of both (`converted.times_share`). It takes the calls reached to be like those attended.

Reference: Zou & Donner (2008), doi:10.1002/sim.3095.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.decide.account import Effect
from coresponder_causal.decide.converted import Attendance, Bounds, times_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One thing that could be done otherwise.

    Parameters
    ----------
    what : str
        Such as reach in shift, calls labelled otherwise, more hours.
    calls : float or None
        Calls a year that it would bring the team to, over 0; None where the tables do not tell.
    std_error : float
    needs : str
        Field that would tell, where ``calls`` is None.
    """

    what: str
    calls: float | None = None
    std_error: float = 0.0
    needs: str = ""


def reach(received: float, attended: float, target: float) -> Lever:
    """Attend a larger share of the eligible calls received in the team's hours.

    Parameters
    ----------
    received, attended : float
        Eligible calls a year in the team's hours, and those attended; taken as counted.
    target : float
        Share attended that is aimed at.

    Raises
    ------
    DesignError
        If the target is not above the share attended, or not a share.

    Examples
    --------
    >>> reach(2000.0, 800.0, 0.6).calls
    400.0
    """
    if not attended / received < target <= 1:
        raise DesignError(
            f"a target of {target:g} where {attended / received:.2f} are attended",
            mend="give a share above that one, and not above 1",
        )
    return Lever(what=f"attend {100 * target:g} % of the calls in shift", calls=target * received - attended)


def improve(effect: Effect, levers: Sequence[Lever]) -> pd.DataFrame:
    """Rank what could be done otherwise by the events that it would avert.

    Parameters
    ----------
    effect : Effect
        Of attended calls.
    levers : sequence of Lever

    Returns
    -------
    DataFrame
        ``what, calls, averted, low, high`` (more a year, with 95 % ends) and ``said``, the largest first; what the
        tables do not tell comes last, with the field that it needs.

    Raises
    ------
    DesignError
        If the effect is not one of attended calls, is a set, or is not told in events, or a change reaches no call.
    """
    result = effect.result
    if result.estimand.contrast != "ATT" or result.scale != "difference" or result.kind == "set":
        raise DesignError(
            f"{result.method} gives no number of events averted per attended call",
            mend="give a difference of shares among attended calls (ATT)",
        )
    if any(lever.calls is not None and not lever.calls > 0 for lever in levers):
        raise DesignError("a change that brings the team to no call", mend="give calls over 0, or None with the field")
    each, (low, high) = effect.averted(result.estimate[:1])[0] / effect.per_year, effect.bounds
    ends = low / effect.per_year, high / effect.per_year
    rows = [_row(lever, float(each), ends) for lever in levers]
    frame = pd.DataFrame(rows, columns=["what", "calls", "averted", "low", "high", "said"])
    return frame.sort_values("averted", ascending=False, na_position="last", kind="stable", ignore_index=True)


def _row(lever: Lever, each: float, ends: tuple[float, float]) -> tuple[str, float, float, float, float, str]:
    if lever.calls is None:
        said = f"not computable from these tables: needs {lever.needs}"
        return lever.what, np.nan, np.nan, np.nan, np.nan, said
    found = times_share(Bounds(each, *ends), Attendance(share=lever.calls, std_error=lever.std_error))
    said = "" if ends[0] > 0 else "may avert none: the effect's interval holds no effect"
    return lever.what, lever.calls, *found, said
