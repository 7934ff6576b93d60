"""The page that sets methods for one city in time beside each other, cell by cell of the study of coverage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from coresponder_causal.core.measured import least_coverage
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.measured_rows import measured_row
from coresponder_causal.validity.series_comparison import (
    Model,
    counted_cells,
    counted_models,
    smooth_cells,
    smooth_models,
)
from coresponder_causal.validity.worlds import before_share, city_ar_sd, city_nugget_sd, series_sd

written = (
    "This page is written from `coresponder_causal/core/measured.csv`, the table of the study of coverage, by "
    "`python -m coresponder_causal.validity`; `coresponder-causal validity run` makes the table."
)
introduction = (
    f"Months of simulated counts in which nothing changes at the start, after {100 * before_share:.0f} % of them. "
    f"Shocks of deviation {series_sd:g} (log scale) last from month to month with correlation ρ; n is the number of "
    "months. Each entry is the share of 95 % intervals that held the truth ± its Monte-Carlo error and, in brackets, "
    f"the mean half-width of the interval (log scale). **Bold**: coverage below {least_coverage:g} by two Monte-Carlo "
    "errors or more. A narrow interval that does not hold is no precision."
)
gap_models = (
    Model("did_prediction_interval"),
    Model("did_gap"),
    Model("did_gap", (("weights", "synthetic"),)),
    Model("its_conformal"),
)
heads = {
    "share of shocks new each month": "nugget",
    "n": "periods",
    "m": "comparison",
    "events": "events",
    "ρ": "rho",
    "τ": "tau",
    "noise ×": "treated_noise",
}


class _Table(NamedTuple):
    """One table of the page; each method is shown by the first of the terms that was measured of it."""

    title: str
    about: str
    models: Sequence[Model]
    cells: Sequence[Cell]
    terms: tuple[str, ...]


def _tables() -> list[_Table]:
    smooth = "Counts so large that their logs are nearly normal: the model of the errors alone decides."
    counted = (
        "Counting noise over shocks that last. A dispersion, or a negative-binomial regression, allows for noise "
        "beyond counting and for no persistence."
    )
    gap = (
        "One treated city among m others, whose steps at the start differ with deviation τ; shocks of deviation "
        f"{city_ar_sd:g} last with correlation ρ, others of {city_nugget_sd:g} do not, and those of the treated city "
        "that last may be larger. What looks at the gap's own noise alone holds at τ = 0 only."
    )
    city = [cell for cell in cells("city", full=False) if not cell.world and not cell.effect]
    rare = [cell for cell in cells("rare", full=False) if not cell.effect]
    level, mean = ("level_change", "effect"), ("mean_post",)
    both = [model for model in counted_models if model.method.startswith("its_")]
    return [
        _Table("Error models: change of level", smooth, smooth_models, smooth_cells, level),
        _Table("Error models: mean after the start", smooth, smooth_models, smooth_cells, mean),
        _Table("Models of counts: change of level", counted, counted_models, counted_cells, level),
        _Table("Models of counts: mean after the start", counted, both, counted_cells, mean),
        _Table("Against other cities: headline", gap, gap_models, city, ("mean_post", "mean_first_6_months")),
        _Table("Few events in all", "Two rates compared exactly.", [Model("its_rare")], rare, mean),
    ]


def series_page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> series_page().splitlines()[0]
    '# Methods for one city in time beside each other'
    """
    title = "# Methods for one city in time beside each other"
    return "\n\n".join([title, introduction, *map(_section, _tables()), written]) + "\n"


def _section(table: _Table) -> str:
    shared, own = _coordinates(table.cells)
    lines = [["Method", *own], ["---", *["---:"] * len(own)]]
    short = []
    for model in table.models:
        found = [_measured(model, cell, table.terms) for cell in table.cells]
        lines.append([f"`{_name(model)}`", *map(_entry, found)])
        missed = sum(map(_short, found))
        short += [f"`{_name(model)}` in {missed} of {len(found)}"] if missed else []
    grid = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    fell = f"Too narrow: {', '.join(short)}." if short else "None is too narrow here."
    about = f"{table.about} In every column {shared}."
    return "\n\n".join([f"## {table.title}", about, grid, fell])


def _coordinates(cells: Sequence[Cell]) -> tuple[str, list[str]]:
    """Coordinates that all cells share, and those of each that they do not."""
    rows = [{head: getattr(cell, name) for head, name in heads.items()} for cell in cells]
    there = [head for head in heads if rows[0][head] is not None]
    same = [head for head in there if len({row[head] for row in rows}) == 1]
    shared = ", ".join(f"{head} = {rows[0][head]:g}" for head in same)
    return shared, [", ".join(f"{head} {row[head]:g}" for head in there if head not in same) for row in rows]


def _measured(model: Model, cell: Cell, terms: Sequence[str]) -> pd.Series:
    options = json.dumps(dict(model.options), sort_keys=True)
    return measured_row(model.method, cell, *terms, options=options)


def _name(model: Model) -> str:
    return model.method + "".join(f", {name} {value}" for name, value in model.options)


def _short(row: pd.Series) -> bool:
    return bool(row["coverage"] < least_coverage - 2 * row["coverage_error"])


def _entry(row: pd.Series) -> str:
    share = f"{row['coverage']:.3f}"
    failed = f"; {row['failures']:.0f} of {row['replications']:.0f} fits failed" if row["failures"] else ""
    return f"{f'**{share}**' if _short(row) else share} ± {row['coverage_error']:.3f} ({row['half_width']:.2f}{failed})"
