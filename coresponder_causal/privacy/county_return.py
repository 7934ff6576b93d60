"""The county's half of a strata return: link, count, return counts. One file, Python 3.9 or later, nothing to install.

    python -I county_return.py --tokens tokens.csv --records records.csv --key project.key --out returned.json

``tokens.csv`` comes from the police: one row a person with five keyed tokens, arm, stratum and coarse period.
``records.csv`` is the county's own: columns ``first_name, last_name, birth_date, service_date``, one row a service.
What is written to ``--out`` is shown on the screen. Nothing about a single row is ever written or shown: the return
holds one count of connected persons for each stratum and arm, and totals.

A person counts as connected if a record linked to them has a service in their period or in the periods after it that
the list states. A record belongs to one row: the one that agrees in most tokens, the first of these. A cell is shown
if it holds nobody, or 11 or more who are connected and 11 or more who are not. Otherwise strata are merged with a
neighbour until all cells are such; with ``--small refuse`` nothing is returned. A cell of which nobody is connected is
not shown either: whoever made the list may have put one person among others whom they made up. With ``--epsilon`` every
count of connected persons gets two-sided geometric noise of scale 2/ε: putting one person's records in the place of
another's moves two counts by one. A person is counted in one return of a key: the ledger beside the key sees to it,
and sees no return that was made beside a copy of the key. Keep one copy of the key, in one place.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import hashlib
import hmac
import json
import math
import os
import re
import secrets
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

smallest = 11
token_format, return_format, key_format = "strata-tokens-1", "strata-return-1", "strata-key-1"
combinations = (
    "first name, last name, birth date",
    "both names in either order, birth date",
    "first name, last name, day and month of birth in either order, year",
    "sound of first and last name, birth date",
    "initial, last name, birth date",
)
token_columns = tuple(f"token_{number}" for number in range(1, len(combinations) + 1))
record_columns = ("first_name", "last_name", "birth_date", "service_date")
suffixes = {"jr", "sr", "junior", "senior", "ii", "iii", "iv", "2nd", "3rd"}
one_letter = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
months = {name: number for number, name in enumerate(re.findall("...", "janfebmaraprmayjunjulaugsepoctnovdec"), 1)}
notations = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[t ].*)?"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(r"(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})[-/.](?P<year>\d{4})(?: .*)?"),
    re.compile(r"(?P<day>\d{1,2})[-. ]+(?P<name>[a-z]{3})[a-z]*[-., ]+(?P<year>\d{4})"),
    re.compile(r"(?P<name>[a-z]{3})[a-z]*[-. ]+(?P<day>\d{1,2})[-., ]+(?P<year>\d{4})"),
)
sounds = {letter: code for code, group in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in group}


class Refusal(ValueError):
    """What cannot be done, and what to do about it; never with a value of a record."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what, mend)
        self.what, self.mend = what, mend


class Key:
    """The secret of one project and period. It shows its id alone and does not pickle."""

    __slots__ = ("_secret", "period", "project")

    def __init__(self, secret: bytes, project: str, period: str) -> None:
        self._secret, self.project, self.period = secret, project, period

    @property
    def id(self) -> str:
        """Eight characters that tell keys apart and say nothing about them."""
        return self.digest("key id")[:8]

    def digest(self, text: str) -> str:
        """Keyed digest of a text, HMAC-SHA256 cut to 128 bits, in hexadecimal."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:32]

    def __repr__(self) -> str:
        return f"Key({self.id}, project={self.project!r}, period={self.period!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key does not pickle")


class Person(NamedTuple):
    """Normalised names and the birth date in ISO form."""

    first: str
    last: str
    birth: str


class Row(NamedTuple):
    """One person of the police's list."""

    tokens: tuple[str, ...]
    arm: int
    stratum: int
    period: int


class Head(NamedTuple):
    """What a list says of itself: its periods, how many after a person's own count, tokens that must agree."""

    by: str
    follow: int
    agreeing: int


