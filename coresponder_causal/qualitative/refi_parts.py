"""Parts of a REFI-QDA project that stand in several places: texts, names, users and remarks."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from coresponder_causal.core.errors import DataError
from coresponder_causal.qualitative.archive import Archive
from coresponder_causal.qualitative.offsets import MARK
from coresponder_causal.qualitative.refi_codes import identifier
from coresponder_causal.qualitative.wording import plain

_INSIDE = "internal://"
_FOLDER = "sources/"


def users_of(root: Element) -> dict[str, str]:
    """Name of each user by guid; one that comes twice gets the beginning of its guid after it."""
    users = [(identifier(u.get("guid", "")), u.get("name") or u.get("id") or "") for u in root.findall("Users/User")]
    often = Counter(name for _, name in users)
    return {guid: plain(name if name and often[name] == 1 else f"{name} {guid[:8]}".strip()) for guid, name in users}


def remarks_by_guid(root: Element, opened: Archive) -> dict[str, str]:
    """Text of each note by guid."""
    found = {}
    for entry in root.findall("Notes/Note"):
        text = inner_text(entry, opened)
        found[identifier(entry.get("guid", ""))] = plain(
            (text or entry.findtext("Description") or "").removeprefix(MARK)
        )
    return found


def inner_text(element: Element, opened: Archive) -> str | None:
    """Text of a source or a note, the byte-order mark included; None where it is not in the archive."""
    content = element.findtext("PlainTextContent")
    where = element.get("plainTextPath", "").removeprefix(_INSIDE).lstrip("/")
    if content is not None or not where or "://" in where:
        return content
    name = where if where.lower().startswith(_FOLDER) else _FOLDER + where
    if name.lower() not in opened.names:
        return None
    found = opened.read(name)
    try:
        return found.decode("utf-16") if found.startswith((b"\xff\xfe", b"\xfe\xff")) else found.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError("a text of the project is not in UTF-8", mend="export it again") from error


def name_of(element: Element) -> str:
    """Name of a source or a case; where it has none, that of its file, or its guid."""
    file = PurePosixPath(element.get("plainTextPath", "").removeprefix(_INSIDE)).stem
    return plain(element.get("name") or file or element.get("guid") or "").strip()
