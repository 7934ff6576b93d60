"""One printed sheet for a council: the question, the answer, how sure it is, what it does not say, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.registry import measured
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report import words
from coresponder_causal.report.against import comparisons
from coresponder_causal.report.data_section import quality_counts
from coresponder_causal.report.headline import headline_of, single_series, too_narrow
from coresponder_causal.report.page import sensitive_banner, simulated_banner
from coresponder_causal.report.per_hundred import hundred_picture, noticed, said_per_hundred
from coresponder_causal.report.sensitive import as_sensitive, of_sensitive
from coresponder_causal.report.sets import turned_by_the_unknown
from coresponder_causal.report.specs import Bullets, Page, Section, Sentence, of_nobody
from coresponder_causal.report.tables import support_of

of_single_calls = (*comparisons, "call_iv", "call_boundary")
doubts_shown = 2
by_lot = "switchback_randomization"
where_more = Sentence(text="All numbers, checks and pictures are in the full report (index.html).", support=of_nobody)


def council_page(
    results: Sequence[Result] = (),
    *,
    checks: Sequence[Sequence[CheckResult]] = (),
    title: str,
    quality: pd.DataFrame,
    design_lines: Sequence[Sentence] = (),
    planned: Sentence | None = None,
    verdicts: Mapping[str, Sentence] = MappingProxyType({}),
    costs: Sentence | None = None,
    groups: Sentence | None = None,
    treated: Sentence | None = None,
    simulated: bool = False,
    sensitive: bool = False,
) -> Page:
    """Put what a council must know on one sheet, in words that need no statistics.

    Parameters
    ----------
    results : sequence of Result
        As of `page`: the first that estimates an effect is the answer.
    checks : sequence of sequences of CheckResult
        Checks of each result, in their order.
    title : str
    quality : DataFrame
        Findings in the data, as of `page`.
    design_lines : sequence of Sentence
        As of `page`; of those that are doubts the first two are shown.
    planned : Sentence, optional
        Whether it was run as planned.
    verdicts : mapping of str to Sentence
        What all designs say together of each outcome, by the decision rule, as `council_verdicts` gives it.
    costs : Sentence, optional
        What the programme costs, as `cost_sentence` gives it.
    groups : Sentence, optional
        Whether it helps some more than others, as `benefits_line` gives it.
    treated : Sentence, optional
        Whether people are treated alike, as `fairness_line` gives it.
    simulated, sensitive : bool
        Put a banner on top.

    Returns
    -------
    Page
        Set to fill one printed sheet.

    Examples
    --------
    >>> found = pd.DataFrame({"rule": ["order of times"], "severity": ["quality"], "count": [907]})
    >>> print(council_page(title="A town", quality=found).finding[0])
    No effect was estimated: this is about the data alone.
    """
    headline = headline_of(results)
    own = next((made for result, made in zip(results, checks, strict=True) if result is headline), ())
    sensitive = sensitive or any(map(of_sensitive, results))
    banners = (simulated_banner,) * simulated + (sensitive_banner,) * sensitive
    if headline is None:
        finding, sections = _without_answer(results, quality, planned)
    else:
        judged = headline.estimand.outcome
        finding = _answer(headline, own, tuple(said for outcome, said in verdicts.items() if outcome == judged))
        sure = (
            *_sure(headline, results, own, planned),
            *_others_broken(headline, results, checks),
            *(said for outcome, said in verdicts.items() if outcome != judged),
            *_doubted(design_lines),
        )
        of_groups = (said for said in (groups, treated) if said is not None)
        sections = (
            *_drawn(headline),
            _listed("How sure is this?", sure),
            _listed("What does it not say?", (*_unsaid(headline), *of_groups)),
            *(() if costs is None else (_listed("What does it cost?", (costs,)),)),
            _listed("What next?", _next(headline, own, quality)),
        )
    made = Page(
        title=title,
        subtitle=_question(headline),
        banners=banners,
        finding=finding,
        sections=sections,
        sheet=True,
    )
    return as_sensitive(made, True) if sensitive else made


def _listed(title: str, items: tuple[Sentence, ...]) -> Section:
    return Section(title=title, blocks=(Bullets(items=items),))


def _drawn(headline: Result) -> tuple[Section, ...]:
    """Draw the answer as so many of a hundred, where it can be told so."""
    picture = hundred_picture(headline)
    return () if picture is None else (Section(title="", blocks=(picture,)),)


def _question(headline: Result | None) -> str:
    if headline is None:
        return "Can these data tell whether sending a mental-health professional with the police helps?"
    if headline.method in of_single_calls:
        what = words.counted(headline)
        return f"Are there fewer or more {what} when a mental-health professional comes with the police?"
    what = words.outcome(headline)
    return f"Did {what} in {words.city(headline)} change when a mental-health professional came with the police?"


def _answer(headline: Result, checks: Sequence[CheckResult], judged: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """Answer the question, in hundredths, with what would have been noticed."""
    broken = _of_verdict(checks, "contradicts")
    tried = len(_deciding(checks))
    warned = f"But {broken} of {tried} checks speak{'s' * (broken == 1)} against this answer: do not rely on it."
    spoken = (Sentence(text=warned, support=of_nobody),) if broken else ()
    settled = all(said.numbers["supported"] for said in judged)
    verdict = Sentence(text=_verdict(headline, settled=settled), support=headline.support)
    return (verdict, said_per_hundred(headline), noticed(headline), *judged, *spoken)


def _verdict(headline: Result, *, settled: bool) -> str:
    """Answer in one line; ``settled``: the decision rule does not say that one way of comparing is not enough."""
    what, direction = words.outcome(headline), _direction(headline)
    yes = "As far as this study can tell, yes" if settled else "By one way of comparing, yes"
    if headline.method in single_series:
        return "This only describes one city: whatever else changed at that time may be behind the numbers."
    if too_narrow(headline) or headline.extra.get("weights_reproduce") is False:
        return "This only describes: the comparison is too weak to carry an answer."
    if headline.method == "call_iv" and headline.extra.get("adjustment") == "coverage_post":
        return "This only describes, unless people called at the same hours before and after the start."
    if direction == 0:
        why = ": what nobody knows could turn it either way" if turned_by_the_unknown(headline) else ""
        return f"This study cannot tell whether {what} changed{why}."
    if headline.method in of_single_calls:
        amount = f"{'fewer' if direction < 0 else 'more'} {words.counted(headline)}"
        return f"{yes}: there are {amount}."
    return f"{yes}: {what} {'fell' if direction < 0 else 'rose'}."


def _direction(result: Result) -> int:
    """Return −1 or 1 where the range of what fits leaves out no change, else 0."""
    low, high = (float(result.tidy()[name].iloc[0]) for name in ("conf_low", "conf_high"))
    return 0 if low <= 0 <= high else -1 if high < 0 else 1


def _sure(
    headline: Result, results: Sequence[Result], checks: Sequence[CheckResult], planned: Sentence | None
) -> tuple[Sentence, ...]:
    """Say what was tried against the answer, what other comparisons say, and how often such ranges hold."""
    decided = _deciding(checks)
    tried = "Nothing was tried yet that could prove this wrong."
    if decided:
        broke, unable = (_of_verdict(decided, verdict) for verdict in ("contradicts", "cannot tell"))
        tried = (
            f"{_many(len(decided), 'check')} of this way of comparing tried to prove it wrong. {broke or 'None'} did"
        )
        tried += f"; {unable} could not tell." if unable else "."
    said = []
    found, doubts = measured(headline), sum(isinstance(text, Doubt) for text in headline.notes)
    if found is not None:
        held = f"{100 * found.coverage:.0f}"
        said.append(f"On made-up cities whose truth is known, ranges made this way held it {held} times in 100.")
    if doubts:
        said.append(f"The full report names {_many(doubts, 'doubt')} about this comparison.")
    first = (planned,) if planned is not None else ()
    return (*first, *_plain([tried]), *_beside(headline, results), *_plain(said))


def _doubted(lines: Sequence[Sentence]) -> list[Sentence]:
    """Pass on what puts the whole study in doubt."""
    doubts = [line for line in lines if isinstance(line.text, Doubt)][:doubts_shown]
    return [replace(line, text=words.dates(f"In doubt: {line.text.rstrip('.')}.")) for line in doubts]


def _beside(headline: Result, results: Sequence[Result]) -> list[Sentence]:
    """Count the other comparisons of the same outcome by what they say; some only describe."""
    same = [one for one in results if one is not headline and words.outcome(one) == words.outcome(headline)]
    others = [one for one in same if not too_narrow(one)]
    if not same:
        return []
    found = [_direction(result) for result in others]
    parts = [(found.count(-1), "for fewer"), (found.count(1), "for more"), (found.count(0), "cannot tell")]
    only = len(same) - len(others)
    parts.append((only, f"only {'describes' if only == 1 else 'describe'}"))
    said = ", ".join(f"{count} {what}" for count, what in parts if count)
    return [Sentence(text=f"Other ways of comparing the same: {said}.", support=support_of(same))]


def _others_broken(
    headline: Result, results: Sequence[Result], checks: Sequence[Sequence[CheckResult]]
) -> list[Sentence]:
    """Count the other comparisons, of any outcome, that a check speaks against."""
    broken = [
        result
        for result, made in zip(results, checks, strict=True)
        if result is not headline and _of_verdict(made, "contradicts")
    ]
    if not broken:
        return []
    text = f"A check speaks against {len(broken)} of the other comparisons; the full report names them."
    return [Sentence(text=text, support=support_of(broken))]


def _unsaid(headline: Result) -> tuple[Sentence, ...]:
    """Say what must not be read into the answer."""
    what, term = words.outcome(headline), headline.terms["term"].iloc[0]
    if headline.method in of_single_calls:
        about = "Calls with the team were compared with calls alike on record. What nobody wrote down may differ."
        if headline.method in ("call_iv", "call_boundary"):
            about = "It is about calls for which it was chance, not need, that the team could come."
    elif term == "triple_difference":
        about = "It is about the hours in which the team works; what it changes at other hours is not in it."
    elif headline.method == by_lot:
        about = "It is about the weeks in which the lot decided; later weeks may differ."
    else:
        about = "Whatever else changed in this city alone at that time is in the number too."
    said = [
        about,
        f"It counts {what}. Whether people were helped, and what they say of it, is not in that number.",
        "What happened here need not happen in another city, or with another team.",
    ]
    if headline.estimand.outcome != "force":
        said.append("Rare harm, such as use of force, cannot be judged from the few cases of one city.")
    return _plain(said)


def _next(headline: Result, checks: Sequence[CheckResult], quality: pd.DataFrame) -> tuple[Sentence, ...]:
    """Say what to do, by what was found."""
    said = []
    if _of_verdict(checks, "contradicts"):
        said.append("First answer the checks that speak against the answer; the full report names them.")
    elif turned_by_the_unknown(headline):
        said.append(
            "More months of the same do not narrow this range. Draw by lot some of the calls that nobody followed, and "
            "find out what became of them."
        )
    elif _direction(headline) == 0:
        said.append("Go on counting in the same way, and look again by the same plan: more months narrow the range.")
    else:
        said.append("Weigh it beside what the team costs, and what people, officers and clinicians say of it.")
    if headline.method != by_lot:
        said.append("To know more surely, let the lot decide for some months in which half-days the team works.")
    return (*_plain([*said, *_to_mend(quality)]), where_more)


def _to_mend(quality: pd.DataFrame) -> list[str]:
    counts = quality_counts(quality).numbers
    found = int(counts.number("errors") + counts.number("doubts"))
    if not found:
        return []
    return [f"Mend the data ({_many(found, 'thing')} found): supervisor.html says what is wrong, and who mends it."]


def _without_answer(
    results: Sequence[Result], quality: pd.DataFrame, planned: Sentence | None
) -> tuple[tuple[Sentence, ...], tuple[Section, ...]]:
    """Fill the sheet of a study without an effect: it describes, or is about the data alone."""
    text = "No effect was estimated: this is about the data alone."
    if results:
        text = "No comparison here can tell what the programme did: what was found only describes."
    finding = (*_plain([text]), quality_counts(quality))
    unsaid = "Nothing here says whether the programme helps, or does not."
    steps = [*_to_mend(quality), "Then decide what is to be compared, and write it down before anybody looks."]
    first = () if planned is None else (planned,)
    sections = (
        _listed("What does it not say?", _plain([unsaid])),
        _listed("What next?", _plain(steps)),
        _listed("Where is more?", (*first, where_more)),
    )
    return finding, sections


def _deciding(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Leave out checks that only report, or do not apply."""
    return [check for check in checks if check.verdict not in ("reported", "not applicable")]


def _of_verdict(checks: Sequence[CheckResult], verdict: str) -> int:
    return sum(check.verdict == verdict for check in checks)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _plain(texts: Sequence[str]) -> tuple[Sentence, ...]:
    """Make sentences behind which nobody stands: they count checks and designs, not people."""
    return tuple(Sentence(text=text, numbers=Facts(), support=of_nobody) for text in texts)
