"""What the recognisers find of identifiers planted in invented narratives.

``python -m coresponder_causal.privacy`` measures and writes ``redaction.csv`` beside this file. The narratives are as
police and clinicians write, in three hands: as is, in capitals, and without any; a third of the names are rare, a third
are words as well. They are invented: real texts hold more that no list foresaw.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import pandas as pd

from coresponder_causal.privacy.recognisers import Span, recognise

measured = Path(__file__).with_name("redaction.csv")
hands: Mapping[str, Callable[[str], str]] = {"as is": str, "capitals": str.upper, "no capitals": str.lower}
Part: TypeAlias = Literal["documents", "held_out"]
_SLOT = re.compile(r"\{(\w+)\}")
_NAMES = ("given", "surname")


class Planted(NamedTuple):
    """An identifier that was planted: where, of what kind, and for a name of what sort."""

    start: int
    end: int
    kind: str


def narratives(*, replications: int, seed: int, part: Part = "documents") -> Iterator[tuple[str, str, list[Planted]]]:
    """Write narratives with planted identifiers.

    Parameters
    ----------
    replications : int
        How often each is filled anew, for each hand.
    seed : int
    part : {"documents", "held_out"}
        Those on which the rules were mended, or those that were written after.

    Yields
    ------
    tuple of str, str, list of Planted
        Hand, text, and what was planted.

    Examples
    --------
    >>> hand, text, planted = next(narratives(replications=1, seed=1))
    >>> hand, all(text[found.start : found.end].strip() for found in planted)
    ('as is', True)
    """
    written = _written()
    rng = np.random.default_rng(seed)
    for hand, write in hands.items():
        for _ in range(replications):
            for template in written[part]:
                text, planted = _filled(template, written["fillers"], rng)
                yield hand, write(text), planted


def study(also: Callable[[str], list[Span]] | None = None, *, replications: int, seed: int) -> pd.DataFrame:
    """Count planted identifiers that are found, every letter and digit of each.

    Parameters
    ----------
    also : callable, optional
        A further recogniser, such as presidio; without it only the rules are measured.
    replications : int
        How often each narrative is filled anew, for each hand.
    seed : int

    Returns
    -------
    DataFrame
        ``part, hand, kind, planted, rules, known``, and with a further recogniser ``presidio, both``: numbers of spans;
        ``known`` is of the rules when they are given the names. The kind "false alarm" counts spans found where
        nothing was planted.
    """
    rows: list[dict[str, Any]] = []
    names = [str(name) for part in _NAMES for sort in _written()["fillers"][part].values() for name in sort]
    drawn = [
        (part, *one) for part in get_args(Part) for one in narratives(replications=replications, seed=seed, part=part)
    ]
    for part, hand, text, planted in drawn:
        finds = {"rules": recognise(text, eager=True), "known": recognise(text, known=names, eager=True)}
        if also is not None:
            finds |= {"presidio": also(text)}
            finds |= {"both": [*finds["rules"], *finds["presidio"]]}
        rows += [
            {"part": part, "hand": hand, "kind": one.kind, "planted": 1, **_hits(text, one, finds)} for one in planted
        ]
        alarms = {name: sum(not _touches(span, planted) for span in found) for name, found in finds.items()}
        rows.append({"part": part, "hand": hand, "kind": "false alarm", "planted": 0, **alarms})
    return pd.DataFrame(rows).groupby(["part", "hand", "kind"], sort=True).sum().reset_index()


@cache
def _written() -> dict[str, Any]:
    """Read the narratives and what fills them."""
    import yaml

    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("narratives.yaml").read_text(encoding="utf-8"))
    return found


def _hits(text: str, one: Planted, finds: Mapping[str, list[Span]]) -> dict[str, int]:
    """Whether each recogniser covers every letter and digit of a planted span."""
    signs = {place for place in range(one.start, one.end) if text[place].isalnum()}
    covered = {name: {i for span in found for i in range(span.start, span.end)} for name, found in finds.items()}
    return {name: int(signs <= places) for name, places in covered.items()}


def _touches(span: Span, planted: list[Planted]) -> bool:
    """Whether a find overlaps anything planted."""
    return any(span.start < one.end and one.start < span.end for one in planted)


def _filled(template: str, fillers: Mapping[str, Any], rng: np.random.Generator) -> tuple[str, list[Planted]]:
    """Fill the slots of one narrative."""
    text, planted, before = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[before : slot.start()]
        kind, value = _filler(slot[1], fillers, rng)
        planted.append(Planted(len(text), len(text) + len(value), kind))
        text, before = text + value, slot.end()
    return text + template[before:], planted


def _filler(slot: str, fillers: Mapping[str, Any], rng: np.random.Generator) -> tuple[str, str]:
    """Kind and text for a slot; names say their sort."""
    if slot != "person" and slot not in _NAMES:
        return slot, str(rng.choice(fillers[slot]))
    sort = str(rng.choice(["lexicon", "rare", "word"]))
    parts = _NAMES if slot == "person" else (slot,)
    return f"name: {sort}", " ".join(str(rng.choice(fillers[part][sort])) for part in parts)


@cache
def _table() -> pd.DataFrame:
    """Read the study as it was run."""
    return pd.read_csv(measured)


def measured_recall(recognisers: str) -> str:
    """Say what share of planted identifiers was found.

    Parameters
    ----------
    recognisers : {"rules", "rules and presidio"}

    Returns
    -------
    str

    Examples
    --------
    >>> measured_recall("rules")[:41]
    'Of identifiers planted in narratives that'
    """
    table = _table()
    column = "rules" if recognisers == "rules" else "both"
    planted = table[(table["kind"] != "false alarm") & (table["part"] == "held_out")]
    shares = []
    for name, rows in (("all", planted), ("names", planted[planted["kind"].str.startswith("name")])):
        found, of = int(rows[column].sum()), int(rows["planted"].sum())
        shares.append(f"{name}: {found} of {of} ({100 * found / of:.0f} %)")
    told = "; ".join(shares)
    return f"Of identifiers planted in narratives that the rules had not been mended on, {recognisers} found {told}."
