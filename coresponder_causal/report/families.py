"""Several outcomes judged together: which hold when all are counted."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide import Family
from coresponder_causal.report import words
from coresponder_causal.report.effects import effects
from coresponder_causal.report.sensitive import as_its_items
from coresponder_causal.report.specs import Block, Bullets, Column, Section, Sentence, Table, of_nobody

headings = {
    "p_holm": "p by Holm",
    "p_romano_wolf": "p by Romano–Wolf",
    "p_westfall_young": "p by Westfall–Young",
    "q_value": "q",
}
said_by = {
    "p_holm": "after Holm's correction",
    "p_romano_wolf": "after Romano and Wolf's correction",
    "p_westfall_young": "after Westfall and Young's correction",
    "q_value": "by sharpened q-values",
}
nouns = {"primary": "primary outcomes", "exploratory": "outcomes that are not primary"}


@as_its_items
def family_table(family: Family) -> Table:
    """Put hypotheses that are judged together below each other, each with its own p-value and those adjusted for all.

    Parameters
    ----------
    family : Family

    Returns
    -------
    Table
        ``outcome, method`` and ``term`` (where there are several), ``estimate, conf_low, conf_high, unit, p_value``,
        the adjusted columns and ``holds``, log ratios as percent changes.
    """
    shown = [_row(family, place) for place in range(len(family.places))]
    frame = pd.DataFrame(shown).assign(
        **{name: family.table[name] for name in ("p_value", *family.adjusted)},
        holds=["yes" if held else "no" for held in family.holds],
    )
    columns = (
        Column("outcome", "Outcome"),
        *(
            column
            for column in (Column("method", "Method"), Column("term", "What"))
            if frame[column.name].nunique() > 1
        ),
        Column("estimate", "Estimate", "signed"),
        Column("conf_low", "95 % from", "signed"),
        Column("conf_high", "to", "signed"),
        Column("unit", "Unit"),
        Column("p_value", "p alone", "p"),
        *(Column(name, headings[name], "p") for name in family.adjusted),
        Column("holds", "Holds", "said"),
    )
    title = words.capital(f"{_noun(family)} counted together")
    if frame["method"].nunique() == 1:
        title += f": {frame['method'].iloc[0]}"
    return Table(title=title, frame=frame, columns=columns, note=_note(family), support=family.support)


def _row(family: Family, place: int) -> dict[str, object]:
    number, term = family.places[place]
    result = family.results[number]
    found = effects(result).iloc[term]
    known = {name: found[name] for name in ("estimate", "conf_low", "conf_high", "unit")}
    named = {
        "outcome": words.outcome(result),
        "method": words.named(result),
        "term": words.term(str(found["term"]), result.method),
    }
    return named | known


def _note(family: Family) -> str:
    by, share = said_by[family.adjusted[0]], f"{100 * (1 - family.level):g} %"
    if family.kind == "primary":
        held = f"Holds: the chance that any of them is a false finding is held at {share}, {by}."
    else:
        held = f"Holds: of the findings {share} are expected to be false ones, {by}."
    return f"{held} Intervals are those of each outcome alone."


def _noun(family: Family) -> str:
    """Name what is judged: outcomes, or terms of which some are of one outcome."""
    return nouns[family.kind] if family.table["outcome"].is_unique else "hypotheses"


@as_its_items
def family_sentence(family: Family) -> Sentence:
    """Say how many hypotheses hold when all are counted, and which.

    Parameters
    ----------
    family : Family

    Returns
    -------
    Sentence
        ``numbers``: ``holds, alone`` (of those whose own p-value is at most 1 − level), ``of``.
    """
    many, held = len(family.table), family.holds
    alone = int((family.table["p_value"] <= 1 - family.level).sum())
    which = [_name(family, place) for place in range(many) if held[place]]
    verb = "holds" if len(which) == 1 else "hold"
    text = f"Of {many} {_noun(family)} {len(which) or 'none'} {verb} {said_by[family.adjusted[0]]}"
    text += f": {', '.join(which)}." if which else "."
    if alone > len(which):
        text += f" Looked at alone, {alone} would."
    numbers = Facts({"holds": len(which), "alone": alone, "of": many})
    return Sentence(text=text, numbers=numbers, support=family.support)


def _name(family: Family, place: int) -> str:
    number, _ = family.places[place]
    result = family.results[number]
    outcome, term = words.outcome(result), words.term(str(family.table["term"].iloc[place]), result.method)
    return outcome if family.table["outcome"].is_unique else f"{outcome} ({term})"


def counted_together(families: Sequence[Family]) -> Section | None:
    """Sentence, table and remarks of each family; None without one.

    Parameters
    ----------
    families : sequence of Family
    """
    if not families:
        return None
    blocks: list[Block] = []
    for family in families:
        blocks += [family_sentence(family), family_table(family)]
        if family.notes:
            said = [Sentence(text=words.capital(f"{text}."), support=of_nobody) for text in family.notes]
            blocks.append(Bullets(items=tuple(said)))
    return Section(title="What holds when all outcomes are counted?", blocks=tuple(blocks))
