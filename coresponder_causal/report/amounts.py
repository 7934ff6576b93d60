"""Amounts and intervals of a result's first term in words, each in the unit that readers know."""

from __future__ import annotations

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.against import description
from coresponder_causal.report.effects import effects


def interval_said(result: Result) -> str:
    """Write the 95 % interval in percent, per hundred calls or persons, or in the unit of the outcome."""
    row = effects(result).iloc[0]
    predicted = result.extra.get("interval") == "prediction interval" and row["term"] != description
    kind = "prediction interval" if predicted else "interval"
    if result.scale == "log_ratio":
        return f"95 % {kind} {words.percent(row['conf_low'])} to {words.percent(row['conf_high'])}"
    if by_hundred(result) > 1:
        low, high = (words.percent(100 * row[end]).removesuffix(" %") for end in ("conf_low", "conf_high"))
        return f"95 % {kind} {low} to {high} per 100 {_each(result)}"
    return f"95 % {kind} {words.signed(row['conf_low'])} to {words.signed(row['conf_high'])} {row['unit']}"


def amount_said(result: Result, value: float) -> str:
    """Write the size of a value, without its sign."""
    if result.scale == "log_ratio":
        return words.percent_size(value)
    if by_hundred(result) > 1:
        return f"{words.percent_size(100 * value).removesuffix(' %')} per 100 {_each(result)}"
    return f"{words.number(abs(value))} {words.unit(result)}"


def _each(result: Result) -> str:
    """Name what shares are of."""
    return "persons" if result.method == "call_strata" else "calls"


def by_hundred(result: Result) -> float:
    """Return 100 where a share is told per 100 calls or persons: what happens at a call or does not."""
    return 100.0 if result.scale == "difference" and result.extra.get("yes_or_no") else 1.0


def numbers_said(result: Result) -> Facts:
    """Return the numbers of a sentence: as ``tidy()`` has them, and as they are shown."""
    raw, shown, factor = result.tidy().iloc[0], effects(result).iloc[0], by_hundred(result)
    told = {"shown": "estimate", "shown_mde": "mde", "shown_low": "conf_low", "shown_high": "conf_high"}
    return Facts(
        {name: float(raw[name]) for name in ("estimate", "conf_low", "conf_high")}
        | {"df": float(shown["df"])}
        | {name: factor * float(shown[column]) for name, column in told.items()}
    )
