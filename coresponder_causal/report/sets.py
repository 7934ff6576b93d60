"""Findings that are sets: what a difference can be, in words."""

from __future__ import annotations

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.effects import effects
from coresponder_causal.report.specs import Sentence


def turned_by_the_unknown(result: Result) -> bool:
    """Whether a result is a set whose ends have both signs, so that no number of calls could give it a direction.

    Parameters
    ----------
    result : Result
    """
    if result.kind != "set":
        return False
    ends = result.tidy().iloc[0]
    return bool(ends["set_low"] <= 0 <= ends["set_high"])


def between(result: Result) -> Sentence:
    """Say between what the first term lies, whatever is unknown, and whether that has a direction.

    Parameters
    ----------
    result : Result
        A set of calls.

    Returns
    -------
    Sentence
        ``numbers``: ``set_low, set_high, conf_low, conf_high`` as in ``tidy()``.

    Raises
    ------
    EstimationError
        If the set has no interval; read its bounds from ``tidy()``.
    """
    row, ends = effects(result).iloc[0], result.tidy().iloc[0]
    numbers = {key: float(ends[key]) for key in ("set_low", "set_high")}
    numbers |= {key: float(row[key]) for key in ("conf_low", "conf_high")}
    treatment = str(result.extra.get("treatment"))
    persons = result.method == "call_strata"
    what, named = "persons" if persons else "calls", treatment.replace("_", " ")
    plain = (f"{what} with {named}", "without it")
    those, others = (words.treated_persons if persons else words.treatments).get(treatment, plain)
    those = f"persons {those}" if persons and treatment in words.treated_persons else those
    hundred = bool(result.extra.get("yes_or_no"))
    unit = f" per 100 {what}" if hundred else f" {words.unit(result)}"
    low, high, least, most = (words.signed(round(value * (100 if hundred else 1), 9)) for value in numbers.values())
    held = numbers["conf_low"] <= 0 <= numbers["conf_high"]
    return Sentence(
        text=(
            f"Whatever is not known, the difference in {words.outcome(result)} between {those} and those {others} lies "
            f"between {low} and {high}{unit} (95 % interval {least} to {most})"
            f"{': its direction cannot be told' if held else ''}."
        ),
        numbers=Facts(numbers),
        support=result.support,
    )
