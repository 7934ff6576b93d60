"""The page of sizes and power with one or a few treated cities, over the whole grid of the study of coverage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import pandas as pd

from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.few_treated import Options, few_treated_cases
from coresponder_causal.validity.measured_rows import measured_row
from coresponder_causal.validity.series_page import written
from coresponder_causal.validity.worlds import months_apart

introduction = (
    "One treated city among m others, whose steps at the start differ with deviation τ (log scale); shocks last from "
    "month to month with correlation ρ, and those of the treated city may be larger (noise ×); events a month are "
    "those of the treated city. Each entry is the share of 5 % tests that reject no effect. **Bold**: a size above .05 "
    "by three Monte-Carlo errors. †: a tenth of the draws or more had a city with too many months without events, and "
    "were refused."
)
ours = "did_prediction_interval"
sizes = (5, 10, 15)


class _Line(NamedTuple):
    """One line of a table: its words, and where its entries stand; None where there is none."""

    words: str
    entries: Sequence[tuple[str, Options, Cell] | None]


def cities_page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> cities_page().splitlines()[0]
    '# One or a few treated cities: size and power'
    """
    parts = [
        "# One or a few treated cities: size and power",
        introduction,
        f"## `{ours}`: size",
        _section(_sized(), [f"m {m}, τ {tau:g}" for m, tau in product(sizes, (0.0, 0.1, 0.2))]),
        f"## `{ours}`: size in shorter and longer series, and where the treated city drifts and wavers twice as much",
        _section(_otherwise(), [f"m {m}" for m in sizes]),
        f"## `{ours}`: power against a fall by a fifth (log −.25)",
        _section(_powers(), [f"m {m}" for m in sizes]),
        "## `did_few_treated`: size, one test beside the other",
        f"Several treated cities start {months_apart} months apart; ρ = .4, τ = .1, 25 events unless said otherwise.",
        _section(_ways(), [_named(cell) for cell in _cells_of_ways()]),
        written,
    ]
    return "\n\n".join(parts) + "\n"


def _city() -> list[Cell]:
    """Cells of one treated city that all methods for cities share."""
    return [cell for cell in cells("city") if cell.treated is None]


def _by_city(found: list[Cell], words: str) -> _Line:
    """Line of cells that differ in the number of comparison cities, τ within it."""
    there = sorted(found, key=lambda cell: (int(cell.comparison or 0), float(cell.tau or 0)))
    return _Line(words, [(ours, {}, cell) for cell in there])


def _sized() -> list[_Line]:
    grid = [cell for cell in _city() if not (cell.world or cell.effect) and cell.periods == 72]
    keys = sorted({(float(c.events or 0), float(c.rho or 0), float(c.treated_noise or 0)) for c in grid})
    return [
        _by_city(
            [cell for cell in grid if (cell.events, cell.rho, cell.treated_noise) == key],
            f"{key[0]:g} events, ρ {key[1]:g}, noise × {key[2]:g}",
        )
        for key in keys
    ]


def _otherwise() -> list[_Line]:
    lengths = [cell for cell in _city() if cell.periods != 72]
    lines = [
        _Line(f"{cell.periods} months, ρ {cell.rho:g}, τ {cell.tau:g}", [None, (ours, {}, cell), None])
        for cell in lengths
    ]
    return [*lines, _by_city([cell for cell in _city() if cell.world == "volatile"], "twice τ and shocks")]


def _powers() -> list[_Line]:
    power = [cell for cell in _city() if cell.effect and not cell.world]
    keys = sorted({(float(cell.events or 0), float(cell.tau or 0)) for cell in power})
    return [
        _by_city([cell for cell in power if (cell.events, cell.tau) == key], f"{key[0]:g} events, τ {key[1]:g}")
        for key in keys
    ]


def _cells_of_ways() -> list[Cell]:
    fast = [cell for cell in cells("city", full=False) if (cell.rho, cell.tau, cell.events) == (0.4, 0.1, 25.0)]
    several = [cell for _, cell in few_treated_cases() if not cell.effect]
    there = [cell for cell in dict.fromkeys([*fast, *several]) if (cell.rho, cell.tau, cell.events) == (0.4, 0.1, 25.0)]
    return sorted(there, key=lambda cell: (cell.treated or 1, cell.treated_noise or 0, cell.comparison or 0))


def _ways() -> list[_Line]:
    from coresponder_causal.validity.coverage import study

    there = {(entry.options, entry.cell) for entry in study(["did_few_treated"])}
    said = sorted({options for options, _ in there}, key=lambda options: (len(options) > 2, options))
    at = _cells_of_ways()
    return [
        _Line(
            ", ".join(f"{key} {value}" for key, value in json.loads(options).items()) or "lee-wooldridge (default)",
            [("did_few_treated", json.loads(options), cell) if (options, cell) in there else None for cell in at],
        )
        for options in said
    ]


def _named(cell: Cell) -> str:
    noise = "" if cell.treated_noise == 1 else f", noise × {cell.treated_noise:g}"
    return f"{cell.treated or 1} treated, m {cell.comparison}{noise}"


def _section(lines: list[_Line], heads: list[str]) -> str:
    rows = [["", *heads], ["---", *["---:"] * len(heads)]]
    found = [[None if place is None else _row(*place) for place in line.entries] for line in lines]
    rows += [[line.words, *map(_entry, own)] for line, own in zip(lines, found, strict=True)]
    numbers = sorted({int(row["replications"]) for own in found for row in own if row is not None})
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{table}\n\nReplications of a cell: {' or '.join(f'{number:,}' for number in numbers)}."


def _row(method: str, options: Options, cell: Cell) -> pd.Series:
    return measured_row(method, cell, "mean_post", options=json.dumps(options, sort_keys=True))


def _entry(row: pd.Series | None) -> str:
    if row is None:
        return ""
    given = int(row["replications"] - row["failures"])
    share = f"{row['rejection']:.3f}"
    above = not row["effect"] and row["rejection"] > rejection_rate_limit(0.05, given, 3)
    return (f"**{share}**" if above else share) + "†" * bool(row["failures"] >= 0.1 * row["replications"])
