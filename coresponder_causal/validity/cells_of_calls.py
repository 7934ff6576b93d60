"""Cells of calls compared with like calls, and of what is known of them in part."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from coresponder_causal.validity.cell import Adjustment, Cell
from coresponder_causal.validity.cell_grid import over

_calls = Cell(setting="calls", calls=1500, share=0.4, adjustment="match_nearest")
_plain_calls = Cell(setting="plain_calls", calls=1500, share=0.4)
_strata = Cell(setting="strata", calls=1_500, share=0.4, adjustment="5 strata")
_history = Cell(setting="history", calls=1500, share=0.4, adjustment="weight_propensity overlap")
_calls_moved, _plain_calls_moved = replace(_calls, effect=-0.25), replace(_plain_calls, effect=-0.25)
_strata_moved, _history_moved = replace(_strata, effect=0.1), replace(_history, effect=-0.1)
_partly = Cell(setting="partly_known", calls=1_500, share=0.4, adjustment="four in five known")
_double = Cell(setting="double_sample", calls=1_500, share=0.4, adjustment="a quarter drawn")
_linkage = Cell(setting="linkage", calls=1_500, share=0.4, adjustment="one link in ten missed")
_narrative = Cell(setting="narrative", calls=1_500, share=0.4, adjustment="a tenth coded")
_main: tuple[Adjustment, ...] = ("match_nearest", "weight_propensity att", "weight_propensity overlap")


def calls_fast() -> list[Cell]:
    """Cells of matched and weighted calls: the fast tier."""
    found = over(_calls, {"calls": (300, 1500), "adjustment": _main})
    found += over(replace(_calls, world="hidden severity"), {"adjustment": _main[::2]})
    found += over(_calls, {"adjustment": ("weight_propensity ate", "weight_propensity matching", "weight_balance att")})
    found += over(replace(_calls, adjustment="match_nearest replace"), {"calls": (300, 1500)})
    return [*found, *over(_calls, {"adjustment": ("match_optimal", "match_full")})]


def calls_full() -> list[Cell]:
    """Cells of matched and weighted calls: all."""
    grid = over(_calls, {"calls": (300, 1500), "share": (0.1, 0.4), "adjustment": _main})
    effects = over(_calls_moved, {"adjustment": _main})
    hidden = over(replace(_calls, world="hidden severity"), {"adjustment": _main})
    trees: Adjustment = "weight_propensity att boosted"
    measured = (*_main, trees)
    weighted = [kind for kind in get_args(Adjustment) if kind.startswith("weight_") and kind not in measured]
    others = over(_calls, {"calls": (300, 1500), "share": (0.1, 0.4), "adjustment": weighted})
    again = over(replace(_calls, adjustment="match_nearest replace"), {"calls": (300, 1500), "share": (0.1, 0.4)})
    in_sets: tuple[Adjustment, ...] = ("match_optimal", "match_full", "match_coarsened", "subclassify")
    jointly = over(_calls, {"calls": (300, 1500), "share": (0.1, 0.4), "adjustment": in_sets})
    jointly += over(replace(_calls, calls=300, adjustment="match_cardinality"), {"share": (0.1, 0.4)})
    boosted = over(_calls, {"calls": (300, 1500), "adjustment": (trees,)})
    return [*grid, *effects, *hidden, *others, *boosted, *again, *jointly]


def plain_calls_fast() -> list[Cell]:
    """Cells of calls as they came: the fast tier."""
    found = over(_plain_calls, {"calls": (300, 1500), "share": (0.1, 0.4)})
    found += over(_plain_calls_moved, {"calls": (300, 1500)})
    return [*found, *over(replace(_plain_calls, world="hidden severity"), {"share": (0.1, 0.4)})]


def plain_calls_full() -> list[Cell]:
    """Cells of calls as they came: all."""
    grid = over(_plain_calls, {"calls": (300, 1500, 5000), "share": (0.1, 0.4)})
    effects = over(_plain_calls_moved, {"calls": (300, 1500)})
    return [*grid, *effects, *over(replace(_plain_calls, world="hidden severity"), {"share": (0.1, 0.4)})]


def strata_fast() -> list[Cell]:
    """Cells of tables of calls by stratum: the fast tier."""
    scored = replace(_strata, adjustment="5 strata with scores")
    noisy: tuple[Adjustment, ...] = ("5 strata with scores ε = 1", "5 strata with scores ε = 0.25")
    found = over(_strata, {"calls": (500, 1_500, 5_000), "adjustment": ("5 strata", "5 strata with scores")})
    found += over(_strata, {"adjustment": ("10 strata", "3 strata with scores", "10 strata with scores", *noisy)})
    found += over(scored, {"calls": (500, 5_000), "share": (0.2,)})
    found += [replace(_strata, calls=5_000, adjustment="10 strata")]
    return [*found, *over(replace(_strata_moved, adjustment=scored.adjustment), {"world": ("", "links missed")})]


def strata_full() -> list[Cell]:
    """Cells of tables of calls by stratum: all."""
    kinds = tuple(kind for kind in get_args(Adjustment) if "strata" in kind)
    grid = over(_strata, {"calls": (500, 1_500, 5_000), "share": (0.2, 0.4), "adjustment": kinds})
    return [*grid, *over(_strata_moved, {"world": ("", "links missed"), "adjustment": kinds})]


def history_fast() -> list[Cell]:
    """Cells of what persons do after a call: the fast tier."""
    found = [*over(_history, {"calls": (300, 1500), "adjustment": _main}), replace(_history, share=0.1)]
    return [*found, _history_moved, replace(_history, world="one arm jails more")]


def history_full() -> list[Cell]:
    """Cells of what persons do after a call: all."""
    grid = over(_history, {"calls": (300, 1500, 5000), "share": (0.1, 0.4), "adjustment": _main})
    effects = over(_history_moved, {"adjustment": _main})
    return [*grid, *effects, *over(replace(_history, world="one arm jails more"), {"adjustment": _main})]


def partly_known() -> list[Cell]:
    """Cells of calls of which some outcomes are not known."""
    lost = replace(_partly, world="lost by what is hidden")
    return _by_degree(_partly, ("four in five known", "half known"), lost)


def double_sample() -> list[Cell]:
    """Cells of calls of which a part is looked into again."""
    return _by_degree(_double, ("a quarter drawn", "half drawn"), replace(_double, share=0.2))


def linkage() -> list[Cell]:
    """Cells of calls whose outcomes come by links."""
    better = replace(_linkage, world="one arm linked better")
    return _by_degree(_linkage, ("one link in ten missed", "one link in five missed"), better)


def narrative() -> list[Cell]:
    """Cells of calls whose outcomes are read from narratives."""
    return _by_degree(_narrative, ("a tenth coded", "a quarter coded"), replace(_narrative, share=0.2))


def _by_degree(base: Cell, degrees: tuple[Adjustment, ...], other: Cell) -> list[Cell]:
    """Cells of calls of which two degrees are known, one with an effect, and one more."""
    return [*over(base, {"calls": (500, 1_500, 5_000), "adjustment": degrees}), replace(base, effect=0.1), other]
