"""Words, themes and word lists of a study's texts, on its page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from coresponder_causal import qualitative
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.plan.heard import coded_of, names_of_people, register_of
from coresponder_causal.plan.qualitative_block import QualitativePlan
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.texts_block import ListsPlan, Texts, TopicsPlan, WordsPlan
from coresponder_causal.plan.told import told
from coresponder_causal.privacy import redact
from coresponder_causal.report.coded_tables import keyness_table, lexicon_tables, topic_table
from coresponder_causal.report.specs import Block, Page, Section

title = "Which words are used?"
_placeholder = re.compile(r"\[[A-Z][A-Z /-]* \d+\]")


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Texts of one kind: redacted, whose each is, of which person or call, and all that is known of each."""

    texts: Sequence[str]
    authors: list[object]
    about: list[object]
    known: pd.DataFrame

    def column(self, name: str) -> pd.Series:
        """Give what is known under a name.

        Raises
        ------
        DataError
            Nothing is: the message names what there is.
        """
        if name not in self.known:
            there = ", ".join(map(str, self.known.columns))
            raise DataError(f"nothing is known of {name!r} of these texts", mend=f"take one of {there}")
        return self.known[name]


def with_texts(page: Page, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Page:
    """Put words that differ, themes, and word lists on the page of a study that asks for them.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    """
    plan, seed = evaluation.study.qualitative, evaluation.study.seed
    if plan is None:
        return page
    asked, blocks = plan.texts, list[Block]()
    read = _once(plan, tables)
    if (words := asked.words) is not None:
        blocks += told(lambda: (_words(words, read(words.texts)),), "Words that differ")
    if (topics := asked.topics) is not None:
        blocks += told(lambda: (_topics(topics, read(topics.texts), seed),), "Themes of texts")
    if (lists := asked.lists) is not None:
        for name in lists.names:
            blocks += told(partial(_list, lists, name, read), qualitative.lexicon(name).label)
    return replace(page, sections=(*page.sections, Section(title=title, blocks=tuple(blocks)))) if blocks else page


def _once(plan: QualitativePlan, tables: Mapping[str, pd.DataFrame]) -> Callable[[Texts], Told]:
    """Read and redact each kind of texts once."""
    kept: dict[str, Told] = {}

    def read(kind: Texts) -> Told:
        if kind not in kept:
            kept[kind] = _interviews(plan, tables) if kind == "interviews" else _narratives(plan, tables)
        return kept[kind]

    return read


def _words(asked: WordsPlan, own: Told) -> Block:
    groups = [str(value) for value in own.column(asked.by)]
    found = qualitative.keyness(own.texts, groups, target=asked.target, reference=asked.reference, clusters=own.authors)
    return keyness_table(found, *(f"{asked.by.replace('_', ' ')} {name}" for name in (asked.target, asked.reference)))


def _topics(asked: TopicsPlan, own: Told, seed: int) -> Block:
    texts, about = list(own.texts), own.about
    if asked.texts == "interviews":
        parts = [[part for part in text.splitlines() if part.strip()] for text in texts]
        about = [who for who, own_parts in zip(about, parts, strict=True) for _ in own_parts]
        texts = [part for own_parts in parts for part in own_parts]
    if len(texts) > asked.most:
        note(f"{asked.most:,} of {len(texts):,} texts, drawn by lot, are looked at")
        drawn = np.sort(np.random.default_rng(seed).choice(len(texts), asked.most, replace=False))
        texts, about = [texts[i] for i in drawn], [about[i] for i in drawn]
    found = qualitative.themes(texts, numbers=asked.numbers, seed=seed)
    for text in found.notes:
        note(text)
    people = pd.Series(about, dtype=object).groupby(found.heaviest).nunique()
    return topic_table(found, {int(str(theme)): int(many) for theme, many in people.items()})


def _list(asked: ListsPlan, name: str, read: Callable[[Texts], Told]) -> tuple[Block, ...]:
    own = read("narratives")
    hand = own.column(asked.hand[name]) if name in asked.hand else None
    chance = None if hand is None else own.column(asked.chance)
    if chance is not None and chance.isna().any():
        raise DataError(f"{int(chance.isna().sum())} narratives have no {asked.chance}", mend="write it for every one")
    found = qualitative.lexicon_use(
        own.texts,
        qualitative.lexicon(name),
        authors=own.authors,
        groups=None if not asked.by else [str(value) for value in own.column(asked.by)],
        hand=None if hand is None else list(hand),
        chance=None if chance is None else [float(value) for value in chance],
        unvalidated=hand is None,
    )
    for text in found.notes:
        note(text)
    return lexicon_tables(found, asked.by)


def _interviews(plan: QualitativePlan, tables: Mapping[str, pd.DataFrame]) -> Told:
    """Texts of interviews that may be used, each person's by person."""
    coded = qualitative.consented(coded_of(plan), register_of(plan, tables))
    known = coded.source_table()
    people = list(known["case"])
    return Told(_redacted([source.text for source in coded.sources], plan), people, people, known)


def _narratives(plan: QualitativePlan, tables: Mapping[str, pd.DataFrame]) -> Told:
    """Texts of narratives with what is known of their calls."""
    if "narratives" not in tables:
        raise DataError("there is no table narratives", mend="name it in [tables]")
    own = tables["narratives"]
    own = own[own["text"].notna()].reset_index(drop=True)
    if blank := len(tables["narratives"]) - len(own):
        note(f"{blank} narratives have no text and are left out")
    calls = tables["calls"].drop_duplicates("call_id") if "calls" in tables else own[["call_id"]].drop_duplicates()
    more = [name for name in calls.columns if name not in own.columns]
    known = own.merge(calls[["call_id", *more]], on="call_id", how="left")
    authors = list(known["author"] if "author" in known else known["call_id"])
    return Told(_redacted(list(known["text"]), plan), authors, list(known["call_id"]), known)


def _redacted(texts: list[str], plan: QualitativePlan) -> Sequence[str]:
    """Texts without what may name anybody; what stands for it is no word."""
    done = redact(texts, known=names_of_people(plan), places=plan.places)
    return [_placeholder.sub(" ", text) for text in done.texts]
