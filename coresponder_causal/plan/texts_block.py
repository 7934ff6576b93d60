"""The parts of the block [qualitative] that look at texts themselves: words, topics and word lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.qualitative import lexicon

Texts: TypeAlias = Literal["interviews", "narratives"]
usual_numbers, usual_most = (2, 3, 4, 5, 6, 8, 10), 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsPlan:
    """Two groups of texts whose words are compared.

    Parameters
    ----------
    texts : {"interviews", "narratives"}
    by : str
        Attribute of the interviews, or column of the narratives or of their calls.
    target, reference : str
        Values of it.
    """

    texts: Texts
    by: str
    target: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsPlan:
    """Texts in which themes are looked for.

    Parameters
    ----------
    texts : {"interviews", "narratives"}
        Of interviews each paragraph is a text.
    numbers : tuple of int
        Numbers of themes to try.
    most : int
        Texts looked at, drawn by lot where there are more.
    """

    texts: Texts
    numbers: tuple[int, ...] = usual_numbers
    most: int = usual_most


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsPlan:
    """Word lists whose terms are counted in narratives.

    Parameters
    ----------
    names : tuple of str
        Lists of the dictionary.
    by : str
        Column of the narratives or of their calls that forms groups; blank for none.
    hand : mapping of str to str
        Column of the narratives in which people coded what a list looks for, by list.
    chance : str
        Column with the chance of being read.
    """

    names: tuple[str, ...]
    by: str = ""
    hand: Mapping[str, str] = field(default_factory=dict)
    chance: str = "sampling_probability"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsPlan:
    """What is to be looked at in texts; None where it is not."""

    words: WordsPlan | None = None
    topics: TopicsPlan | None = None
    lists: ListsPlan | None = None


def read_texts_plan(given: Mapping[str, Any], problems: Problems) -> TextsPlan:
    """Read the three parts.

    Parameters
    ----------
    given : mapping
        The block [qualitative].
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> read_texts_plan({"topics": {"texts": "narratives"}}, Problems("study")).topics.most
    1000
    """
    parts = {}
    makers: dict[str, Callable[[Mapping[str, Any], Problems], Any]]
    makers = {"words": _words, "topics": _topics, "lists": _lists}
    for name, make in makers.items():
        if name not in given:
            continue
        if not isinstance(given[name], dict):
            problems.add(f"{name} in [qualitative] is a value", mend=f"write [qualitative.{name}]")
            continue
        before = len(problems.found)
        made = make(given[name], problems)
        parts[name] = made if len(problems.found) == before else None
    return TextsPlan(**parts)


def _words(given: Mapping[str, Any], problems: Problems) -> WordsPlan:
    wanted = {name: given.get(name, "") for name in ("texts", "by", "target", "reference")}
    _only("words", given, wanted.keys(), problems)
    if absent := [name for name, value in wanted.items() if not isinstance(value, str) or not value]:
        problems.add(f"[qualitative.words] has no {', '.join(absent)}", mend="write each as text")
    refuse_choice("texts in [qualitative.words]", wanted["texts"], Texts, problems)
    return WordsPlan(**wanted)


def _topics(given: Mapping[str, Any], problems: Problems) -> TopicsPlan:
    _only("topics", given, ("texts", "numbers", "most"), problems)
    refuse_choice("texts in [qualitative.topics]", given.get("texts", ""), Texts, problems)
    numbers, most = given.get("numbers", list(usual_numbers)), given.get("most", usual_most)
    if not isinstance(numbers, list) or not numbers or not all(_whole(number, 2) for number in numbers):
        problems.add(f"numbers in [qualitative.topics] is {numbers!r}", mend="write a list of whole numbers from 2 on")
        numbers = []
    if not _whole(most, 1):
        problems.add(f"most in [qualitative.topics] is {most!r}", mend="write a whole number of texts")
    return TopicsPlan(texts=given.get("texts", ""), numbers=tuple(numbers), most=most)


def _lists(given: Mapping[str, Any], problems: Problems) -> ListsPlan:
    _only("lists", given, ("names", "by", "hand", "chance"), problems)
    names, hand = given.get("names", []), given.get("hand", {})
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        problems.add(f"names in [qualitative.lists] is {names!r}", mend='write a list: ["stigma", "strengths"]')
        names = []
    for name in names:
        try:
            lexicon(name)
        except DataError as error:
            problems.add(error.what, mend=error.mend)
    if not isinstance(hand, dict) or not all(isinstance(column, str) for column in hand.values()):
        problems.add(f"hand in [qualitative.lists] is {hand!r}", mend='write { stigma = "column of the narratives" }')
        hand = {}
    if strange := sorted(hand.keys() - set(names)):
        problems.add(f"hand in [qualitative.lists] is of {', '.join(strange)}", mend="name lists of names")
    by, chance = given.get("by", ""), given.get("chance", "sampling_probability")
    for key, value in (("by", by), ("chance", chance)):
        if not isinstance(value, str):
            problems.add(f"{key} in [qualitative.lists] is {value!r}", mend="name a column")
    return ListsPlan(names=tuple(names), by=by, hand=hand, chance=chance)


def _only(part: str, given: Mapping[str, Any], known: Iterable[str], problems: Problems) -> None:
    keys = tuple(known)
    for key in sorted(given.keys() - set(keys)):
        problems.add(f"unknown key '{key}' in [qualitative.{part}]", mend=f"keys are {', '.join(keys)}")


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
