"""The finding in plain words, with every number from the result."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.effects import effects
from coresponder_causal.report.sensitive import as_its_items
from coresponder_causal.report.sets import between
from coresponder_causal.report.specs import Sentence
from coresponder_causal.report.wave_sentences import detectable_within, within_persons

description = "covered_within_city"
comparisons = (
    "call_aipw",
    "call_bounds",
    "call_difference",
    "call_double_sample",
    "call_linkage",
    "call_narrative",
    "call_observed",
    "call_recurrent",
    "call_repeat",
    "call_strata",
    "dml_forest",
    "dml_linear",
)
within = ("officer_ordinal", "vignette_effects", "wave_bounds", "wave_change")
hours_terms = ("triple_difference", "covered_hours", "uncovered_hours")


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
    return Sentence(text=text, numbers=_numbers(result), support=result.support)


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
    text = f"The smallest effect this design would find four times in five is {kind} of {_amount(result, mde)}."
    if np.isnan(mde):
        text = "No smallest detectable effect is stated: the interval is that of a randomization test, not of an error."
    if np.isinf(mde):
        floor = words.p_value(result.extra.number("p_floor"))
        text = f"By ranks this design finds no effect, however large: its p-value cannot go below {floor}."
    return Sentence(text=text, numbers=_numbers(result), support=result.support)


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


def within_city(result: Result) -> Sentence:
    """Describe what the covered hours did inside the city, and how much of it other cities show without a team.

    Parameters
    ----------
    result : Result
        With a term ``covered_within_city``.

    Returns
    -------
    Sentence
        Where there is a ``triple_difference`` too, ``numbers`` adds ``elsewhere``: the change in percent of the same
        contrast in the comparison cities, on average.
    """
    names = result.terms["term"].tolist()
    weights = np.eye(len(names))
    alone = result.combine(weights[[names.index(description)]], pd.DataFrame({"term": [description]}))
    label = "Description only, not an effect of the programme."
    if result.extra.get("hour_profile") == "held still":
        label = "Beside the triple difference, not in its place: hours and mix of the calls held still at the start."
    text = f"{label} {finding(alone).text}"
    numbers = dict(finding(alone).numbers)
    if "triple_difference" in names and result.scale == "log_ratio":
        contrast = weights[names.index(description)] - weights[names.index("triple_difference")]
        elsewhere = float(100 * np.expm1(contrast @ result.estimate))
        numbers["elsewhere"] = elsewhere
        text += (
            f" In the comparison cities, without a team on record, the same hours moved by about "
            f"{words.percent(elsewhere)} against the others in the same time: so much "
            "the contrast shows without a programme."
        )
    return Sentence(text=text, numbers=Facts(numbers), support=result.support)


def drift(result: Result) -> Sentence:
    """Say how far comparison cities drift apart, and at which drift the finding dies.

    Parameters
    ----------
    result : Result
        With ``tau, tau_star, kappa_star`` among its facts, and of log ratios ``integrated_low, integrated_high``.

    Returns
    -------
    Sentence
    """
    names = ("tau", "tau_star", "kappa_star", "integrated_low", "integrated_high")
    facts = {name: result.extra.number(name) for name in names if name in result.extra}
    on_log = result.scale == "log_ratio"
    tau = f"{words.number(facts['tau'])}{' on the log scale' if on_log else ''}"
    size, star = (_amount(result, 100 * np.expm1(facts[n]) if on_log else facts[n]) for n in ("tau", "tau_star"))
    text = f"Without a programme, cities typically drift apart by about {size} (τ = {tau})."
    if on_log:
        low, high = (words.percent(100 * np.expm1(facts[name])) for name in names[3:])
        text += f" With τ not fixed at its estimate but integrated over, the interval is {low} to {high}."
    star += f" (τ* = {words.number(facts['tau_star'])})"
    if facts["tau_star"] == 0:
        text += " The finding would include no change even if cities did not drift apart at all (τ* = 0)."
    elif facts["tau_star"] <= facts["tau"]:
        text += f" The finding would exclude no change only if cities drifted apart by less than {star}."
    else:
        text += f" The finding would die if cities drifted apart by {star}"
        own = words.number(facts["kappa_star"])
        text += f", or this city alone {own} times as far as the others." if np.isfinite(facts["kappa_star"]) else "."
    if facts["tau"] == 0 and "prob_tau_zero" in result.extra:
        facts |= {name: result.extra.number(name) for name in ("prob_tau_zero", "tau_upper")}
        text += (
            f" An estimate of no drift at all is to be had {words.percent_size(100 * facts['prob_tau_zero'])} of the "
            f"time even if cities drift apart by {words.percent_size(100 * np.expm1(facts['tau_upper']))}, which these "
            "data do not rule out."
        )
    return Sentence(text=text, numbers=Facts(facts), support=result.support)


def components(result: Result) -> Sentence:
    """Say how covered and uncovered hours moved, each against comparison cities, and what spillover would make of it.

    Parameters
    ----------
    result : Result
        Of ``did_triple``.

    Returns
    -------
    Sentence
    """
    found = dict(zip(result.terms["term"], effects(result).to_dict("records"), strict=True))
    triple, covered, uncovered = (float(found[term]["estimate"]) for term in hours_terms)
    said = {
        term: f"{words.signed(row['estimate'])} (95 % interval {words.signed(row['conf_low'])} to "
        f"{words.signed(row['conf_high'])})"
        for term, row in found.items()
    }
    text = (
        f"Against comparison cities, {words.unit(result)} moved by {said['covered_hours']} in the covered hours and by "
        f"{said['uncovered_hours']} in the other hours of the same city; the triple difference is the one less the "
        "other. "
    )
    low, high = sorted((triple, covered))
    region = f"between {words.signed(low)} and {words.signed(high)}"
    if triple * uncovered > 0:
        text += (
            "The other hours moved the same way: as far as the programme did that too, its effect in the covered hours "
            f"is the larger, and lies {region}."
        )
    else:
        text += (
            "The other hours moved the opposite way: as far as the programme did that too, its effect in the covered "
            f"hours is not the triple difference, and lies {region}."
        )
    return Sentence(
        text=text,
        numbers=Facts(dict(zip(hours_terms, (triple, covered, uncovered), strict=True))),
        support=result.support,
    )


def volatility(result: Result) -> Sentence:
    """Say how much more volatile than the others the treated city may be before a finding dies.

    Parameters
    ----------
    result : Result
        With ``rho_star`` and ``error_ratio`` among its facts.

    Returns
    -------
    Sentence
    """
    star, errors = (result.extra.number(name) for name in ("rho_star", "error_ratio"))
    text = "By the t test the finding includes no change even if this city were not volatile at all (ρ* = 0)."
    if star > 0:
        text = (
            "By the t test no change is excluded as long as this city's changes vary less than "
            f"{words.number(star)} times as much as the others' (ρ*)."
        )
    text += f" Its errors from period to period have {words.number(errors)} times their mean variance."
    return Sentence(text=text, numbers=Facts({"rho_star": star, "error_ratio": errors}), support=result.support)


def _claim(result: Result) -> str:
    row = effects(result).iloc[0]
    outcome, size = words.capital(words.outcome(result)), _amount(result, row["estimate"])
    if result.method in comparisons:
        return f"{outcome} were {size} {_more(result)} {_than(result)} ({_interval(result)})."
    verb = "fell" if row["estimate"] < 0 else "rose"
    return f"{outcome} {verb} by {size} {_against(result)} ({_interval(result)})."


def _unclear(result: Result) -> str:
    row = effects(result).iloc[0]
    size = _amount(result, row["estimate"])
    if result.method in comparisons:
        less, more = _scale(result)
        return (
            f"The data cannot tell whether {words.outcome(result)} are {less} or {more} {_than(result)}: the best "
            f"single estimate is {size} {_more(result)}, but the {_interval(result)} includes no difference."
        )
    change = "a fall" if row["estimate"] < 0 else "a rise"
    doubt = f"but the {_interval(result)} includes no change"
    if np.isinf(row["conf_high"]):
        doubt = "but ranks among so few cities exclude nothing"
    return (
        f"The data cannot tell whether {words.outcome(result)} changed {_against(result)}: the best single estimate is "
        f"{change} of {size}, {doubt}."
    )


def _scale(result: Result) -> tuple[str, str]:
    """Words for less and more: of what happens or not, and of an amount."""
    return ("rarer", "more frequent") if result.extra.get("yes_or_no") else ("lower", "higher")


def _more(result: Result) -> str:
    return _scale(result)[int(result.estimate[0] > 0)]


def _than(result: Result) -> str:
    """Say which calls, or persons, were compared with which."""
    treatment = str(result.extra.get("treatment"))
    named = treatment.replace("_", " ")
    if result.method == "call_strata":
        those, others = words.treated_persons.get(treatment, (f"with {named}", "without it"))
        return f"among persons {those} than among those of the same strata {others}"
    those, others = words.treatments.get(treatment, (f"calls with {named}", "without it"))
    adjustment = str(result.extra.get("compared_by", result.extra.get("adjustment")))
    kind = words.kinds_of_adjustment.get(adjustment, words.as_they_came)
    like = "matched calls" if kind.startswith("matched") else "like calls"
    like = "other calls, whatever kind they were," if kind == words.as_they_came else like
    where = "after" if "followed_days" in result.extra else "in"
    return f"{where} {those} than {where} {like} {others}"


def _against(result: Result) -> str:
    """Say what the change is measured against."""
    term = result.terms["term"].iloc[0]
    if term == description:
        return "in the hours the team was on duty, against the other hours of the same city"
    if term == "triple_difference":
        return "in the hours the team was on duty, against the other hours and the comparison cities' experience"
    if result.method == "did_group_time" and "cohort" in result.terms and pd.notna(result.terms["cohort"].iloc[0]):
        first = result.terms.iloc[0]
        seen = f" seen in {first['time']}," if "time" in first else ""
        return f"in the units that started in {first['cohort']},{seen} against those that had not"
    if result.method in ("did_group_time", "did_interaction", "did_stacked"):
        return "in the cities that started, against those that had not"
    if result.method == "did_imputation":
        return "in the cities that started, against what they would have been without it"
    if result.method == "did_switching":
        return "for each period under the programme, against cities where nothing had changed yet"
    if result.method in ("call_iv", "call_boundary") and term != "itt":
        those = "the calls the team attended"
        if result.estimand.contrast == "LATE":
            those = "the calls for which the team hung on the instrument"
        return f"on {those}, against what they would have been without it"
    if result.method == "call_boundary":
        return "on calls received just inside the team's hours, against calls received just outside them"
    if result.method == "did_event_study":
        width, periods = result.extra["bin_width"], result.extra["period_name"]
        return f"against the {width} {periods} before the start and the comparison cities' course"
    if result.method == "did_two_way":
        return "against the other cities' change in the same time"
    if result.method == "switchback_randomization":
        return "in half-days that the lot gave to the team, against those that it did not"
    if result.method in ("officer_imputation", "officer_poisson"):
        return "on calls without the team, against what those officers would have done had they not worked beside it"
    if result.method == "officer_dose":
        per = "per 10 calls" if term == "per_10" else "per doubling of the calls"
        return f"on calls without the team, {per} that an officer answered beside it"
    if result.method == "did_gap":
        return "against the comparison cities' course"
    if result.method in ("synth_augmented", "synth_control"):
        return "against a weighted mean of other cities that took the same course before"
    if result.method == "synth_did":
        return "against a weighted mean of other cities and of the time before"
    if result.method == "its_conformal":
        return f"in the {result.estimand.horizon.split(' from ')[0]}, against the comparison cities' course"
    if result.method == "its_rare":
        return "from the years before to the time after the start"
    if result.cities is not None:
        return "against what the comparison cities' experience predicts"
    if result.path is not None:
        return "against what the city's own earlier course predicts"
    return "against what would be expected without the programme"


def _interval(result: Result) -> str:
    row = effects(result).iloc[0]
    predicted = result.extra.get("interval") == "prediction interval" and row["term"] != description
    kind = "prediction interval" if predicted else "interval"
    if result.scale == "log_ratio":
        return f"95 % {kind} {words.percent(row['conf_low'])} to {words.percent(row['conf_high'])}"
    if _by_hundred(result) > 1:
        low, high = (words.percent(100 * row[end]).removesuffix(" %") for end in ("conf_low", "conf_high"))
        return f"95 % {kind} {low} to {high} per 100 {_each(result)}"
    return f"95 % {kind} {words.signed(row['conf_low'])} to {words.signed(row['conf_high'])} {row['unit']}"


def _amount(result: Result, value: float) -> str:
    if result.scale == "log_ratio":
        return words.percent_size(value)
    if _by_hundred(result) > 1:
        return f"{words.percent_size(100 * value).removesuffix(' %')} per 100 {_each(result)}"
    return f"{words.number(abs(value))} {words.unit(result)}"


def _each(result: Result) -> str:
    """Name what shares are of."""
    return "persons" if result.method == "call_strata" else "calls"


def _by_hundred(result: Result) -> float:
    """Return 100 where a share is told per 100 calls or persons: what happens at a call or does not."""
    return 100.0 if result.scale == "difference" and result.extra.get("yes_or_no") else 1.0


def _numbers(result: Result) -> Facts:
    raw, shown, factor = result.tidy().iloc[0], effects(result).iloc[0], _by_hundred(result)
    told = {"shown": "estimate", "shown_mde": "mde", "shown_low": "conf_low", "shown_high": "conf_high"}
    return Facts(
        {name: float(raw[name]) for name in ("estimate", "conf_low", "conf_high")}
        | {"df": float(shown["df"])}
        | {name: factor * float(shown[column]) for name, column in told.items()}
    )
