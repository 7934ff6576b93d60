r"""Shifts as the text of a calendar file (RFC 5545), which phones and mail programs read.

Examples
--------
>>> folded("SUMMARY:" + "x" * 80).split("\r\n")[1]
' xxxxxxxxxxxxx'
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coresponder_causal.core.errors import DesignError

octets = 75
maker = "-//coresponder_causal//switchback//EN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One shift.

    Parameters
    ----------
    uid : str
        Name of the shift, the same in every export.
    start, end : datetime
        Local clock times.
    summary, description : str
        Heading and text.
    """

    uid: str
    start: dt.datetime
    end: dt.datetime
    summary: str
    description: str


def agenda(events: Iterable[Event], *, name: str, time_zone: str, stamp: dt.datetime) -> str:
    """Write events as a calendar file, their times in UTC.

    Parameters
    ----------
    events : iterable of Event
    name : str
        Name of the calendar.
    time_zone : str
        IANA name of the zone of the events' clock times.
    stamp : datetime
        Local clock time that stands for the making of the calendar.

    Returns
    -------
    str
        Lines end with CR and LF and are folded at 75 octets; text is escaped.

    Raises
    ------
    DesignError
        If the time zone is not known; give an IANA name.
    """
    zone = _zone(time_zone)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{maker}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines += [f"X-WR-CALNAME:{escaped(name)}"]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{event.uid}",
            f"DTSTAMP:{_utc(stamp, zone)}",
            f"DTSTART:{_utc(event.start, zone)}",
            f"DTEND:{_utc(event.end, zone)}",
            f"SUMMARY:{escaped(event.summary)}",
            f"DESCRIPTION:{escaped(event.description)}",
            "TRANSP:OPAQUE",
            "END:VEVENT",
        ]
    return "".join(f"{folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def escaped(text: str) -> str:
    r"""Escape what RFC 5545 reserves in text.

    Examples
    --------
    >>> escaped("Davis; day, evening")
    'Davis\\; day\\, evening'
    """
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(sign, written)
    return text


def folded(line: str) -> str:
    """Fold a line so that no part is longer than 75 octets, never inside a letter."""
    parts, room = [""], octets
    for letter in line:
        size = len(letter.encode())
        if size > room:
            parts.append("")
            room = octets - 1
        parts[-1] += letter
        room -= size
    return "\r\n ".join(parts)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DesignError(
            f"the time zone {name!r} is not known", mend="give an IANA name, e.g. America/Los_Angeles"
        ) from None


def _utc(clock: dt.datetime, zone: ZoneInfo) -> str:
    return clock.replace(tzinfo=zone).astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
