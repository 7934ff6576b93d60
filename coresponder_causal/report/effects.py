"""A result's terms as they are shown: percent changes, counts, and the smallest effect the design would find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.detectable import detectable_falls
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.result import Result
from coresponder_causal.report import words

of_sets = ("set_low", "set_high")


def effects(result: Result) -> pd.DataFrame:
    """One row per term in the unit in which it is read.

    Parameters
    ----------
    result : Result
        Points with intervals, on either scale, or sets with intervals of the value in them.

    Returns
    -------
    DataFrame
        ``term, unit, estimate, conf_low, conf_high, df, p_value, mde``: log ratios g as percent changes
        100 (exp(g) − 1), differences and events as they are. ``mde`` is the smallest fall that a two-sided 5 % test
        finds four times in five (missing for terms in events and of randomization tests; infinite where a rank test
        can find none). Of sets estimate and ``mde`` are missing, and their ends stand in ``set_low, set_high``.

    Raises
    ------
    EstimationError
        If the result is a set of values without an interval; read its bounds from ``tidy()``.

    References
    ----------
    Detectable effects: Bloom (1995), doi:10.1177/0193841X9501900504.
    """
    bounded = result.kind == "set"
    if bounded and result.set_spread is None:
        raise EstimationError(
            f"{result.method} bounds its terms and gives no point to report", mend="read set_low, set_high from tidy()"
        )
    shown = result.tidy()
    in_events = counted_in_events(result)
    fall = detectable_falls(result)
    if bounded:  # it has no single value
        shown["estimate"] = np.nan
    shown["mde"] = np.where(in_events, np.nan, fall)
    if result.scale == "log_ratio":
        for name in ("estimate", "conf_low", "conf_high", "mde", *(of_sets if bounded else ())):
            with np.errstate(over="ignore"):  # an upper limit without bound
                percent = 100 * np.expm1(shown[name].mask(in_events))
            shown[name] = np.where(in_events | np.isneginf(shown[name]) & (name == "mde"), shown[name], percent)
    shown["df"] = result.df
    shown["unit"] = [_unit(result, str(term), events) for term, events in zip(shown["term"], in_events, strict=True)]
    columns = ["term", "unit", "estimate", "conf_low", "conf_high", "df", "p_value", "mde"]
    return shown[[*columns, *(of_sets if bounded else ())]]


def counted_in_events(result: Result) -> pd.Series:
    """Return which terms that are numbers of events over all periods, not effects per period."""
    averted = result.terms["term"].eq("averted")
    return averted if result.event_base is None else averted | np.isfinite(result.event_base)


def _unit(result: Result, term: str, in_events: bool) -> str:
    if in_events:
        return result.estimand.outcome.replace("_", " ")
    own = str(result.extra.get(f"unit_{term}", words.unit(result)))
    unit = "%" if result.scale == "log_ratio" else own
    return f"{unit} per period" if term == "slope_change" else unit
