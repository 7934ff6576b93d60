"""One table of all that speaks to an outcome: what each design estimates and rests on, and what is against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coresponder_causal.core.detectable import detectable_falls
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.registry import measured
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.decide.assumptions import Family, family_of, recording_of, shared_before
from coresponder_causal.decide.converted import Attendance, Bounds, Converted, converted, of_attended
from coresponder_causal.decide.falsification import Falsified, falsified
from coresponder_causal.decide.pooled import Bias
from coresponder_causal.decide.rule import Rule
from coresponder_causal.decide.sceptical import prior_sd, probability_below

description = "covered_within_city"
most_rejected = 0.15
too_often = "listed: its test finds too often what is not there"
of_cities = ("the city against other cities, before and after", "the city against its own past")
own_tests = {
    "placebo": "ranks among placebos",
    "crossings": "a randomization test",
    "split": "an exact test",
    "wild": "a bootstrap test",
}
breakdowns = {
    "tau_star": "τ*: how far cities may drift apart",
    "rho_star": "ρ*: how many times more volatile this city may be",
    "robustness_value": "robustness value: share of variance a hidden cause must explain",
    "evalue": "E-value: strength of a hidden cause, as a ratio",
    "rosenbaum": "Γ: odds of treatment that like calls may differ by",
    "marginal_sensitivity": "Λ: odds of treatment that the record may be wrong by",
    "oster": "δ: hidden against recorded selection",
}
"""Facts of results, then checks, in the order in which one is shown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Rows of outcome × design.

    Parameters
    ----------
    frame : DataFrame
        One row per result: ``outcome, method, design, estimand, ratio, ratio_low, ratio_high, interval, itt, itt_low,
        itt_high, att, att_low, att_high`` (events averted per 1,000 eligible calls received, and attended),
        ``assumption, before`` (the part of the pre-period from which it starts), ``bias, bias_why, falsification,
        contradicted_by, breakdown_of, breakdown, n, mde`` (the fall in percent found four times in five), ``place``
        ("pooled", or why it is only listed), ``any_fall, any_fall_to, enough, enough_to`` (a sceptic's probability of a
        fall, and of one beyond the smallest effect; ranges of sets), ``unknown`` (what is not known, and why).
    results : tuple of Result
        In the order of the rows.
    rule : Rule
    bias : mapping of str to Bias
        Elicited biases by method.
    """

    frame: pd.DataFrame
    results: tuple[Result, ...]
    rule: Rule
    bias: Mapping[str, Bias] = field(default_factory=dict)

    def __repr__(self) -> str:
        outcomes = ", ".join(self.frame["outcome"].unique())
        return f"Evidence: {len(self.results)} results on {outcomes}; see .frame, or judge_outcome(evidence, outcome)"

    def places(self, *outcomes: str) -> list[int]:
        """Rows of the outcomes, in the order in which their designs are believed."""
        return [int(i) for i in np.flatnonzero(self.frame["outcome"].isin(outcomes))]


def evidence(
    results: Sequence[Result],
    *,
    designs: Sequence[object] = (),
    checks: Sequence[Sequence[CheckResult]] = (),
    named: Mapping[str, str] | None = None,
    attendance: Attendance | None = None,
    shares: Mapping[str, float] | None = None,
    bias: Mapping[str, Bias] | None = None,
    rule: Rule | None = None,
) -> Evidence:
    """Lay results beside each other.

    Parameters
    ----------
    results : sequence of Result
        In the order in which their designs are believed.
    designs : sequence, optional
        Designs of the results, in their order: shares of calls with an outcome are taken from designs of calls.
    checks : sequence of sequences of CheckResult, optional
        Checks of each result, in their order.
    named : mapping of str to str, optional
        The one check named beforehand by method; without it every check may contradict.
    attendance : Attendance, optional
        Share of eligible calls in the team's hours that it attended, to tell ITT and ATT in each other's terms.
    shares : mapping of str to float, optional
        Share of eligible calls with each outcome, as counted with the programme: tells ratios of counts in events.
    bias : mapping of str to Bias, optional
        Elicited biases by method; their sign is then the likely direction.
    rule : Rule, optional

    Returns
    -------
    Evidence

    Raises
    ------
    DesignError
        Without results, or if designs or checks are given that are not one for each result.

    Examples
    --------
    >>> from coresponder_causal.core.estimand import Estimand
    >>> about = Estimand(contrast="ATT", outcome="calls", treatment="0 to 70 hours", population="one city",
    ...                  horizon="30 months", scale="ratio of rates")
    >>> r = Result(method="did_prediction_interval", estimand=about, terms=pd.DataFrame({"term": ["mean_post"]}),
    ...            estimate=np.log([0.8]), vcov=np.array([[0.0049]]), df=np.array([9.0]), scale="log_ratio",
    ...            n_obs=72, n_units=11)
    >>> evidence([r]).frame[["estimand", "ratio", "itt", "falsification"]].round(1).values.tolist()
    [['bundle', 0.8, 200.0, 'not run']]
    """
    if not results:
        raise DesignError("evidence of no results", mend="give the results that speak to the outcomes")
    for name, given in (("designs", designs), ("checks", checks)):
        if len(given) not in (0, len(results)):
            raise DesignError(f"{len(given)} {name} for {len(results)} results", mend="give one for each result")
    made = list(checks) or [()] * len(results)
    about = list(designs) or [None] * len(results)
    stated, elicited = rule or Rule(), dict(bias or {})
    tried = _tried(results, made, named or {}, stated.level)
    rows = [
        _row(result, design, own, found, attendance, shares, elicited.get(result.method), stated)
        for result, design, own, found in zip(results, about, made, tried, strict=True)
    ]
    return Evidence(frame=pd.DataFrame(rows), results=tuple(results), rule=stated, bias=elicited)


def _tried(
    results: Sequence[Result], checks: Sequence[Sequence[CheckResult]], named: Mapping[str, str], level: float
) -> list[Falsified]:
    """Say what checks contradict, corrected among those of one outcome.

    A result without checks of its own has those of the first of its method.
    """
    first: dict[str, Sequence[CheckResult]] = {}
    for result, made in zip(results, checks, strict=True):
        if made:
            first.setdefault(result.method, made)
    own = [made or first.get(result.method, ()) for result, made in zip(results, checks, strict=True)]
    found: dict[int, Falsified] = {}
    for outcome in dict.fromkeys(result.estimand.outcome for result in results):
        places = [i for i, result in enumerate(results) if result.estimand.outcome == outcome]
        wanted = [named.get(results[i].method) for i in places]
        found |= dict(zip(places, falsified([own[i] for i in places], named=wanted, level=level), strict=True))
    return [found[i] for i in range(len(results))]


def _row(
    result: Result,
    design: object,
    checks: Sequence[CheckResult],
    tried: Falsified,
    attendance: Attendance | None,
    shares: Mapping[str, float] | None,
    elicited: Bias | None,
    rule: Rule,
) -> dict[str, object]:
    family = family_of(result.method)
    kind = estimand_of(result, family)
    told = converted(result, kind=kind, design=design, shares=shares, attendance=attendance)
    place, unknown = place_of(result, told), list(told.unknown)
    if place == too_often:
        unknown.append(
            f"what it may judge: a 5 % test rejected {100 * _rejected(result):.0f} % of the time without an effect"
        )
    broken, size = _breakdown(result, checks)
    fall = _fall(result, told, unknown)
    if not broken:
        unknown.append("no breakdown value: none was computed")
    sign, why = _direction(result, family, elicited)
    return {
        "outcome": result.estimand.outcome,
        "method": result.method,
        "design": family.title,
        "estimand": kind,
        **_bounds("ratio", None if told.log_ratio is None else Bounds(*np.exp(told.log_ratio))),
        "interval": str(result.extra.get("interval", "t")),
        **_bounds("itt", told.itt),
        **_bounds("att", told.att),
        "assumption": family.assumption,
        "before": shared_before(result),
        "bias": sign,
        "bias_why": why,
        "falsification": tried.status,
        "contradicted_by": ", ".join(tried.by),
        "breakdown_of": broken,
        "breakdown": size,
        "n": result.n_obs,
        "mde": fall,
        "place": place,
        **_sceptic(result, told, place, rule, unknown),
        "unknown": "; ".join(unknown),
    }


def _bounds(name: str, found: Bounds | None) -> dict[str, float]:
    low = Bounds(np.nan, np.nan, np.nan) if found is None else found
    return {name: low.estimate, f"{name}_low": low.low, f"{name}_high": low.high}


def estimand_of(result: Result, family: Family) -> str:
    """Return in one word what a result estimates: the bundle, the team on duty, or calls attended."""
    contrast = result.estimand.contrast
    if contrast in of_attended and family.title not in of_cities:
        return contrast
    return "bundle" if family.title in of_cities else contrast.split(" ")[0]


def place_of(result: Result, told: Converted) -> str:
    """Return "pooled", or why a result is only listed.

    A method whose 5 % test rejected more often than `most_rejected` in simulated worlds without an effect is one.
    """
    for name, said in own_tests.items():
        if getattr(result, name) is not None:
            return f"listed: {said}"
    if result.kind == "set":
        return "listed: a set of values"
    if result.method == "its_conformal":
        return "listed: a conformal test"
    if result.terms["term"].iloc[0] == description:
        return "listed: it only describes"
    if result.extra.get("enough_clusters") is False:
        return "listed: too few cities for its standard error"
    if _rejected(result) > most_rejected:
        return too_often
    if told.log_ratio is None or not np.isfinite(told.log_ratio).all():
        return "listed: no ratio"
    return "pooled"


def _rejected(result: Result) -> float:
    """Share of 5 % tests of the headline that found an effect in the nearest simulated cell without one; 0: unknown."""
    found = measured(result)
    return 0.0 if found is None or found.term != result.terms["term"].iloc[0] else found.size


def _fall(result: Result, told: Converted, unknown: list[str]) -> float:
    """Return the detectable fall of the first term, in percent of what would be expected."""
    fall = float(detectable_falls(result)[0])
    if result.scale == "log_ratio" and np.isfinite(fall):
        return 100 * float(np.expm1(fall))
    if np.isneginf(fall):
        unknown.append("no detectable fall: among so few ranks none can be found")
    elif np.isnan(fall):
        unknown.append("no detectable fall: not defined for this kind of interval")
    elif told.log_ratio is None or not np.isfinite(told.log_ratio.estimate):
        unknown.append(f"no detectable fall in percent: {1000 * fall:.3g} per 1,000 calls")
    else:
        with np.errstate(over="ignore"):
            ratio = float(np.exp(told.log_ratio.estimate))
        without = float(result.estimate[0]) / (ratio - 1) if ratio != 1 else np.nan
        if -fall < without:
            return 100 * fall / without
        unknown.append("no detectable fall: not even one of all there is would be found")
    return float("nan")


def _breakdown(result: Result, checks: Sequence[CheckResult]) -> tuple[str, float]:
    """Name and value of the first breakdown value there is."""
    sizes = {one.check: one.breakdown for one in checks if one.breakdown is not None}
    for name, said in breakdowns.items():
        value = result.extra.number(name) if name in result.extra else sizes.get(name)
        if value is not None and not np.isnan(value):
            return said, float(value)
    return "", float("nan")


def _direction(result: Result, family: Family, elicited: Bias | None) -> tuple[str, str]:
    """Sign of the likely bias of the log ratio, and why: what was elicited, else what the family is known for."""
    if elicited is not None and elicited.mean != 0:
        return ("−" if elicited.mean < 0 else "+"), f"elicited: {elicited.source}"
    sign, why = str(family.bias), family.why
    if sign == "towards no change":
        sign = "+" if result.estimate[0] < 0 else "−"
    if recording_of(result.estimand.outcome).by_responders:
        sign = "−" if sign in ("−", "none known") else "?"
        why += "; the responders record the outcome, and may file less (−)"
    return sign, why


def _sceptic(result: Result, told: Converted, place: str, rule: Rule, unknown: list[str]) -> dict[str, float]:
    """Give a sceptic's probabilities of any fall and of one that matters; of a set from end to end."""
    names = ("any_fall", "enough")
    empty = Facts({f"{name}{end}": float("nan") for name in names for end in ("", "_to")})
    of_set = result.kind == "set" and result.set_spread is not None and result.scale == "log_ratio"
    if place != "pooled" and not of_set:
        unknown.append(f"no sceptic's probability: {place.removeprefix('listed: ')}")
        return {name: empty.number(name) for name in empty}
    if of_set:
        centres = [float(end[0]) for end in (result.set_high, result.set_low) if end is not None]
        spreads = [float(s) for s in np.asarray(result.set_spread)[0][::-1]]
    else:
        assert told.log_ratio is not None  # else it would not be pooled
        centres, spreads = [told.log_ratio.estimate], [log_error(result, told.log_ratio)]
    made: dict[str, float] = {}
    for name, limit in zip(names, (0.0, float(np.log(rule.smallest_effect))), strict=True):
        found = probability_below(centres, spreads, [float(result.df[0])] * len(centres), limit, sd=prior_sd)
        made |= {name: float(found[0]), f"{name}_to": float(found[-1])}
    return made


def log_error(result: Result, ratio: Bounds) -> float:
    """Return the standard error of the log ratio of the first term; of a difference by the delta method, 1/(p − d)."""
    error = float(np.sqrt(result.vcov[0, 0]))
    if result.scale == "log_ratio":
        return error
    difference = float(result.estimate[0])
    return error * float(np.expm1(ratio.estimate)) / difference if difference else float("nan")
