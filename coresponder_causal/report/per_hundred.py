"""A finding as how many of a hundred: in words that need no statistics, and as one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest
from coresponder_causal.report import words
from coresponder_causal.report.against import comparisons
from coresponder_causal.report.effects import effects
from coresponder_causal.report.specs import Picture, Sentence
from coresponder_causal.report.words import of_hundred

hundred = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PerHundred:
    """A finding in hundredths.

    Parameters
    ----------
    base : float
        What is expected without the programme: of a hundred calls, or a hundred; NaN where only a difference is known.
    value, low, high : float
        What was found, and all that fits the data; of a difference the difference itself. Of a set ``value`` is NaN.
    uncertain_base : bool
        Whether ``low`` and ``high`` are those of ``base``: what was counted is certain, what it would have been is not.
    unit : str
        What is counted of the hundred.
    """

    base: float
    value: float
    low: float
    high: float
    uncertain_base: bool
    unit: str


def per_hundred(result: Result) -> PerHundred | None:
    """Return the headline of a result in hundredths; None where it is an amount, not a share or a ratio.

    Parameters
    ----------
    result : Result

    Examples
    --------
    >>> from coresponder_causal.core.estimand import Estimand
    >>> about = Estimand(contrast="ATT", outcome="calls", treatment="0 to 70 hours", population="one city",
    ...                  horizon="30 months", scale="ratio of rates")
    >>> r = Result(method="example", estimand=about, terms=pd.DataFrame({"term": ["mean_post"]}),
    ...            estimate=np.log([0.8]), vcov=np.array([[0.0049]]), df=np.array([9.0]), scale="log_ratio",
    ...            n_obs=72, n_units=11)
    >>> found = per_hundred(r)
    >>> found.base, round(found.value), round(found.low), round(found.high)
    (100.0, 80, 68, 94)
    """
    row, raw = effects(result).iloc[0], result.tidy().iloc[0]
    value, low, high = (float(raw[name]) for name in ("estimate", "conf_low", "conf_high"))
    unit = words.counted(result)
    if result.scale == "log_ratio" and row["unit"] == "%":
        if "mean_treated" in result.extra and result.extra.get("yes_or_no"):
            seen = hundred * result.extra.number("mean_treated")
            base, least, most = (seen / float(np.exp(ratio)) for ratio in (value, high, low))
            return PerHundred(base=base, value=seen, low=least, high=most, uncertain_base=True, unit=unit)
        seen, least, most = (hundred * float(np.exp(ratio)) for ratio in (value, low, high))
        return PerHundred(base=hundred, value=seen, low=least, high=most, uncertain_base=False, unit=unit)
    if result.scale == "difference" and result.extra.get("yes_or_no"):
        value = np.nan if result.kind == "set" else value
        value, low, high = (hundred * number for number in (value, low, high))
        return PerHundred(base=np.nan, value=value, low=low, high=high, uncertain_base=False, unit=unit)
    return None


def said_per_hundred(result: Result) -> Sentence:
    """Say the headline in hundredths, or as an amount where it is neither a share nor a ratio.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Sentence
        ``numbers``: ``base, value, low, high`` of `PerHundred`; of an amount ``value, low, high``.
    """
    found = per_hundred(result)
    if found is None:
        return _amount(result)
    numbers = Facts({name: getattr(found, name) for name in ("base", "value", "low", "high")})
    fits = f"anything from {of_hundred(found.low)} to {of_hundred(found.high)} fits these data"
    if not np.isfinite([found.low, found.high]).all():
        fits = "these data rule out nothing"
    if found.uncertain_base:
        text = (
            f"For every {hundred:.0f} {_those(result)} there were about {of_hundred(found.value)} {found.unit}. "
            f"At like calls without {_team(result)} there would have been about {of_hundred(found.base)}; {fits}."
        )
    elif np.isnan(found.base):
        fits = f"anything from {_difference(found.low)} to {_difference(found.high)} fits these data"
        size = f"about {_difference(found.value)} {found.unit}"
        if result.kind == "set":
            ends = " and ".join(_difference(hundred * end) for end in _ends(result))
            size = f"between {ends} {found.unit}, whatever is not known"
        text = f"For every {hundred:.0f} {_those(result)} there were {size}; {fits}."
    else:
        text = (
            f"{_hours(result, 'where')} {hundred:.0f} {found.unit} would have been expected without the programme, "
            f"there were about {of_hundred(found.value)}; {fits}."
        )
    return Sentence(text=text, numbers=numbers, support=result.support)


def noticed(result: Result) -> Sentence:
    """Say which fall, or difference, the design would have noticed four times in five.

    Parameters
    ----------
    result : Result
    """
    mde, found = float(effects(result)["mde"].iloc[0]), per_hundred(result)
    if np.isnan(mde):
        text = "How small a change it could have noticed cannot be said for this way of comparing."
    elif np.isinf(mde):
        text = "With so few cities to compare, it could not have confirmed any change, however large."
    else:
        size = f"of {words.number(abs(mde))} {words.unit(result)}"
        if found is not None:
            ratio = result.scale == "log_ratio"
            size = f"of {of_hundred(abs(mde) if ratio else hundred * abs(mde))} in {hundred:.0f}"
        if found is not None and found.uncertain_base:
            least = found.base * (1 + mde / 100)
            size = f"from {of_hundred(found.base)} to {of_hundred(least)} in {hundred:.0f} calls"
        kind = "difference" if result.method in comparisons else "fall"
        text = (
            f"This study would have noticed a {kind} {size} four times out of five; smaller ones it would often miss."
        )
    return Sentence(text=text, numbers=Facts({"mde": mde}), support=result.support)


def hundred_picture(result: Result) -> Picture | None:
    """Show the headline in hundredths as bars with all that fits the data; None where there is no end to that.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Picture or None
        ``data``: ``bars`` (label, value, low, high, ours). None of a set too: it has no best single number.
    """
    found = per_hundred(result)
    if found is None or not np.isfinite([found.value, found.low, found.high]).all():
        return None
    names = ("expected without it", "what happened")
    if result.method in comparisons:
        names = (f"without {_team(result)}", f"with {_team(result)}")
    ends = [(found.low, found.high), (np.nan, np.nan)]
    rows = [
        (name, value, *limits, ours)
        for name, value, limits, ours in zip(
            names,
            (found.base, found.value),
            ends if found.uncertain_base else ends[::-1],
            (False, True),
            strict=True,
        )
        if np.isfinite(value)
    ]
    if len(rows) == 1:
        rows = [("difference", found.value, found.low, found.high, True)]
    data = pd.DataFrame(rows, columns=["label", "value", "low", "high", "ours"])
    per = f"per {hundred:.0f} calls" if len(rows) == 1 or found.uncertain_base else f"for every {hundred:.0f} expected"
    numbers = zip(data["label"], data["value"], strict=True)
    said = "; ".join(f"{name} about {of_hundred(value)}" for name, value in numbers)
    limits = f"from {of_hundred(found.low)} to {of_hundred(found.high)}"
    return Picture(
        title=words.capital(f"{found.unit} {per}"),
        caption="Bar: the best single number. Thin line: all that fits these data.",
        alt=f"{words.capital(found.unit)} {per}: {said}; {limits} fits the data.",
        kind="hundred",
        data={"bars": data},
        labels=Facts({"even": found.base if len(rows) > 1 and not found.uncertain_base else 0.0}),
        support=smallest(result.support),
    )


def _difference(value: float) -> str:
    return f"{of_hundred(abs(value))} {'fewer' if value < 0 else 'more'}"


def _team(result: Result) -> str:
    """Name the treatment of calls."""
    treatment = str(result.extra.get("treatment", "attended"))
    return "the team" if treatment == "attended" else treatment.replace("_", " ")


def _those(result: Result) -> str:
    """Name the calls, or persons, that a difference is about."""
    if result.terms["term"].iloc[0] == "itt":
        return "calls in the team's hours"
    return f"{'persons' if result.method == 'call_strata' else 'calls'} with {_team(result)}"


def _hours(result: Result, first: str) -> str:
    """Begin a sentence with a word, and with the hours it is about where it is about some."""
    hours = result.terms["term"].iloc[0] in ("triple_difference", "covered_within_city")
    return f"In the team's hours, {first}" if hours else words.capital(first)


def _ends(result: Result) -> list[float]:
    """Return the ends of a set."""
    return [float(result.tidy()[name].iloc[0]) for name in ("set_low", "set_high")]


def _amount(result: Result) -> Sentence:
    row = effects(result).iloc[0]
    value, low, high = (float(row[name]) for name in ("estimate", "conf_low", "conf_high"))
    fits = f"anything from {words.signed(low)} to {words.signed(high)} fits these data"
    if not np.isfinite([low, high]).all():
        fits = "these data rule out nothing"
    size = f"about {words.signed(value)} {row['unit']}"
    if result.kind == "set":
        size = f"between {' and '.join(map(words.signed, _ends(result)))} {row['unit']}, whatever is not known"
    text = (
        f"{_hours(result, 'against')} what would have been expected without the programme, the difference in "
        f"{words.counted(result)} was {size}; {fits}."
    )
    return Sentence(text=text, numbers=Facts({"value": value, "low": low, "high": high}), support=result.support)
