"""Identifiers that a pattern can tell: numbers, addresses of the net, dates; checked by their digits where they can be.

Where a number alone says nothing, a cue word must stand before it. A pattern's group ``id``, or ``id2``, is the span.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address


def rule_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Find what patterns tell.

    Parameters
    ----------
    text : str
        The text.

    Yields
    ------
    tuple of int, int, str
        Start, end and kind; spans may overlap, and come in the order of the rules.

    Examples
    --------
    >>> text = "MRN 00412-77, ssn 219 09 9999, jo@example.org"
    >>> [(text[start:end], kind) for start, end, kind in rule_spans(text)]
    [('jo@example.org', 'EMAIL'), ('example.org', 'URL'), ('219 09 9999', 'SSN'), ('00412-77', 'MRN')]
    """
    for kind, pattern, holds in _RULES:
        for match in pattern.finditer(text):
            place = next((name for name, value in match.groupdict().items() if value is not None), 0)
            if holds(match[place]):
                yield (*match.span(place), kind)


def _luhn(text: str) -> bool:
    """Check digit of payment cards and of devices."""
    digits = [int(sign) for sign in reversed(text) if sign.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[1::2]]
    return len(digits) >= 13 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _vin(text: str) -> bool:
    """Check digit of a vehicle identification number (49 CFR 565.15)."""
    values = [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)]
    value_of = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", values, strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    rest = sum(weight * value_of[sign] for weight, sign in zip(weights, text.upper(), strict=True)) % 11
    return text[8].upper() == "0123456789X"[rest]


def _ssn(text: str) -> bool:
    """Whether the number could have been given out; 9xx are taxpayers' numbers."""
    digits = re.sub(r"\D", "", text)
    return digits[:3] not in {"000", "666"} and digits[3:5] != "00" and digits[5:] != "0000"