class Counts(NamedTuple):
    """Persons and connected persons by stratum and arm, and how many persons are linked."""

    strata: list[int]
    persons: Counter[tuple[int, int]]
    connected: Counter[tuple[int, int]]
    linked: int


def read_key(path: Path, version: str = key_format) -> Key:
    """Read a key; one that others on the machine may read, or that is for another use, is refused."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Refusal(f"the key {path} can be read by others on this machine", f"chmod 600 {path}; better: a new key")
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        secret = bytes.fromhex(held["key"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refusal(f"{path} is not a key", "name the file that new_key wrote") from None
    if held.get("format") != version or len(secret) != 32:
        raise Refusal(f"{path} is not a key of this version and use", "name the file that new_key wrote for it")
    return Key(secret, str(held["project"]), str(held["period"]))


def plain_name(text: str) -> str:
    """Write a name in small letters alone, without accents and suffixes: "García-López, Jr." as garcialopez."""
    spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold().translate(one_letter))
    letters = "".join(sign for sign in spelt if not unicodedata.combining(sign) and sign not in "'’`´.")
    words = "".join(sign if sign.isalnum() else " " for sign in letters).split()
    while len(words) > 1 and words[-1] in suffixes:
        words.pop()
    return "".join(words)


def plain_date(text: str, *, day_first: bool = False) -> tuple[str, bool]:
    """Return a date in ISO form, empty where it is none, and whether day and month could be read either way."""
    found = next((hit for notation in notations if (hit := notation.fullmatch(text.strip().lower()))), None)
    if found is None:
        return "", False
    part, either = found.groupdict(), False
    if "first" in part:
        one, two = int(part["first"]), int(part["second"])
        either = one <= 12 and two <= 12 and one != two
        month, day = (two, one) if one > 12 or (day_first and two <= 12) else (one, two)
    else:
        month = months.get(part["name"], 0) if "name" in part else int(part["month"])
        day = int(part["day"])
    try:
        return datetime.date(int(part["year"]), month, day).isoformat(), either
    except ValueError:
        return "", False


def sound(name: str) -> str:
    """Soundex of a name; a name without Latin letters is its own sound."""
    letters = [letter for letter in name if "a" <= letter <= "z"]
    if not letters:
        return name
    code, before = letters[0], sounds.get(letters[0])
    for letter in letters[1:]:
        number = sounds.get(letter)
        if number and number != before:
            code += str(number)
        if letter not in "hw":
            before = number
    return code[:4].ljust(4, "0")


def tokens_of(person: Person, key: Key) -> tuple[str, ...]:
    """One keyed token for each combination of fields; empty ones where a name or the birth date is missing."""
    first, last, birth = person
    if not all(person):
        return ("",) * len(combinations)
    year, month, day = birth.split("-")
    stated = (
        (first, last, birth),
        (*sorted((first, last)), birth),
        (first, last, year, *sorted((month, day))),
        (sound(first), sound(last), birth),
        (first[0], last, birth),
    )
    return tuple(key.digest("\x1f".join((str(number), *parts))) for number, parts in enumerate(stated, 1))


def period_of(day: str, by: str) -> int:
    """Return the number of the quarter or year of an ISO date."""
    year, month = int(day[:4]), int(day[5:7])
    return year if by == "year" else year * 4 + (month - 1) // 3


def period_number(text: str, by: str) -> int:
    """Return the number of a period as the list writes it: 2021-Q3, or 2021."""
    found = re.fullmatch(r"(\d{4})" if by == "year" else r"(\d{4})-Q([1-4])", text)
    if found is None:
        raise Refusal("the token list has a period that is none", "ask for the list again")
    return int(found[1]) if by == "year" else int(found[1]) * 4 + int(found[2]) - 1


def read_tokens(path: Path, key: Key) -> tuple[Head, list[Row]]:
    """Read the police's list: what it says of itself, and its rows."""
    again = "ask for the list again, as `strata prepare` writes it"
    with path.open(encoding="utf-8", newline="") as file:
        try:
            said = json.loads(file.readline().lstrip("# "))
            head, stated = (
                Head(str(said["by"]), int(said["follow"]), int(said["agreeing"])),
                (said["format"], said["key"]),
            )
            rows = [_row(line, head.by) for line in csv.DictReader(file, strict=True)]
        except (ValueError, KeyError, TypeError, RecursionError, csv.Error):
            raise Refusal(f"{path} is not a token list", again) from None
    if stated[0] != token_format or head.by not in ("quarter", "year"):
        raise Refusal(f"{path} is a token list of another version", f"this file reads {token_format}")
    if stated[1] != key.id:
        raise Refusal(f"the list was made with another key than {key.id}", "use the key of this list's period")
    if {row.arm for row in rows} - {0, 1} or len({row.tokens[0] for row in rows}) < len(rows):
        raise Refusal("the list has arms other than 0 and 1, or a person twice", again)
    return head, rows


