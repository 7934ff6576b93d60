"""Small counts in what is said in words."""

from __future__ import annotations

import re

counted_nouns = (
    "calls?", "persons?", "people", "residents?", "clients?", "patients?", "men", "women", "children", "officers?",
    "volunteers?", "staff",
    "clinicians?", "call takers?", "arrests?", "holds?", "events?", "contacts?", "cases?", "records?", "rows?",
    "shifts?", "transports?", "deaths?", "injuries", "uses of force",
    "forms?", "answers?", "respondents?", "interviews?", "narratives?",
)  # fmt: skip
_whole = r"(?<![\w.,/:–−-])(\d{1,3}(?:,\d{3})+|\d+)(?![\d.,]*\d|[-–/:]\d| ?%)"
_nouns = rf"(?:{'|'.join(counted_nouns)})\b"
_of_nouns = re.compile(rf"{_whole}(?=(?: (?!of\b|and\b|or\b|in\b)[\w-]+){{0,2}} {_nouns})", re.IGNORECASE)
_share_of = re.compile(
    rf"{_whole} (?:of|from) (?:the )?(\d{{1,3}}(?:,\d{{3}})+|\d+)(?=(?: [\w-]+){{0,2}} {_nouns})", re.I
)
_listed = re.compile(r"\(([^()]*[a-z] \d+(?:, [^()]*[a-z] \d+)*)\)")


def small_in_words(text: str, *, threshold: int) -> bool:
    """Whether a text states, or gives away by "a of b", a count of people or of what happened to them that is small.

    Parameters
    ----------
    text : str
    threshold : int

    Returns
    -------
    bool

    Notes
    -----
    Whole numbers before such a noun, lists in brackets such as "(leave 24, illness 3)", and the difference of "3 of 12
    calls" are read. Counts of cities, months or checks are not counts of people.

    Examples
    --------
    >>> small_in_words("3 calls were left out", threshold=11), small_in_words("10 comparison cities", threshold=11)
    (True, False)
    >>> small_in_words("95 of 100 calls were used", threshold=11)
    True
    """
    found = [_number(match) for match in _of_nouns.findall(text)]
    for part, whole in _share_of.findall(text):
        found += [_number(part), _number(whole), _number(whole) - _number(part)]
    for inside in _listed.findall(text):
        found += [int(number) for number in re.findall(r"(?<!to )(?<=[a-z] )\d+(?=,|$)", inside)]
    return any(0 < number < threshold for number in found)


def _number(text: str) -> int:
    return int(text.replace(",", ""))
