"""The page of what was measured about looking for identifiers, from the tables of the studies."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from coresponder_causal.privacy import redaction_study, uniqueness_study

introduction = """\
This page is written by `python -m coresponder_causal.privacy`, which measures anew and needs the extra `redact`.

## Identifiers planted in narratives

Invented narratives of calls, as is, in capitals and without any, hold planted identifiers. The rules were mended on
some of them; the *held out* ones were written after and changed nothing. A span counts as found when every letter and
digit of it is taken out. A third of the names are in the lexicon, a third are rare, a third are words as well (Will,
Rose, Young): real texts have other shares, and identifiers that nobody thought of. Columns: `rules` alone; `known`,
the rules when `known=` gives them the names that the records hold; `presidio` alone; `both`, rules and presidio."""
uniqueness = """\
## Persons alone in the population

Estimate of the share of persons alone in their class, by Pitman's formula from a sample, in simulated populations of
known make: classes whose sizes spread over orders of magnitude (lognormal), and five independent attributes (product).
The last columns are the range of estimate over truth that nine in ten replications keep."""


def measured_page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> measured_page().splitlines()[0]
    '# What looking for identifiers is worth'
    """
    found = pd.read_csv(redaction_study.measured).replace({"part": {"documents": "mended on", "held_out": "held out"}})
    columns = ["rules", "known", "presidio", "both"]
    planted = found[found["kind"] != "false alarm"]
    hands = planted.groupby(["part", "hand"], sort=False)[["planted", *columns]].sum().reset_index()
    kinds = planted.groupby(["part", "kind"], sort=False)[["planted", *columns]].sum().reset_index()
    alarms = found[found["kind"] == "false alarm"].groupby(["part", "hand"], sort=False)[columns].sum().reset_index()
    alone = pd.read_csv(uniqueness_study.measured)
    parts = [
        "# What looking for identifiers is worth",
        introduction,
        "Found, by hand:",
        _table(hands),
        "Found, by kind:",
        _table(kinds),
        "Spans taken out where nothing was planted:",
        _table(alarms),
        uniqueness,
        _table(alone),
    ]
    return "\n\n".join(parts) + "\n"


def _table(frame: pd.DataFrame) -> str:
    """Markdown of a table."""
    head = [str(name).replace("_", " ") for name in frame.columns]
    lines: Iterable[list[str]] = ([_cell(value) for value in row] for row in frame.to_numpy().tolist())
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def _cell(value: object) -> str:
    """Text of a cell; shares with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
