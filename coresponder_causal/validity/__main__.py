"""Write the pages that set methods beside each other: ``python -m coresponder_causal.validity``.

The one for calls is made here, those for series and for cities in `coresponder_causal.validity.series_page` and
`coresponder_causal.validity.cities_page`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.cities_page import cities_page
from coresponder_causal.validity.measured_rows import measured_row
from coresponder_causal.validity.series_page import series_page, written

folder = Path("docs")
reading = (
    "A ratio has no mean where its first stage may be small, as at a boundary for which calls are held: bias and SD of "
    "such a row follow a few draws. Read its coverage, and the Anderson–Rubin set of a result.",
    "A standard error at a clock boundary is several times that of the instruments: such a design corroborates.",
)
town = Cell(setting="instrument", calls=13_000, share=0.08, rho=0.0, adjustment="coverage_post", effect=-0.108)
taken = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="team_free", effect=-0.108)
persistent = replace(town, rho=0.8, effect=0.0)
edge = Cell(setting="boundary", calls=13_000, share=0.08, rho=0.0, effect=-0.108)
held = replace(edge, calls=26_000, world="holding")
moved = replace(town, effect=0.0, world="hour profile moved")
no_load = replace(taken, effect=0.0, world="load left out")
alone = '{"contrast": "discontinuity"}'
introduction = (
    f"One simulated town with about {town.calls:,} calls in four years, a team in 70 of 168 hours a week of the last "
    "two, and the dispatcher sends it to the harder calls: partly by what is recorded (severity, type of call), partly "
    "by what is not. Patrols change shifts when the team comes on, and the calls of that shift end in an arrest less "
    "often, with or without the team. Where the truth is −0.108 the team lowers the chance of an arrest by so much on "
    "the calls it attends; where it is 0 it changes nothing. Every design meets calls of this process. Bias, standard "
    "deviation (SD) and mean standard error (SE) are in units of the chance of an arrest; coverage is how often the "
    "95 % interval held the truth, with its Monte-Carlo error."
)


class _Row(NamedTuple):
    """One design of the page: in words, and where its numbers stand in the table."""

    words: str
    method: str
    cell: Cell
    term: str = "effect"
    options: str = "{}"


rows = (
    _Row("attended against other calls on duty, as they came", "attended_or_not", town),
    _Row("the same, weighted by what is recorded", "weighted_attended_or_not", town),
    _Row("the same, by models of dispatch and of outcome", "doubly_robust_attended_or_not", town),
    _Row("planned shifts as an instrument, weekly gap", "call_iv", town, "att"),
    _Row("effect of the planned shifts themselves (ITT)", "call_iv", replace(town, effect=0.0), "itt"),
    _Row("planned shifts, where calls moved into covered hours", "call_iv", moved, "att"),
    _Row("planned shifts, shocks last, weekly gap", "call_iv", persistent, "att"),
    _Row("planned shifts, shocks last, clusters by week", "week_clusters", persistent),
    _Row("planned shifts, shocks last, clusters by class of hours and block", "class_block_clusters", persistent),
    _Row("team free or taken, patrol load adjusted for", "call_iv", taken, "att"),
    _Row("team free or taken, patrol load left out", "call_iv", no_load, "att"),
    _Row("jump when the team comes on, after less before", "call_boundary", edge, "att"),
    _Row("the same, within one hour", "call_boundary", replace(edge, effect=0.0), "att", '{"bandwidth": 60.0}'),
    _Row("the same, within four hours", "call_boundary", replace(edge, effect=0.0), "att", '{"bandwidth": 240.0}'),
    _Row("the same, four times as many calls", "call_boundary", replace(edge, calls=52_000), "att"),
    _Row("the same, calls held for the team, twice as many", "call_boundary", held, "late"),
    _Row("jump after the start alone", "call_boundary", edge, "att", alone),
    _Row("the same, calls held for the team, twice as many", "call_boundary", held, "late", alone),
)  # fmt: skip


def call_designs_page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> call_designs_page().splitlines()[0]
    '# Designs for calls beside each other'
    """
    heads = ["Design", "Method", "Truth", "Bias", "SD", "SE", "Coverage", "Draws"]
    lines = [heads, ["---", "---", *["---:"] * 6], *map(_cells, rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    remarks = "\n".join(f"- {text}" for text in reading)
    return "\n\n".join(["# Designs for calls beside each other", introduction, table, remarks, written]) + "\n"


def _cells(row: _Row) -> list[str]:
    found = measured_row(row.method, row.cell, row.term, options=row.options)
    numbers = [f"{found[name]:.3f}" for name in ("sd", "mean_std_error")]
    return [
        row.words,
        f"`{row.method}`",
        _signed(row.cell.effect) if row.cell.effect else "0",
        _signed(found["bias"]),
        *numbers,
        f"{found['coverage']:.3f} ± {found['coverage_error']:.3f}",
        f"{found['replications'] - found['failures']:.0f}",
    ]


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def main() -> None:
    """Write the pages into the folder of documents of a checkout."""
    folder.mkdir(exist_ok=True)
    pages = {"call_designs.md": call_designs_page, "series.md": series_page, "cities.md": cities_page}
    for name, page in pages.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