def _ip(text: str) -> bool:
    """Whether it reads as an address, version 4 or 6."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _mixed(text: str) -> bool:
    """Whether a long token draws on many signs, letters and digits, as digests and random keys do."""
    return bool(re.search(r"\d", text) and re.search(r"[A-Za-z]", text)) and len(set(text.lower())) >= 8


_MONTH = (
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d{2}"
_CLOCK = r"(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_WEEKDAY = r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b"
_DATES = (
    rf"{_WEEKDAY},? {_MONTH_NUMBER}/{_DAY}\b(?:/\d{{2,4}}\b)?",
    rf"\b(?:last|this|next|early|late|mid|since|in) (?:(?:early|late|mid)[ -])?{_MONTH}",
    rf"\b{_YEAR}-(?:0[1-9]|1[0-2])(?:-\d{{2}})?{_CLOCK}(?!-?\d)",
    rf"\b{_MONTH_NUMBER}([/.-]){_DAY}\1(?:\d{{4}}|\d{{2}})\b",
    rf"\b{_DAY}[/.]{_MONTH_NUMBER}[/.]\d{{4}}\b",
    rf"{_MONTH} {_DAY}(?:st|nd|rd|th)?\b(?:,? ?{_YEAR}\b)?",
    rf"\b{_DAY}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? {_YEAR}\b)?",
    rf"{_MONTH},? {_YEAR}\b",
    rf"\b(?:on|since|by|dob|born|dated?)[ :]+(?P<id>{_MONTH_NUMBER}/{_DAY})\b(?!/)",
)
_PHONE = (
    r"(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\) ?|\b[2-9]\d{2}[ .-]?)[2-9]\d{2}[ .-]?\d{4}\b(?:\s*(?:x|ext\.?)\s*\d{1,5}\b)?"
)
_MBI = "[ac-hj-km-np-rt-y]"  # letters of a Medicare beneficiary identifier
_MEDICARE = rf"\b[1-9]{_MBI}[\dac-hj-km-np-rt-y]\d-?{_MBI}[\dac-hj-km-np-rt-y]\d-?{_MBI}{{2}}\d{{2}}\b"
_STATES = r"(?:CA|Calif(?:ornia)?|NV|OR|AZ|TX|NY|WA)"


def _cued(cue: str, token: str = r"(?=[\w-]*\d)[a-z0-9][a-z0-9-]{3,19}") -> str:
    """Pattern of a token after a cue word."""
    return rf"\b(?:{cue})[ :#=.]*(?:(?:is|was|number|no|num|nr|id)\b[ :#=.]*)*(?P<id>{token})\b"


_PATTERNS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("EMAIL", r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", bool),
    ("URL", r"\b(?:https?://|www\.)[^\s<>\"']+|\b[\w-]+\.(?:com|org|net|gov|edu)(?:/[^\s<>\"']*)?\b", bool),
    ("PHOTO", r"[^\s\"']+\.(?:jpe?g|png|heic|gif|tiff?|bmp|webp|mp4|mov|avi)\b", bool),
    ("BIOMETRIC", r"[^\s\"']+\.(?:wav|mp3|m4a|wsq)\b", bool),
    ("DEVICE", r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", bool),
    ("DEVICE", _cued(r"imei|serial|s/n|device"), bool),
    ("IP", r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9a-f]*:[0-9a-f:]*:)[0-9a-f:]{3,39})(?![\w:])", _ip),
    ("FAX", _cued("fax", _PHONE), bool),
    ("SSN", r"\b\d{3}-\d{2}-\d{4}\b", _ssn),
    ("SSN", _cued(r"ssn|social security", r"\d{3}[ -]?\d{2}[ -]?\d{4}"), _ssn),
    ("ACCOUNT", r"\b(?:\d[ -]?){12,18}\d\b", _luhn),
    ("ACCOUNT", _cued(r"account|acct|card|iban|ebt"), bool),
    ("PHONE", _PHONE, bool),
    ("PHONE", r"(?<![\d-])[2-9]\d{2}-\d{4}(?![\d-])", bool),
    ("PHONE", r"\+(?!1\b)\d{1,3}(?:[ .-]?\d{2,4}){2,4}\b", bool),
    ("MRN", _cued(r"mrn|mr#|medical record|chart|patient (?:id|number|no)"), bool),
    ("PLAN", _MEDICARE, bool),
    ("PLAN", r"\b9\d{7}[a-z]\b", bool),
    ("PLAN", _cued(r"medi-?cal|medicaid|medicare|cin|beneficiary|member|subscriber|policy"), bool),
    ("LICENCE", _cued(r"dl|cdl|ol[nd]|driver'?s? licen[cs]e|licen[cs]e|lcsw|lmft|certificate"), bool),
    ("LICENCE", r"\b[a-z]\d{7}\b", bool),
    ("VEHICLE", r"\b[a-hj-npr-z0-9]{17}\b", _vin),
    ("VEHICLE", r"\b\d[a-z]{3}\d{3}\b", bool),
    ("VEHICLE", _cued(r"plate|vin|reg"), bool),
    *(("DATE", pattern, bool) for pattern in _DATES),
    ("AGE", r"\b(?:9\d|1[01]\d)[ -]?(?:years?[ -]old|y/?o|yrs?)\b", bool),
    ("AGE", r"\b(?:aged?|age of) (?P<id>9\d|1[01]\d)\b", bool),
    ("ZIP", rf"\b{_STATES}\.?,? (?P<id>\d{{5}}(?:-\d{{4}})?)\b|\bzip(?: code)?[ :]+(?P<id2>\d{{5}})\b", bool),
    ("CODE", r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", bool),
    ("CODE", r"\b[0-9a-f]{32,128}\b|(?<![\w/+=-])[\w+/-]{22,128}={0,2}(?![\w/+=-])", _mixed),
    ("CODE", _cued(r"case|incident|report|event|cfs|booking|badge|warrant|docket|employee|xref|cii"), bool),
    ("CODE", _cued(r"(?:call|client|inmate) (?:id|no|number)"), bool),
)
_RULES = tuple((kind, re.compile(pattern, re.IGNORECASE), holds) for kind, pattern, holds in _PATTERNS)
