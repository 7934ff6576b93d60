"""What left before: an append-only file in which every line holds the fingerprint of the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.files import add_whole, opened_alone
from coresponder_causal.core.notes import note
from coresponder_causal.core.parsed import json_of
from coresponder_causal.privacy.family import Earlier

beginning = "0" * 64


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger of releases: one JSON line each, kept by those who release.

    A cell that was hidden once stays hidden, also in later counts that hold it. A family keeps the categories of its
    first release. Releases that are recorded at the same time wait for each other. A last line that was never finished,
    for its run was killed or the disk was full, is of a release that never left: it is left out, with a note.

    Parameters
    ----------
    path : Path
        The file; it need not be there yet.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder) / "releases.jsonl")
    ...     cell = Earlier(labels={"district": "a"}, span=frozenset({"2024-01"}), value=None)
    ...     head = ledger.record({"calls": [cell]}, content=b"the file", name="calls.csv", on="2024-02-01")
    ...     ledger.verify() == head, ledger.cells()["calls"] == [cell]
    (True, True)
    """

    path: Path

    def record(
        self,
        cells: Mapping[str, Sequence[Earlier]],
        *,
        content: bytes,
        name: str,
        on: str = "",
        since: str | None = None,
    ) -> str:
        """Add a release.

        Parameters
        ----------
        cells : mapping of family to sequence of Earlier
            As `release` gives them.
        content : bytes
            The file that leaves; its fingerprint is kept.
        name : str
            Name of the file.
        on : ISO date, optional
            By default today.
        since : str, optional
            Fingerprint of the last line when the release was held against what left before.

        Returns
        -------
        str
            Fingerprint of the line: noted elsewhere, it shows later whether lines were cut off.

        Raises
        ------
        DisclosureError
            The ledger was changed, a family has categories that its first release had not, or another release was
            recorded ``since``: release again.
        """
        families = {
            family: [[dict(cell.labels), sorted(cell.span), cell.value] for cell in held]
            for family, held in cells.items()
        }
        with opened_alone(self.path) as file:
            entries, whole = self._entries()
            fresh = b"" if whole.endswith(b"\n") or not whole else b"\n"
            previous = entries[-1]["fingerprint"] if entries else beginning
            if since not in (None, previous):
                raise DisclosureError(
                    f"another release was recorded in {self.path.name} meanwhile",
                    mend="release again, so that it is taken into account",
                )
            _same_structure(_cells(entries), cells)
            entry = {
                "number": len(entries) + 1,
                "previous": previous,
                "on": on or dt.datetime.now(tz=dt.UTC).date().isoformat(),
                "name": name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "families": families,
            }
            entry["fingerprint"] = _fingerprint(entry)
            line = json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n"
            add_whole(file, fresh + line.encode(), after=len(whole))
        return str(entry["fingerprint"])

    def cells(self) -> dict[str, list[Earlier]]:
        """Every cell that left, by family; hidden once is hidden.

        Raises
        ------
        DisclosureError
            The ledger was changed; restore it from a copy.
        """
        return _cells(self._entries()[0])

    def verify(self, head: str | None = None) -> str:
        """Check that no line was changed, added between or taken out.

        Parameters
        ----------
        head : str, optional
            Fingerprint that the last line had when it was noted elsewhere: lines cut off at the end then show too.

        Returns
        -------
        str
            Fingerprint of the last line.

        Raises
        ------
        DisclosureError
            The number of the first line that does not fit.
        """
        entries, _ = self._entries()
        marks = [beginning, *(str(entry["fingerprint"]) for entry in entries)]
        if head is not None and head not in marks:
            raise DisclosureError(
                f"the ledger {self.path.name} no longer holds the line noted elsewhere", mend="restore it from a copy"
            )
        return marks[-1]

    def _entries(self) -> tuple[list[dict[str, Any]], bytes]:
        """Read the lines, each checked against the one before; and what the file holds up to an unfinished one."""
        content = self.path.read_bytes() if self.path.is_file() else b""
        *lines, last = content.split(b"\n")
        if last and _begun(last):
            note(f"the last line of the ledger {self.path.name} was never finished: its release did not leave")
            content = content.removesuffix(last)
        elif last:
            lines.append(last)
        entries: list[dict[str, Any]] = []
        previous = beginning
        for number, line in enumerate(lines, 1):
            try:
                entry = json_of(line)
                fits = entry["previous"] == previous and entry["fingerprint"] == _fingerprint(entry)
            except (ValueError, KeyError, TypeError):
                fits = False
            if not fits:
                raise DisclosureError(
                    f"line {number} of the ledger {self.path.name} was changed", mend="restore it from a copy"
                )
            previous = entry["fingerprint"]
            entries.append(entry)
        return entries, content


def _begun(line: bytes) -> bool:
    """Whether a line ends before its JSON does, as one whose run was killed."""
    try:
        json_of(line)
    except ValueError:
        return True
    return False


def _fingerprint(entry: Mapping[str, Any]) -> str:
    content = {key: value for key, value in entry.items() if key != "fingerprint"}
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _cells(entries: Sequence[Mapping[str, Any]]) -> dict[str, list[Earlier]]:
    found: dict[str, dict[tuple[object, ...], Earlier]] = {}
    for entry in entries:
        for family, held in entry["families"].items():
            for labels, span, value in held:
                cell = Earlier(labels=labels, span=frozenset(span), value=value)
                key = (tuple(sorted(labels.items())), cell.span)
                known = found.setdefault(family, {}).setdefault(key, cell)
                if known.value is not None and value is None:
                    raise DisclosureError(
                        f"a cell of '{family}' was shown first and hidden later", mend="restore the ledger from a copy"
                    )
    return {family: list(held.values()) for family, held in found.items()}


def _same_structure(before: Mapping[str, Sequence[Earlier]], now: Mapping[str, Sequence[Earlier]]) -> None:
    """Refuse categories that a family had not when it left first."""
    for family, held in now.items():
        known = {pair for cell in before.get(family, ()) for pair in cell.labels.items()}
        dimensions = {name for name, _ in known}
        new = {(name, label) for cell in held for name, label in cell.labels.items()} - known
        strange = sorted({name for name, _ in new if name in dimensions})
        if strange:
            raise DisclosureError(
                f"'{family}' has new categories of {', '.join(strange)} since its first release",
                mend="keep the categories of the first release, or open a new family",
            )
