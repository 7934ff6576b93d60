"""The verdict of the decision rule in words: for whoever checks, and for a council."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide import Decomposed, Evidence, Judged, Pooled
from coresponder_causal.report import words
from coresponder_causal.report.funnel import in_plain_words
from coresponder_causal.report.specs import Sentence
from coresponder_causal.report.tables import support_of

verdict_words = {
    "fewer": "supported: fewer",
    "more": "supported: more",
    "no meaningful effect": "no meaningful effect",
    "consistent, not established": "consistent, not established",
    "uninformative": "uninformative",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighed:
    """Evidence with its verdicts.

    Parameters
    ----------
    evidence : Evidence
    judged : tuple of Judged
        A verdict for each outcome.
    pooled : tuple of Pooled or None
        For each verdict; None where nobody said how far designs may be wrong.
    planned : bool
        Whether a frozen plan fixed the rule.
    funnel : Decomposed or None
        Where the change of a record lies; None where the study does not ask.
    """

    evidence: Evidence
    judged: tuple[Judged, ...]
    pooled: tuple[Pooled | None, ...]
    planned: bool
    funnel: Decomposed | None = None


def verdict_sentence(judged: Judged, evidence: Evidence) -> Sentence:
    """Say the verdict on an outcome, why, and what would have to be wrong for it to be another.

    Parameters
    ----------
    judged : Judged
    evidence : Evidence

    Returns
    -------
    Sentence
        ``numbers``: ``mde``, and ``std_errors, factor`` of the least bias of one design that gives another verdict.
    """
    results = [evidence.results[i] for i in judged.rows]
    parts = [f"Verdict on {words.outcome(results[0])}: {verdict_words[judged.verdict]}."]
    parts += [_why(judged, evidence), _record(judged), _must_fail(judged), _least_bias(judged)]
    parts.append(_sceptic(judged, evidence))
    least = _least(judged)
    numbers = Facts(
        {"mde": judged.mde}
        | ({} if least is None else {"std_errors": float(least["std_errors"]), "factor": float(least["ratio"])})
    )
    return Sentence(text=" ".join(part for part in parts if part), numbers=numbers, support=support_of(results))


def pooled_sentence(pooled: Pooled, outcome: str) -> Sentence:
    """Say what all designs give together, adjusted for elicited biases, and whether they agree.

    Parameters
    ----------
    pooled : Pooled
    outcome : str
        In words.
    """
    low, middle, high = (words.percent(100 * float(np.expm1(x))) for x in (pooled.low, pooled.estimate, pooled.high))
    many = len(pooled.methods)
    who, verb = (f"{many} designs together, each", "give") if many > 1 else ("one design,", "gives")
    text = (
        f"Of {outcome}, {who} adjusted for how far those who know it say that it may be wrong, {verb} {middle} (95 % "
        f"interval {low} to {high})."
    )
    if np.isfinite(pooled.q_p_value):
        agree = "disagree" if pooled.q_p_value < 0.05 else "do not contradict each other"
        text += (
            f" Before that adjustment they {agree}: Q = {words.number(pooled.q)} on {pooled.q_df} df, "
            f"p {words.p_value(pooled.q_p_value)}."
        )
    if pooled.unknown:
        text += f" How {pooled.unknown} pairs of them move together is not known; the wider interval is given."
    numbers = Facts({name: float(getattr(pooled, name)) for name in ("estimate", "low", "high", "q", "q_p_value")})
    return Sentence(text=text, numbers=numbers, support=None)


def short_verdicts(weighed: Weighed) -> Sentence:
    """Say the verdicts in one sentence.

    Parameters
    ----------
    weighed : Weighed
    """
    results = {one.outcome: [weighed.evidence.results[i] for i in one.rows] for one in weighed.judged}
    said = "; ".join(
        f"{words.outcome(results[one.outcome][0])}: {verdict_words[one.verdict]}" for one in weighed.judged
    )
    fixed = "fixed beforehand" if weighed.planned else "which no plan fixed beforehand"
    behind = [result for made in results.values() for result in made]
    return Sentence(text=f"By the decision rule, {fixed}: {said}.", support=support_of(behind))


def council_verdicts(weighed: Weighed) -> dict[str, Sentence]:
    """Say the verdict on each outcome in words that need no statistics.

    Parameters
    ----------
    weighed : Weighed

    Returns
    -------
    dict of str to Sentence
        By outcome. ``numbers``: ``supported``.
    """
    rule = "By the rule fixed beforehand" if weighed.planned else "By a rule that nobody fixed beforehand"
    said = {}
    for judged in weighed.judged:
        results = [weighed.evidence.results[i] for i in judged.rows]
        text = f"{rule}, taking all ways of comparing {words.outcome(results[0])} together: {_in_plain_words(judged)}"
        if weighed.funnel is not None and judged.outcome == weighed.funnel.record:
            text = f"{text} Followed from the call on: {in_plain_words(weighed.funnel)}"
        supported = Facts({"supported": judged.verdict in ("fewer", "more")})
        said[judged.outcome] = Sentence(text=text, numbers=supported, support=support_of(results))
    return said


def _in_plain_words(judged: Judged) -> str:
    if judged.verdict in ("fewer", "more"):
        return f"there were {judged.verdict}; ways that could go wrong for different reasons agree."
    if judged.verdict == "no meaningful effect":
        return "no change that would matter to the city."
    if judged.verdict == "uninformative":
        return "these data cannot tell."
    record = " What is put on record may have changed too." if judged.recorded and judged.funnel != "upstream" else ""
    return f"not established, since no second way that could go wrong for other reasons shows it.{record}"


def _titles(judged: Judged, evidence: Evidence, way: Sequence[int]) -> list[str]:
    """Names of the designs that found something of these directions, each once."""
    titles = [
        str(evidence.frame["design"].iloc[place])
        for place, found in zip(judged.rows, judged.found, strict=True)
        if found in way and evidence.frame["falsification"].iloc[place] != "contradicted"
    ]
    return list(dict.fromkeys(titles))


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names) or "none"


def _why(judged: Judged, evidence: Evidence) -> str:
    found = _titles(judged, evidence, (-1, 1))
    if judged.verdict in ("fewer", "more"):
        return f"Designs that rest on different assumptions and share neither record nor start agree: {_listed(found)}."
    if judged.verdict == "consistent, not established":
        way = "fewer" if -1 in judged.found else "more"
        return f"Found by ({way}): {_listed(found)}; no second design that counts as different found it."
    if judged.verdict == "no meaningful effect":
        limit = words.percent_size(100 * (1 - evidence.rule.smallest_effect))
        return f"All that fits the first design is smaller than the smallest effect that matters ({limit})."
    if np.isnan(judged.mde):
        return "Which change a design would find is not known."
    return f"The smallest fall that a design finds four times in five is {words.percent_size(judged.mde)}."


def _record(judged: Judged) -> str:
    if not judged.recorded:
        return ""
    if judged.funnel == "upstream":
        return "The responders record it themselves; the course of calls places the change before anything is recorded."
    if judged.funnel == "recording":
        return "The responders record it themselves, and the course of calls places the change in what they record."
    until = "until something shows that recording stayed as it was, all designs count as one"
    return f"The responders record it themselves: {until}."


def _must_fail(judged: Judged) -> str:
    if not judged.must_fail:
        return ""
    sets = [" and ".join(f"“{one}”" for one in names) for names in judged.must_fail]
    return f"For another verdict it must fail that {', or that '.join(sets)}."


def _least(judged: Judged) -> Mapping[Any, Any] | None:
    """Return the least bias of a design, or of all alike, that gives another verdict."""
    known = judged.flips[judged.flips["std_errors"].notna()]
    if known.empty:
        return None
    return dict(known.iloc[int(known["std_errors"].abs().to_numpy().argmin())])


def _least_bias(judged: Judged) -> str:
    least = _least(judged)
    if least is None:
        return "No bias of a single design up to eight standard errors gives another verdict."
    size = words.number(abs(float(least["std_errors"])))
    factor, way = words.number(float(least["ratio"])), "low" if least["std_errors"] < 0 else "high"
    return (
        f"The least bias that makes it “{verdict_words[str(least['to'])]}” is one of {size} standard errors, a factor "
        f"of {factor}, that makes the ratio too {way}, in: {least['what']}."
    )


def _sceptic(judged: Judged, evidence: Evidence) -> str:
    """Give the first design's chances with a sceptical prior."""
    rows = evidence.frame.iloc[list(judged.rows)]
    rows = rows[rows["any_fall"].notna() & rows["falsification"].ne("contradicted")]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    limit = words.percent_size(100 * (1 - evidence.rule.smallest_effect))
    any_fall, enough = (_chance(float(row[name])) for name in ("any_fall", "enough"))
    return (
        "With a sceptical prior centred on no effect (the trials' result), the chance of any fall is "
        f"{any_fall}, and of one of {limit} or more {enough}, by the first design that no check contradicts."
    )


def _chance(share: float) -> str:
    """Write a chance in percent, never as certain."""
    if share > 0.995 or share < 0.005:
        return "over 99 %" if share > 0.5 else "under 1 %"
    return words.percent_size(100 * share)
