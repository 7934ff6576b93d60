"""The ledger: every printed number beside ours, in one page, and the files that it is made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.reproduce.packages import NotInstalled
from coresponder_causal.reproduce.papers import Paper, folder, papers
from coresponder_causal.reproduce.published import Printed, Status, read_published

page_name, ours_name, published_name = "LEDGER.md", "obtained.csv", "published.csv"


@dataclass(frozen=True, slots=True)
class Reproduced:
    """Outcome of one reproduction: our numbers by item, or why it was skipped."""

    paper: Paper
    obtained: dict[str, float]
    skipped: str = ""

    def counts(self) -> Counter[Status]:
        """How many items agree in which sense."""
        return Counter(one.status(ours) for one, ours in compared(self.paper, self.obtained))

    @property
    def said(self) -> str:
        """One line for the screen."""
        if self.skipped:
            return f"{self.paper.name}: skipped, {self.skipped}"
        counts = self.counts()
        return f"{self.paper.name}: " + ", ".join(f"{counts[s]} {s}" for s in get_args(Status) if counts[s])


def reproduce(name: str) -> Reproduced:
    """Compute one paper's numbers again from its data.

    Parameters
    ----------
    name : str
        Of a folder below ``reproductions``.

    Returns
    -------
    Reproduced
        Skipped, with the reason, where the data are not installed.

    Raises
    ------
    DataError
        For another name, or data that are not the ones that were reproduced.

    Examples
    --------
    >>> reproduce("bailey").said
    'bailey: 4 exact-seen'
    """
    paper = named(name)
    try:
        return Reproduced(paper, paper.run())
    except NotInstalled as missing:
        return Reproduced(paper, {}, f"{missing.what} ({missing.mend})")


def named(name: str) -> Paper:
    """Find a reproduction by name.

    Raises
    ------
    DataError
        For another name.
    """
    for paper in papers:
        if paper.name == name:
            return paper
    known = ", ".join(paper.name for paper in papers)
    raise DataError(f"there is no reproduction '{name}'", mend=f"take one of {known}")


def compared(paper: Paper, obtained: dict[str, float]) -> list[tuple[Printed, float]]:
    """Put our number beside each printed one.

    Raises
    ------
    DataError
        Naming the items that were not computed.
    """
    printed = read_published(folder() / paper.name / published_name)
    lacking = [one.item for one in printed if one.item not in obtained]
    if lacking:
        raise DataError(
            f"{paper.name} has no number for {', '.join(lacking[:8])}", mend=f"compute them, or mend {published_name}"
        )
    return [(one, obtained[one.item]) for one in printed]


def kept(paper: Paper) -> dict[str, float]:
    """Read our numbers as they were when the ledger was written."""
    table = pd.read_csv(folder() / paper.name / ours_name, dtype={"item": str, "value": float})
    return dict(zip(table["item"], table["value"].astype(float), strict=True))


def keep(found: Reproduced) -> Path:
    """Write our numbers of the printed items to twelve digits."""
    rows = compared(found.paper, found.obtained)
    table = pd.DataFrame({"item": [one.item for one, _ in rows], "value": [f"{ours:.12g}" for _, ours in rows]})
    content = table.to_csv(index=False, lineterminator="\n")
    return write_whole(folder() / found.paper.name / ours_name, content.encode())


def moved(found: Reproduced, *, relative: float = 1e-6) -> list[str]:
    """Items whose number is no longer the one that was kept.

    Parameters
    ----------
    found : Reproduced
    relative : float
        Largest difference, relative to the number kept, that counts as none.
    """
    before = kept(found.paper)
    return [
        f"{found.paper.name}, {one.item}: {ours:.10g}, was {before.get(one.item, np.nan):.10g}"
        for one, ours in compared(found.paper, found.obtained)
        if not np.isclose(ours, before.get(one.item, np.nan), rtol=relative, atol=1e-9)
    ]


def ledger() -> str:
    """Write the page from ``published.csv`` and ``obtained.csv`` of every reproduction.

    Raises
    ------
    DataError
        Naming every item that differs without a reason.

    Examples
    --------
    >>> ledger().splitlines()[0]
    '# Published numbers, and what this package makes of them'
    """
    rows = [(paper, one, ours) for paper in papers for one, ours in compared(paper, kept(paper))]
    problems = Problems("ledger")
    for paper, one, ours in rows:
        if one.status(ours) == "DIFFERS" and not one.why:
            problems.add(
                f"{paper.name}, {one.item}: {ours:.6g} for {one.printed}", mend="find out why and write it down"
            )
    problems.raise_if_any(DataError)
    counts = Counter(one.status(ours) for _, one, ours in rows)
    derived = sum(one.kind == "derived" for _, one, _ in rows)
    lines = [
        "# Published numbers, and what this package makes of them",
        "",
        "Generated by `python -m coresponder_causal.reproduce` from `published.csv` and `obtained.csv` of each folder; "
        "change those, not this page. `coresponder-causal reproduce` computes them again.",
        "",
        f"{len(rows)} numbers of {len(papers)} sources: "
        + ", ".join(f"{counts[status]} {status}" for status in get_args(Status))
        + f". Of them {derived} are derived: worked out from printed numbers, not themselves printed in the paper.",
        "",
        "exact: ours, rounded to the printed decimals, has the printed digits; seen: the source was read; recalled: "
        "the digits were remembered, not read. tolerance, sign: agreement of that kind alone, for the reason given.",
        "",
    ]
    for paper in papers:
        lines += _section(paper, [(one, ours) for owner, one, ours in rows if owner is paper])
    return "\n".join(lines).rstrip() + "\n"


def _section(paper: Paper, rows: list[tuple[Printed, float]]) -> list[str]:
    readme = (folder() / paper.name / "README.md").read_text(encoding="utf-8")
    title = readme.splitlines()[0].removeprefix("# ")
    lines = [f"## [{title}]({paper.name}/README.md)", "", "| Item | Where | Printed | Ours | Agreement | Why |"]
    lines.append("|---|---|---:|---:|---|---|")
    for one, ours in rows:
        shown = f"{ours:.{len(one.printed.partition('.')[2]) + 2}f}"
        lines.append(f"| {one.item} | {one.where} | {one.printed} | {shown} | {one.status(ours)} | {one.why} |")
    return [*lines, ""]
