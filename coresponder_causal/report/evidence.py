"""All that speaks to an outcome on one page: verdict, picture, what each design says, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.decide import Evidence, Judged, Pooled
from coresponder_causal.report import words
from coresponder_causal.report.evidence_sentences import Weighed, pooled_sentence, verdict_sentence
from coresponder_causal.report.funnel import funnel_picture, funnel_sentence, funnel_table
from coresponder_causal.report.rows import headlines, of_designs
from coresponder_causal.report.specs import Block, Column, Picture, Section, Sentence, Table, of_nobody
from coresponder_causal.report.tables import support_of

Row: TypeAlias = Mapping[Any, Any]
estimate_columns = (
    Column("outcome", "Outcome"),
    Column("named", "Design"),
    Column("estimand", "Effect of"),
    Column("ratio_said", "Ratio (95 %)", "said"),
    Column("interval", "Interval", "said"),
    Column("itt_said", "Averted per 1,000 eligible calls (ITT)", "said"),
    Column("att_said", "Averted per 1,000 attended calls (ATT)", "said"),
    Column("mde_said", "Finds four times in five", "said"),
    Column("n", "Rows", "whole"),
    Column("sceptic_said", "A sceptic: any fall / one that matters", "said"),
)
trust_columns = (
    Column("outcome", "Outcome"),
    Column("named", "Design"),
    Column("assumption", "It holds only if"),
    Column("bias", "Likely bias"),
    Column("bias_why", "Why"),
    Column("falsification_said", "Checks"),
    Column("breakdown_said", "Lost at", "said"),
    Column("place", "Pooled or listed"),
    Column("unknown", "What is not known", "said"),
)
estimate_note = (
    "Ratio: events with the programme over those without it. Averted: negative where there were more. ITT: of eligible "
    "calls received; ATT: of those attended; one is told in terms of the other by the share of calls attended, whose "
    "sampling error is in the bounds, where the effect works through attendance alone. Shares of calls with an outcome "
    "are those counted with the programme. A sceptic: chance of any fall, and of one at least as large as the smallest "
    "that matters, with a sceptical prior centred on no effect (the trials' result). Bundle: all that changed with the "
    "programme."
)
trust_note = (
    "Likely bias: of the log ratio; − makes a fall too large, + too small, ? cannot be told. Checks: a check that "
    "contradicts by a test counts after correction for the number of checks. Listed: shown, and never pooled."
)
not_fixed = "No plan fixed this rule beforehand: it is shown as the rule would say it."
unsaid = "not known"


def evidence_table(evidence: Evidence) -> Table:
    """Lay what designs estimate beside each other.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    Table
        ``outcome, named, estimand``, ratios, events averted and detectable falls as text with their bounds, ``n``. The
        frame of the evidence has them as numbers.
    """
    frame = _shown(evidence)
    support = headlines(evidence.results)
    return Table(title="Evidence", frame=frame, columns=estimate_columns, note=estimate_note, support=support)


def trust_table(evidence: Evidence) -> Table:
    """Lay what designs rest on beside each other, and what is against each.

    Parameters
    ----------
    evidence : Evidence
    """
    frame = _shown(evidence)
    support = headlines(evidence.results)
    title = "What each design rests on"
    return Table(title=title, frame=frame, columns=trust_columns, note=trust_note, support=support)


def evidence_section(weighed: Weighed) -> Section:
    """Put verdicts, pictures and the table of all evidence under one question.

    Parameters
    ----------
    weighed : Weighed
    """
    evidence = weighed.evidence
    blocks: list[Block] = [] if weighed.planned else [Sentence(text=not_fixed, support=of_nobody)]
    for judged, pooled in zip(weighed.judged, weighed.pooled, strict=True):
        results = [evidence.results[i] for i in judged.rows]
        blocks.append(verdict_sentence(judged, evidence))
        if pooled is not None:
            said = pooled_sentence(pooled, words.outcome(results[0]))
            blocks.append(Sentence(text=said.text, numbers=said.numbers, support=support_of(results)))
        drawn = _picture(judged, pooled, evidence)
        blocks += [] if drawn is None else [drawn]
    if not any(weighed.pooled):
        text = (
            "No pooled number is given: nobody has said how far each design may be wrong (block [bias] of the study)."
        )
        blocks.append(Sentence(text=text, support=of_nobody))
    if weighed.funnel is not None:
        blocks += [funnel_sentence(weighed.funnel), funnel_picture(weighed.funnel), funnel_table(weighed.funnel)]
    return Section(
        title="What do all designs say together?", blocks=(*blocks, evidence_table(evidence), trust_table(evidence))
    )


def _shown(evidence: Evidence) -> pd.DataFrame:
    """Rows as text, ready to be read."""
    frame = evidence.frame
    rows = frame.to_dict("records")
    return frame.assign(
        outcome=[words.capital(words.counted(result)) for result in evidence.results],
        named=[words.named(result) for result in evidence.results],
        place=["can be pooled" if row["place"] == "pooled" else row["place"] for row in rows],
        ratio_said=[_with_bounds(row, "ratio") for row in rows],
        itt_said=[_with_bounds(row, "itt") for row in rows],
        att_said=[_with_bounds(row, "att") for row in rows],
        mde_said=[unsaid if np.isnan(row["mde"]) else words.percent(row["mde"]) for row in rows],
        sceptic_said=[_chances(row) for row in rows],
        falsification_said=[_checked(row) for row in rows],
        breakdown_said=[_lost(row) for row in rows],
        unknown=[row["unknown"] or "–" for row in rows],
    )


def _with_bounds(row: Row, name: str) -> str:
    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    if np.isnan(low):
        return unsaid
    ends = f"{words.number(low)} to {words.number(high)}"
    return ends if np.isnan(value) else f"{words.number(value)} ({ends})"


def _chances(row: Row) -> str:
    first, last, enough, enough_to = (float(row[name]) for name in ("any_fall", "any_fall_to", "enough", "enough_to"))
    if np.isnan(first):
        return unsaid
    return f"{_span(first, last)} / {_span(enough, enough_to)}"


def _span(low: float, high: float) -> str:
    least, most = sorted((low, high))
    return f"{least:.2f}" if most - least < 0.005 else f"{least:.2f} to {most:.2f}"


def _checked(row: Row) -> str:
    against = str(row["contradicted_by"]).replace("_", " ")
    return f"{row['falsification']} ({against})" if against else str(row["falsification"])


def _lost(row: Row) -> str:
    name = str(row["breakdown_of"])
    if not name:
        return unsaid
    symbol, _, meaning = name.partition(": ")
    return f"{symbol} = {words.number(float(row['breakdown']))}: {meaning}"


def _picture(judged: Judged, pooled: Pooled | None, evidence: Evidence) -> Picture | None:
    """Draw the designs of an outcome that have a ratio, what they give together first."""
    frame = evidence.frame
    standing = {i: frame["falsification"].iloc[i] != "contradicted" for i in judged.rows}
    places = sorted((i for i in judged.rows if np.isfinite(frame["ratio"].iloc[i])), key=lambda i: not standing[i])
    if len(places) < 2:
        return None
    results = [evidence.results[i] for i in places]
    rows = pd.DataFrame(
        {
            "city": [_name(evidence.results[i], frame.iloc[i]) for i in places],
            "role": ["treated" if standing[i] else "comparison" for i in places],
        }
    )
    with np.errstate(divide="ignore"):
        for name, column in (("effect", "ratio"), ("low", "ratio_low"), ("high", "ratio_high")):
            rows[name] = np.log(frame[column].iloc[places].to_numpy(float))
    return of_designs(rows, outcome=words.outcome(results[0]), support=headlines(results), pooled=pooled)


def _name(result: Result, row: pd.Series) -> str:
    """Name a design, what it estimates, and whether it is only listed, in short lines."""
    listed = ", only listed" if str(row["place"]).startswith("listed") else ""
    return words.named(result).replace(", ", ",\n", 1) + f"\n{row['estimand']}{listed}"