def _row(line: dict[str, str], by: str) -> Row:
    tokens = tuple(line[name] for name in token_columns)
    if not all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens):
        raise ValueError("no token")
    return Row(tokens, int(line["arm"]), int(line["stratum"]), period_number(line["period"], by))


def read_records(path: Path, key: Key, *, day_first: bool) -> tuple[dict[tuple[str, ...], set[str]], str]:
    """Read the county's records: the service dates of every identity by its tokens, and what could not be read."""
    services: dict[tuple[str, ...], set[str]] = defaultdict(set)
    total = unread = either = 0
    for first, last, born, served in lines_of(path):
        (birth, turned), (day, day_turned) = (plain_date(text, day_first=day_first) for text in (born, served))
        tokens = tokens_of(Person(plain_name(first), plain_name(last), birth), key)
        total, either = total + 1, either + (turned or day_turned)
        if tokens[0] and day:
            services[tokens].add(day)
        else:
            unread += 1
    order = "day" if day_first else "month"
    read = f"in {either} a date could be read two ways: the {order} was taken to come first"
    return services, f"{total} records; {unread} without a name or a date that could be read; {read}"


def lines_of(path: Path) -> list[list[str]]:
    """Read the columns of the records, or refuse: a mark that opens a quotation would swallow the lines after it."""
    found: list[list[str]] = []
    broken: list[int] = []
    width, places, line = 0, [], 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.reader(file, strict=True)
        try:
            for cells in table:
                line, last = table.line_num, line
                if not width:
                    missing = [name for name in record_columns if name not in cells]
                    if missing:
                        raise Refusal(f"{path} has no column {', '.join(missing)}", "rename the columns of the records")
                    width, places = len(cells), [cells.index(name) for name in record_columns]
                elif cells and (len(cells) != width or any(sign in cell for cell in cells for sign in '"\r\n')):
                    broken.append(last + 1)
                elif cells:
                    found.append([cells[place] for place in places])
        except UnicodeDecodeError:
            raise Refusal(f"{path} is not written in UTF-8", 'save it as "CSV UTF-8"') from None
        except csv.Error:
            broken.append(line + 1)
    if not width:
        raise Refusal(f"{path} is empty or cannot be read", f"give a heading: {', '.join(record_columns)}")
    if broken:
        first = ", ".join(map(str, broken[:5]))
        raise Refusal(
            f"{len(broken)} records of {path} cannot be told apart, beginning in lines {first} (the heading is line 1):"
            f" a cell holds a quotation mark or a line break, or there are more or fewer than {width} cells",
            "mend these lines, or save the four columns alone as CSV; so far nothing was counted",
        )
    return found


