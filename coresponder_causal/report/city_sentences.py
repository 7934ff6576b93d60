"""Sentences on cities: how hours moved within one, how far cities drift apart, how volatile one is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.against import description
from coresponder_causal.report.amounts import amount_said
from coresponder_causal.report.effects import effects
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.specs import Sentence

hours_terms = ("triple_difference", "covered_hours", "uncovered_hours")


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
    size, star = (amount_said(result, 100 * np.expm1(facts[n]) if on_log else facts[n]) for n in ("tau", "tau_star"))
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
