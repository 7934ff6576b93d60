"""How often groups of authors use the terms of a word list, and what hands that read a sample make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.clustered_counts import clumped
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.hand_checked import Bounded, by_cluster, corrected, rate_among, rogan_gladen
from coresponder_causal.core.inference import exact_poisson
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.partial_means import Moved, mean
from coresponder_causal.qualitative.texts import words_of
from coresponder_causal.qualitative.word_lists import Lexicon

Array = NDArray[np.float64]

few_authors, few_yes, everybody = 10, 10, "all"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LexiconUse:
    """Use of a word list.

    Parameters
    ----------
    lexicon : Lexicon
    status : {"validated", "unvalidated"}
        Whether hands read a sample.
    table : DataFrame
        One row for each group, and "all": ``group, texts, authors, words, hits, per_1000`` words, ``with_hit`` texts
        and their ``share``, ``corrected`` share that hands would code, ``rogan_gladen``, each with ``_low, _high`` but
        the share, which is the machine's; ``status``.
    errors : DataFrame
        One row for each group, and "all": ``group, coded`` texts, ``yes`` by hand, ``found`` and ``false``, those with
        a hit that are a yes and that are none, ``sensitivity, specificity``, with ``_low, _high``, weighted by the
        draw. Empty where nothing was validated.
    notes : tuple of str
    """

    lexicon: Lexicon
    status: str
    table: pd.DataFrame
    errors: pd.DataFrame
    notes: tuple[str, ...] = ()


def lexicon_use(
    texts: Sequence[str],
    lexicon: Lexicon,
    *,
    authors: Sequence[object],
    groups: Sequence[object] | None = None,
    hand: Sequence[object] | None = None,
    chance: Sequence[float] | None = None,
    unvalidated: bool = False,
    level: float = 0.95,
) -> LexiconUse:
    """Count terms of a word list by groups of authors, and correct by hands how many texts hold such language.

    A list finds words and not meanings: "she denied being crazy" is a hit. So hands code a sample drawn by lot, blind
    to hits, for whether the text holds such language at all; ``corrected`` takes the list's errors out group by group,
    however they differ, and rests on the draw alone. ``rogan_gladen`` holds the list to err in each group as in all:
    often narrower, and wrong where that fails. Neither says what changed the language.

    Parameters
    ----------
    texts : sequence of str
    lexicon : Lexicon
        `lexicon("stigma")`, `lexicon("strengths")`, or a project's own.
    authors : sequence, as long
        Who wrote it: their texts are one clump.
    groups : sequence, as long, optional
        E.g. team and others.
    hand : sequence, as long, optional
        Yes or no by hand; blank where it was not drawn.
    chance : sequence of float, as long, optional
        Of being drawn for coding by hand, for every text.
    unvalidated : bool
        Count without hands, under that name.
    level : float

    Returns
    -------
    LexiconUse

    Raises
    ------
    DataError
        Listing every broken rule: lengths that differ, no text with words, hands' codes without chances, chances that
        are not above 0 and at most 1, no codes by hand and ``unvalidated`` not said.

    References
    ----------
    Egami, Hinck, Stewart & Wei (2023), doi:10.48550/arXiv.2306.04746; Rogan & Gladen (1978),
    doi:10.1093/oxfordjournals.aje.a112510; dispersion: McCullagh & Nelder (1989), section 6.2.

    Examples
    --------
    >>> mine = Lexicon(name="own", label="Own words", terms=("wino",))
    >>> told = ["A wino again.", "He was calm.", "Poured out wino wine.", "Calm at home."] * 5
    >>> found = lexicon_use(told, mine, authors=list(range(20)), hand=[1, 0, 0, 0] * 5, chance=[1.0] * 20)
    >>> found.table[["share", "corrected", "status"]].values.tolist()
    [[0.5, 0.25, 'validated']]
    >>> found.errors[["sensitivity", "specificity"]].round(2).values.tolist()
    [[1.0, 0.67]]
    """
    with collecting() as notes:
        _require(texts, authors, groups, hand, chance, unvalidated)
        cluster, _ = pd.factorize(np.asarray(authors, dtype=object), use_na_sentinel=False)
        lengths = np.array([len(words_of(text)) for text in texts], float)
        hits, status = lexicon.hits(texts), "unvalidated" if hand is None else "validated"
        rows, errors = [], []
        for name, inside in _groups(len(texts), groups):
            own = inside * (lengths > 0)
            if not own.any():
                note("a group has no text with words, and no row")
                continue
            row = {"group": name, **_counted(hits, lengths, cluster, own, level)}
            if hand is not None and chance is not None:
                drawn = np.asarray(chance, float)
                more, error = _checked(hits > 0, _codes(hand), drawn, cluster, own, level)
                row |= more
                errors.append({"group": name, **error})
            rows.append({**row, "status": status})
        _say(pd.DataFrame(rows), pd.DataFrame(errors), lengths)
    return LexiconUse(
        lexicon=lexicon, status=status, table=pd.DataFrame(rows), errors=pd.DataFrame(errors), notes=tuple(notes)
    )


def _codes(hand: Sequence[object]) -> Array:
    """Codes by hand as numbers, NaN where blank."""
    return np.array([np.nan if pd.isna(code) else float(code) for code in hand], float)  # type: ignore[arg-type,call-overload]


def _groups(many: int, groups: Sequence[object] | None) -> list[tuple[str, Array]]:
    """Everybody, and each group, with 1 for its texts."""
    found = [(everybody, np.ones(many))]
    if groups is not None:
        own = np.array(["" if pd.isna(group) else str(group) for group in groups])  # type: ignore[call-overload]
        if blank := int((own == "").sum()):
            note(f"{blank} of {many} texts are of no group, and stand in the row of all alone")
        found += [(name, (own == name).astype(float)) for name in dict.fromkeys(own.tolist()) if name]
    return found


def _counted(
    hits: Array, lengths: Array, cluster: NDArray[np.intp], inside: Array, level: float
) -> dict[str, float | int]:
    """Hits of a group, and their rate with bounds by as many events as authors' clumps leave."""
    use = inside > 0
    codes, own = np.unique(cluster[use], return_inverse=True)
    counts, words = (np.bincount(own, part[use], minlength=len(codes)).astype(float) for part in (hits, lengths))
    found = clumped(counts[:, None], words, np.zeros(len(codes), np.intp), 1)
    events, spread, per = float(found.events[0, 0]), float(found.dispersion[0]), 1000 / float(words.sum())
    low, high = exact_poisson(events / spread, level)
    return {
        "texts": int(use.sum()),
        "authors": len(codes),
        "words": int(words.sum()),
        "hits": int(events),
        "per_1000": per * events,
        "per_1000_low": per * spread * float(low),
        "per_1000_high": per * spread * float(high),
        "with_hit": int((hits[use] > 0).sum()),
        "share": float((hits[use] > 0).mean()),
    }


