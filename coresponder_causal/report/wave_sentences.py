"""Findings within persons, over waves and over drawn cases, in words."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.detectable import detectable_falls
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.specs import Sentence


def within_persons(result: Result) -> Sentence:
    """Say how a score changed with what persons met, whose answers could change, or between what that lies.

    Parameters
    ----------
    result : Result
        Of ``wave_change``, ``officer_ordinal``, ``wave_bounds`` or ``vignette_effects``; its first term is spoken of.

    Returns
    -------
    Sentence
        ``numbers``: ``estimate`` or ``set_low, set_high``, and ``conf_low, conf_high``, as in ``tidy()``, of odds as
        ratios.
    """
    ratio = result.scale == "log_ratio"
    row = result.tidy(scale="ratio" if ratio else None).iloc[0]
    said = words.number if ratio else words.signed
    outcome, exposure = (
        str(name).replace("_", " ") for name in (result.estimand.outcome, result.extra.get("exposure", ""))
    )
    names = ("set_low", "set_high") if result.kind == "set" else ("estimate",)
    numbers = Facts({name: float(row[name]) for name in (*names, "conf_low", "conf_high")})
    held = f"95 % interval {said(row['conf_low'])} to {said(row['conf_high'])}"
    unclear = row["conf_low"] <= float(ratio) <= row["conf_high"]
    doubt = ", which includes no change" if unclear else ""
    if result.kind == "set":
        ends = f"between {said(row['set_low'])} and {said(row['set_high'])}"
        text = (
            f"Whatever those who did not answer would have said, {outcome} changed by {ends} more among persons with "
            f"{exposure} than among others ({held}{doubt})."
        )
    elif result.method == "vignette_effects":
        against = next(iter(result.extra["against"]))  # type: ignore[call-overload]
        text = (
            f"In cases that differed by lot, {outcome} differed by {said(row['estimate'])} with {row['term']} against "
            f"{against} ({held}{doubt.replace('change', 'difference')})."
        )
    elif ratio:
        text = (
            f"Among persons whose answers changed, the odds of a higher answer on {outcome} were multiplied by "
            f"{said(row['estimate'])} per unit of {exposure}, beyond what changed for all ({held}{doubt})."
        )
    else:
        text = (
            f"Within persons, {outcome} changed by {said(row['estimate'])} per unit of {exposure}, beyond what changed "
            f"for all ({held}{doubt})."
        )
    return Sentence(text=text, numbers=numbers, support=result.support)


def detectable_within(result: Result) -> Sentence:
    """Say the smallest change within persons that the design would find four times in five.

    Parameters
    ----------
    result : Result
        As of `within_persons`.
    """
    numbers = within_persons(result).numbers
    if result.kind == "set":
        text = "No smallest detectable effect is stated: it hangs on who did not answer."
        return Sentence(text=text, numbers=numbers, support=result.support)
    least = -float(detectable_falls(result)[0])
    size = f"a change of {words.number(least)} either way"
    if result.scale == "log_ratio":
        size = f"an odds ratio of {words.number(np.exp(least))}, or of {words.number(np.exp(-least))}"
    text = f"The smallest effect this design would find four times in five is {size}."
    return Sentence(text=text, numbers=Facts({**numbers, "mde": least}), support=result.support)