def owners(rows: Sequence[Row], identities: Iterable[tuple[str, ...]], least: int) -> Iterator[tuple[int, bool]]:
    """Give each identity the row that agrees in most tokens (-1: none), and whether several agree in as many."""
    places: dict[tuple[int, str], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        for pair in enumerate(row.tokens):
            places[pair].append(number)
    for tokens in identities:
        agreeing = Counter(number for pair in enumerate(tokens) for number in places.get(pair, ()))
        most = max(agreeing.values(), default=0)
        best = sorted(number for number, many in agreeing.items() if many == most)
        yield (best[0], len(best) > 1) if most >= least else (-1, False)


def counted(head: Head, rows: Sequence[Row], services: dict[tuple[str, ...], set[str]]) -> tuple[Counts, str]:
    """Count persons and connected persons by stratum and arm, and linked persons; say how often several rows fit."""
    linked, connected, several = set(), set(), 0
    for tokens, (number, unsure) in zip(services, owners(rows, services, head.agreeing)):  # noqa: B905 (not in 3.9)
        if number < 0:
            continue
        linked.add(number)
        several += unsure
        since = rows[number].period
        if any(since <= period_of(day, head.by) <= since + head.follow for day in services[tokens]):
            connected.add(number)
    persons = Counter((row.stratum, row.arm) for row in rows)
    reached = Counter((rows[number].stratum, rows[number].arm) for number in connected)
    said = f"{several} identities agree with several rows in as many tokens and belong to the first"
    return Counts(sorted({row.stratum for row in rows}), persons, reached, len(linked)), said


def shown(persons: int, connected: int) -> bool:
    """Whether a cell may be shown."""
    return persons == 0 or (connected >= smallest and persons - connected >= smallest)


def total(counts: Counter[tuple[int, int]], group: Iterable[int], arm: int) -> int:
    """Sum counts of an arm over the strata of a group."""
    return sum(counts[stratum, arm] for stratum in group)


def merged(counts: Counts, *, noisy: bool) -> list[tuple[int, ...]]:
    """Merge strata with their smaller neighbour until every cell may be shown; with noise only persons matter."""

    def may_be_shown(group: tuple[int, ...], arm: int) -> bool:
        persons = total(counts.persons, group, arm)
        return persons == 0 or persons >= smallest if noisy else shown(persons, total(counts.connected, group, arm))

    groups: list[tuple[int, ...]] = [(stratum,) for stratum in counts.strata]
    while hidden := [
        place for place, group in enumerate(groups) if not all(may_be_shown(group, arm) for arm in (0, 1))
    ]:
        sides = [place for place in (hidden[0] - 1, hidden[0] + 1) if 0 <= place < len(groups)]
        if not sides:
            raise Refusal(f"a cell is below {smallest} with all strata in one", "ask for a longer period")
        side = min(sides, key=lambda place: sum(total(counts.persons, groups[place], arm) for arm in (0, 1)))
        low = min(hidden[0], side)
        groups[low : low + 2] = [groups[low] + groups[low + 1]]
    return groups


def happens(chance: Fraction) -> bool:
    """Draw an event of a rational chance, exactly."""
    return secrets.randbelow(chance.denominator) < chance.numerator


def geometric(rate: Fraction) -> int:
    """Draw k = 0, 1, … with chance proportional to exp(-rate k), rate at most 1, in whole numbers alone.

    Canonne, Kamath & Steinke (2020), The discrete Gaussian for differential privacy, algorithm 1.
    """
    count = 0
    while True:
        tries = 1
        while happens(rate / tries):
            tries += 1
        if tries % 2 == 0:
            return count
        count += 1


def noise(epsilon: Fraction) -> int:
    """Draw two-sided geometric noise of scale 2/ε."""
    return geometric(epsilon / 2) - geometric(epsilon / 2)


def noise_variance(epsilon: float) -> float:
    """Variance 2q/(1 - q)², q = exp(-ε/2), of the noise."""
    q = math.exp(-epsilon / 2)
    return 2 * q / (1 - q) ** 2


def statement(
    head: Head, key: Key, counts: Counts, groups: Sequence[tuple[int, ...]], epsilon: Fraction | None
) -> dict[str, Any]:
    """Put together what is returned: nothing of it belongs to a row."""
    cells = []
    for group in groups:
        for arm in (0, 1):
            persons, connected = total(counts.persons, group, arm), total(counts.connected, group, arm)
            drawn = 0 if epsilon is None or persons == 0 else noise(epsilon)
            cells.append({"strata": list(group), "arm": arm, "persons": persons, "connected": connected + drawn})
    persons, apart = sum(counts.persons.values()), counts.linked - sum(counts.connected.values())
    tellable = epsilon is None and persons - counts.linked >= smallest and (apart == 0 or apart >= smallest)
    return {
        "format": return_format,
        "project": key.project,
        "period": key.period,
        "key": key.id,
        **head._asdict(),
        "smallest": smallest,
        "epsilon": None if epsilon is None else float(epsilon),
        "noise_variance": 0.0 if epsilon is None else noise_variance(float(epsilon)),
        "persons": persons,
        "linked": counts.linked if tellable else None,
        "cells": cells,
    }


def refuse_answered(ledger: Path, key: Key, rows: Sequence[Row]) -> list[str]:
    """Refuse a list with a person of an earlier one, whose count less the new one would be theirs; return the marks."""
    marks = [[key.digest(f"answered {token}") for token in row.tokens] for row in rows]
    before = set(ledger.read_text(encoding="utf-8").split()) if ledger.exists() else set()
    again = sum(not before.isdisjoint(own) for own in marks)
    if again:
        raise Refusal(
            f"{again} of {len(rows)} persons were counted in an earlier return of this key",
            "ask for a list of persons not counted yet, or make a new key for a new period",
        )
    return [mark for own in marks for mark in own]


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(text)


def county_return(arguments: Sequence[str] | None = None) -> str:
    """Do the county's half and return the text that it writes and shows, after marking who was counted."""
    asked = options().parse_args(arguments)
    try:
        epsilon = None if asked.epsilon is None else Fraction(asked.epsilon)
    except (ValueError, ZeroDivisionError):
        raise Refusal("epsilon is no number", "take 1, or less for more noise, such as 0.5") from None
    if epsilon is not None and not 0 < epsilon <= 1:
        raise Refusal(f"epsilon {asked.epsilon} is outside 0 to 1", "take 1, or less for more noise")
    if asked.out.exists() or not asked.out.parent.is_dir():
        raise Refusal(f"{asked.out} is there already, or its folder is not", "name a new file in a present folder")
    key = read_key(asked.key)
    ledger = asked.key.with_name(asked.key.name + ".answered")
    head, rows = read_tokens(asked.tokens, key)
    marks = refuse_answered(ledger, key, rows)
    services, said = read_records(asked.records, key, day_first=asked.day_first)
    counts, said_too = counted(head, rows, services)
    groups = merged(counts, noisy=epsilon is not None)
    if asked.small == "refuse" and len(groups) < len(counts.strata):
        raise Refusal(
            f"a cell is below {smallest} with {len(counts.strata)} strata", "ask for a list with fewer strata"
        )
    text = json.dumps(statement(head, key, counts, groups, epsilon), indent=1) + "\n"
    sys.stderr.write(f"{said}\n{said_too}\n")
    write_private(ledger, "\n".join(marks) + "\n")
    write_private(asked.out, text)
    return text


def options() -> argparse.ArgumentParser:
    """Command line of the county's half."""
    parser = argparse.ArgumentParser(description="Link, count, and return counts by stratum and arm; nothing else.")
    for name, told in {
        "--tokens": "the list from the police",
        "--records": f"the county's records: {', '.join(record_columns)}",
        "--key": "the key file that both agencies hold; beside it is written who was counted",
        "--out": "new file for the return",
    }.items():
        parser.add_argument(name, type=Path, required=True, help=told)
    parser.add_argument("--epsilon", help="noise: 1, or less for more of it; without it no noise")
    parser.add_argument("--small", choices=("merge", "refuse"), default="merge", help="what to do about small cells")
    parser.add_argument("--day-first", action="store_true", help="read 03/04/1980 as 3 April; otherwise as March 4")
    return parser


def main() -> int:
    """Show the return on the screen; what is refused goes to the error stream, with exit code 2."""
    try:
        sys.stdout.write(county_return())
    except Refusal as refused:
        sys.stderr.write(f"{refused.what}\n  mend: {refused.mend}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.strerror}: {error.filename}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
