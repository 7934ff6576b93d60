"""The eighteen identifiers of 45 CFR 164.514(b)(2)(i), the words by which columns are declared, and the ZIP rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from coresponder_causal.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

Census: TypeAlias = Literal[2000, 2010, 2020]
Role: TypeAlias = Literal[
    "name",
    "geography",
    "zip",
    "date",
    "age",
    "birth_year",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "plan",
    "account",
    "licence",
    "vehicle",
    "device",
    "url",
    "ip",
    "biometric",
    "photo",
    "code",
    "record_code",
    "text",
    "other",
]
roles: tuple[str, ...] = get_args(Role)
not_advice = (
    "Not legal advice. A program sees patterns, not persons: it misses names that are words, codes that it does not "
    "know, and what other tables tell. Whether the rules are met is for the covered entity and its counsel to say."
)
row_numbers = "Rows and columns are counted from 0: row 0 is the first below the heading."


@dataclass(frozen=True, slots=True)
class Identifier:
    """One letter of 164.514(b)(2)(i).

    Parameters
    ----------
    letter, label : str
        Its letter, and what it covers.
    mend : str
        What puts a file right.
    """

    letter: str
    label: str
    mend: str


_TAKE_OUT = "take the column out"
identifiers: Mapping[str, Identifier] = {
    entry.letter: entry
    for entry in (
        Identifier("A", "names", "take the column out; redact names that stand in text"),
        Identifier("B", "geography below the state", "keep the state, or the first three digits of large ZIP areas"),
        Identifier("C", "dates finer than the year, ages over 89", "keep the year; tell ages over 89 as 90+"),
        Identifier("D", "telephone numbers", _TAKE_OUT),
        Identifier("E", "fax numbers", _TAKE_OUT),
        Identifier("F", "e-mail addresses", _TAKE_OUT),
        Identifier("G", "social security numbers", _TAKE_OUT),
        Identifier("H", "medical record numbers", _TAKE_OUT),
        Identifier("I", "health plan beneficiary numbers", _TAKE_OUT),
        Identifier("J", "account numbers", _TAKE_OUT),
        Identifier("K", "certificate and licence numbers", _TAKE_OUT),
        Identifier("L", "vehicle identifiers and plates", _TAKE_OUT),
        Identifier("M", "device identifiers and serial numbers", _TAKE_OUT),
        Identifier("N", "web addresses", _TAKE_OUT),
        Identifier("O", "internet protocol addresses", _TAKE_OUT),
        Identifier("P", "biometric identifiers", _TAKE_OUT),
        Identifier("Q", "full-face photographs and comparable images", _TAKE_OUT),
        Identifier("R", "other unique numbers, characteristics or codes", "take it out, or number the rows by lot"),
    )
}

letter_of_role: Mapping[str, str] = {
    "name": "A",
    "geography": "B",
    "date": "C",
    "phone": "D",
    "fax": "E",
    "email": "F",
    "ssn": "G",
    "mrn": "H",
    "plan": "I",
    "account": "J",
    "licence": "K",
    "vehicle": "L",
    "device": "M",
    "url": "N",
    "ip": "O",
    "biometric": "P",
    "photo": "Q",
    "code": "R",
}

# Kinds of spans that the recognisers find in text, and their letters.
letter_of_kind: Mapping[str, str] = {
    "PERSON": "A",
    "ADDRESS": "B",
    "PLACE": "B",
    "ZIP": "B",
    "DATE": "C",
    "AGE": "C",
    "PHONE": "D",
    "FAX": "E",
    "EMAIL": "F",
    "SSN": "G",
    "MRN": "H",
    "PLAN": "I",
    "ACCOUNT": "J",
    "LICENCE": "K",
    "VEHICLE": "L",
    "DEVICE": "M",
    "URL": "N",
    "IP": "O",
    "BIOMETRIC": "P",
    "PHOTO": "Q",
    "CODE": "R",
}


def _prefixes(text: str) -> frozenset[str]:
    """Three-digit prefixes between blanks."""
    return frozenset(text.split())


# Three-digit areas of 20,000 persons or fewer, by census; they become 000.
small_zip3: Mapping[int, frozenset[str]] = {
    2020: _prefixes("036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893"),
    2010: _prefixes("036 059 102 203 205 369 556 692 821 823 878 879 884 893"),
    2000: _prefixes("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"),
}
# Prefixes without an area in which people are counted: not in use, military, or outside the states.
_without_area = _prefixes(
    "001 002 003 004 090 091 092 093 094 095 096 097 098 099 213 269 340 343 345 348 353 419 428 429 517 518 519 529 "
    "533 536 552 568 578 579 589 621 632 642 643 659 663 682 694 695 696 697 698 699 702 709 715 732 742 817 818 819 "
    "839 848 849 854 858 861 862 866 867 868 869 876 886 887 888 892 896 899 909 929 962 963 964 965 966 987"
)


def zip3_allowed(prefix: str, census: Census = 2020) -> bool:
    """Whether three digits of a ZIP code may stand in a Safe Harbor file.

    Parameters
    ----------
    prefix : str
        Three digits.
    census : {2000, 2010, 2020}
        Whose counts decide; the rule asks for the current ones.

    Returns
    -------
    bool
        False for areas of 20,000 persons or fewer and for prefixes without an area: both become 000.

    Raises
    ------
    DataError
        A census of which no table is here: take one of those named.

    References
    ----------
    45 CFR 164.514(b)(2)(i)(B).

    Examples
    --------
    >>> zip3_allowed("956"), zip3_allowed("036"), zip3_allowed("202"), zip3_allowed("202", 2010)
    (True, False, False, True)
    """
    if census not in small_zip3:
        known = ", ".join(map(str, small_zip3))
        raise DataError(f"no table of small ZIP areas for census {census}", mend=f"take one of {known}")
    return prefix == "000" or not (prefix in small_zip3[census] or prefix in _without_area)