def _checked(
    machine: NDArray[np.bool_], hand: Array, chance: Array, cluster: NDArray[np.intp], inside: Array, level: float
) -> tuple[dict[str, float], dict[str, float | int]]:
    """Corrected shares of a group, and the list's errors in it; for Rogan and Gladen those in all."""
    f, drawn = machine.astype(float), np.isfinite(hand)
    code, weight = np.where(drawn, hand, 0.0), np.where(drawn, 1 / chance, 0.0)
    whole = [rate_among(part, weight * of, cluster, level)[0] for part, of in ((f, code), (1 - f, 1 - code))]
    own = [rate_among(part, weight * of * inside, cluster, level)[1] for part, of in ((f, code), (1 - f, 1 - code))]
    coded = drawn & (inside > 0)
    shares = {"corrected": corrected(f, hand, chance, inside), "rogan_gladen": rogan_gladen(mean(f, inside), *whole)}
    nobody = Moved(np.nan, np.zeros(len(f)))
    row: dict[str, float] = {}
    for name, share in shares.items():
        told = share if coded.any() else nobody
        row |= _ends(name, by_cluster(told, cluster, inside, drawn.astype(float), level))
    errors = {
        "coded": int(coded.sum()),
        "yes": int(code[coded].sum()),
        "found": int((code * f)[coded].sum()),
        "false": int(((1 - code) * f)[coded].sum()),
    }
    return row, {**errors, **_ends("sensitivity", own[0]), **_ends("specificity", own[1])}


def _ends(name: str, found: Bounded) -> dict[str, float]:
    """Name a number and its bounds."""
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _require(
    texts: Sequence[str],
    authors: Sequence[object],
    groups: Sequence[object] | None,
    hand: Sequence[object] | None,
    chance: Sequence[float] | None,
    unvalidated: bool,
) -> None:
    """Refuse what cannot be counted, or was not validated."""
    problems, given = Problems("texts"), {"authors": authors, "groups": groups, "hand": hand, "chance": chance}
    for name, column in given.items():
        if column is not None and len(column) != len(texts):
            problems.add(f"{len(texts)} texts and {len(column)} {name}", mend="give one for each text")
    if not any(words_of(text) for text in texts):
        problems.add("no text has words", mend="give texts")
    if hand is None and not unvalidated:
        mend = "code a random sample by hand (hand=, chance=), or say unvalidated=True"
        problems.add("no hand checked what the list finds", mend=mend)
    known = np.full(1, np.nan) if hand is None else _codes(hand)
    if odd := int((np.isfinite(known) & (known != 0) & (known != 1)).sum()):
        problems.add(f"{odd} codes by hand are neither yes nor no", mend="write 1 and 0, or leave blank")
    if hand is not None and not np.isfinite(known).any():
        problems.add("no text was coded by hand", mend="code a random sample")
    if hand is not None and chance is None:
        problems.add("the chance of being coded by hand is not said", mend="give chance=, for every text")
    if chance is not None:
        drawn = np.asarray(chance, float)
        if len(rows := np.flatnonzero(~((drawn > 0) & (drawn <= 1)))):
            problems.add(f"{len(rows)} chances are not above 0 and at most 1", rows=rows, mend="correct the draw")
    problems.raise_if_any(DataError)


def _say(table: pd.DataFrame, errors: pd.DataFrame, lengths: Array) -> None:
    """Say where numbers stand on few authors, on few texts that hands coded yes, or on no hand at all."""
    if empty := int((lengths == 0).sum()):
        note(f"{empty} of {len(lengths)} texts have no words and were left out")
    if len(few := table.loc[table["authors"] < few_authors, "group"]):
        note(f"groups with fewer than {few_authors} authors ({len(few)}): intervals by so few are too narrow")
    if errors.empty:
        note("unvalidated: no hand checked what the list finds; it is not to be compared between groups or times")
        return
    if len(few := errors.loc[errors["yes"] < few_yes, "group"]):
        note(f"groups in which hands coded fewer than {few_yes} texts yes ({len(few)}): their sensitivity is a guess")
    if table["rogan_gladen"].isna().any():
        note("where the list is no better than chance, or no text was coded by hand, there is no corrected share")
