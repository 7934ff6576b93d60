"""The finding in plain words, with every number from the result."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.against import against_what, comparisons, direction_said, less_or_more, than_which
from coresponder_causal.report.amounts import amount_said, interval_said, numbers_said
from coresponder_causal.report.effects import effects
from coresponder_causal.report.sensitive import as_its_items
from coresponder_causal.report.sets import between
from coresponder_causal.report.specs import Sentence
from coresponder_causal.report.wave_sentences import detectable_within, within_persons

within = ("officer_ordinal", "vignette_effects", "wave_bounds", "wave_change")


@as_its_items
def sentence(result: Result) -> Sentence:
    """Say what was found, and the smallest effect the design would have found.

    An effect is claimed only when the 95 % interval leaves out "no change".

    Parameters
    ----------
    result : Result
        Its first term is spoken of.

    Returns
    -------
    Sentence
        ``numbers``: ``estimate, conf_low, conf_high`` as in ``tidy()``, ``df``, and ``shown``, ``shown_low``,
        ``shown_high``, ``shown_mde`` in the unit of the text.

    Raises
    ------
    EstimationError
        If the result is a set of values without an interval; read its bounds from ``tidy()``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from coresponder_causal.core.estimand import Estimand
    >>> about = Estimand(contrast="ATT", outcome="calls", treatment="0 to 70 hours", population="one city",
    ...                  horizon="30 months", scale="ratio of rates")
    >>> r = Result(method="example", estimand=about, terms=pd.DataFrame({"term": ["mean_post"]}),
    ...            estimate=np.array([-0.2]), vcov=np.array([[0.0049]]), df=np.array([9.0]), scale="log_ratio",
    ...            n_obs=72, n_units=11)
    >>> print(finding(r))
    Calls fell by 18 % against what would be expected without the programme (95 % interval −30 % to −4.1 %).
    """
    found = finding(result)
    return Sentence(text=f"{found.text} {detectable(result).text}", numbers=found.numbers, support=result.support)


def finding(result: Result) -> Sentence:
    """Say what was found of the first term, without the detectable effect.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Sentence
    """
    if result.method in within:
        return within_persons(result)
    if result.kind == "set":
        return between(result)
    low, high = (float(result.tidy()[name].iloc[0]) for name in ("conf_low", "conf_high"))
    unclear = low <= 0 <= high
    text = _unclear(result) if unclear else _claim(result)
    if result.method == "call_iv" and result.extra.get("adjustment") == "coverage_post":
        text = f"Description only, unless the hours at which people call are stable. {text}"
    if result.extra.get("weights_reproduce") is False:
        text = f"The weights do not reproduce the city's course before the start: this is no evidence. {text}"
    return Sentence(text=text, numbers=numbers_said(result), support=result.support)


def detectable(result: Result) -> Sentence:
    """Say the smallest fall found four times in five, that ranks among few can find none, or that none is stated.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Sentence
    """
    if result.method in within:
        return detectable_within(result)
    if result.kind == "set":
        text = "No smallest detectable effect is stated: more calls do not narrow what is not known."
        return Sentence(text=text, numbers=between(result).numbers, support=result.support)
    mde = float(effects(result)["mde"].iloc[0])
    kind = "a difference" if result.method in comparisons else "a fall"
    text = f"The smallest effect this design would find four times in five is {kind} of {amount_said(result, mde)}."
    if np.isnan(mde):
        text = "No smallest detectable effect is stated: the interval is that of a randomization test, not of an error."
    if np.isinf(mde):
        floor = words.p_value(result.extra.number("p_floor"))
        text = f"By ranks this design finds no effect, however large: its p-value cannot go below {floor}."
    return Sentence(text=text, numbers=numbers_said(result), support=result.support)


def ranks(result: Result) -> Sentence:
    """Say how unusual the estimate is among units without the treatment, and why no other p-value is given.

    Parameters
    ----------
    result : Result
        With placebo statistics.

    Returns
    -------
    Sentence
        ``numbers``: ``p_value, p_floor`` and, of a two-way regression, ``clustered_std_error, measured_size``.
    """
    assert result.placebo is not None  # asked of ranked results only
    p, floor = float(result.tidy()["p_value"].iloc[0]), result.extra.number("p_floor")
    of = result.placebo.shape[1] + 1
    among = str(result.extra.get("among", "cities"))
    those = "the one" if result.extra.get("treated_units", 1) == 1 else "those"
    text = (
        f"Among {of} {among}, each in turn taken for {those} with the programme, {round(p * of)} have an estimate as "
        f"large or larger (permutation p = {words.p_value(p)}; it cannot go below {words.p_value(floor)})."
    )
    facts = {"p_value": p, "p_floor": floor}
    if "clustered_std_error" in result.extra:
        facts |= {name: result.extra.number(name) for name in ("clustered_std_error", "measured_size")}
        text += (
            f" The usual clustered standard error, {words.number(facts['clustered_std_error'])}, and p-values computed "
            f"from it cannot be used: with one treated city a nominal 5 % test of that kind rejected "
            f"{words.percent_size(100 * facts['measured_size'])} of the time where nothing had changed; the other "
            f"cities' own estimates spread by {words.number(float(result.bse.iloc[0]))}."
        )
    return Sentence(text=text, numbers=Facts(facts), support=result.support)


def _claim(result: Result) -> str:
    row = effects(result).iloc[0]
    outcome, size = words.capital(words.outcome(result)), amount_said(result, row["estimate"])
    if result.method in comparisons:
        return f"{outcome} were {size} {direction_said(result)} {than_which(result)} ({interval_said(result)})."
    verb = "fell" if row["estimate"] < 0 else "rose"
    return f"{outcome} {verb} by {size} {against_what(result)} ({interval_said(result)})."


def _unclear(result: Result) -> str:
    row = effects(result).iloc[0]
    size = amount_said(result, row["estimate"])
    if result.method in comparisons:
        less, more = less_or_more(result)
        return (
            f"The data cannot tell whether {words.outcome(result)} are {less} or {more} {than_which(result)}: the "
            f"best single estimate is {size} {direction_said(result)}, but the {interval_said(result)} includes no "
            "difference."
        )
    change = "a fall" if row["estimate"] < 0 else "a rise"
    doubt = f"but the {interval_said(result)} includes no change"
    if np.isinf(row["conf_high"]):
        doubt = "but ranks among so few cities exclude nothing"
    return (
        f"The data cannot tell whether {words.outcome(result)} changed {against_what(result)}: the best single "
        f"estimate is {change} of {size}, {doubt}."
    )
