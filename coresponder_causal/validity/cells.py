"""The cells of the study: stated processes in which the truth is known, one grid for each setting.

A setting says how a method meets simulated data. The method's card carries it, so that a new method is studied in the
cells of its setting without a line here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import log
from typing import get_args

from coresponder_causal.core.method_card import Setting
from coresponder_causal.validity.cell import Adjustment, Cell


def _over(base: Cell, **axes: Sequence[object]) -> list[Cell]:
    """Every combination of the axes, each put into the base cell."""
    return [replace(base, **dict(zip(axes, point, strict=True))) for point in product(*axes.values())]  # type: ignore[arg-type]


_city = Cell(setting="city", comparison=10, periods=72, events=25.0, rho=0.4, tau=0.1, treated_noise=1.0)
_series = Cell(setting="series", periods=72, events=25.0, rho=0.5, nugget=0.3)
_rare = Cell(setting="rare", periods=72, events=1.0, rho=0.5, nugget=0.3)
_hours = Cell(setting="hours", comparison=10, periods=72, events=60.0, tau=0.06)
_adopters = Cell(setting="adopters", treated=5, comparison=10, periods=12, rho=0.5, growth=0.0)
_calls = Cell(setting="calls", calls=1500, share=0.4, adjustment="match_nearest")
_plain_calls = Cell(setting="plain_calls", calls=1500, share=0.4)
_instrument = Cell(setting="instrument", calls=13_000, share=0.08, rho=0.0, adjustment="coverage_post")
_free = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="team_free")
_taker = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="call_taker")
_switchback = Cell(setting="switchback", periods=26, events=15.0, rho=0.0)
_boundary = Cell(setting="boundary", calls=13_000, share=0.08, rho=0.0)
_hour_calls = Cell(setting="hour_calls", comparison=10, calls=4_000, rho=0.0, tau=0.06, adjustment="no covariates")
_strata = Cell(setting="strata", calls=1_500, share=0.4, adjustment="5 strata")
_partly = Cell(setting="partly_known", calls=1_500, share=0.4, adjustment="four in five known")
_double = Cell(setting="double_sample", calls=1_500, share=0.4, adjustment="a quarter drawn")
_linkage = Cell(setting="linkage", calls=1_500, share=0.4, adjustment="one link in ten missed")
_narrative = Cell(setting="narrative", calls=1_500, share=0.4, adjustment="a tenth coded")
_history = Cell(setting="history", calls=1500, share=0.4, adjustment="weight_propensity overlap")
_officers = Cell(setting="officers", treated=30, comparison=12, periods=36, rho=0.5)
_factor = replace(_officers, world="one factor for all")
_counts = Cell(setting="officer_counts", treated=30, comparison=12, periods=36, events=3.75, rho=0.5)
_waves = Cell(setting="waves", treated=30, comparison=40, periods=3)
_ordinal = Cell(setting="ordinal_waves", treated=30, comparison=40, periods=3)
_lost = Cell(setting="lost_waves", treated=30, comparison=40, periods=2, adjustment="four in five known")
_vignettes = Cell(setting="vignettes", comparison=70, periods=6)
_fewer = {
    "city": -0.25,
    "series": -0.25,
    "rare": log(0.5),
    "hours": log(0.8),
    "adopters": 1.0,
    "calls": -0.25,
    "plain_calls": -0.25,
    "instrument": -0.108,
    "switchback": log(0.8),
    "boundary": -0.108,
    "hour_calls": -0.1,
    "strata": 0.1,
    "partly_known": 0.1,
    "double_sample": 0.1,
    "linkage": 0.1,
    "narrative": 0.1,
    "history": -0.1,
    "officers": -30.0,
    "officer_counts": log(0.8),
    "officer_dose": -10.0,
    "waves": -0.3,
    "ordinal_waves": -0.7,
    "lost_waves": -0.3,
    "vignettes": 0.3,
}


def _city_cells() -> list[Cell]:
    grid = _over(
        _city,
        comparison=(5, 10, 15),
        rho=(0.4, 0.8),
        tau=(0.0, 0.1, 0.2),
        treated_noise=(1.0, 2.0),
        events=(6.0, 25.0, 60.0),
    )
    large = _over(replace(_city, events=400.0), comparison=(5, 10, 15), rho=(0.4, 0.8), tau=(0.0, 0.1, 0.2))
    lengths = _over(_city, periods=(48, 96), rho=(0.4, 0.8), tau=(0.1, 0.2))
    power = [
        *_over(replace(_city, effect=_fewer["city"]), comparison=(5, 10, 15), tau=(0.0, 0.1, 0.2)),
        *_over(replace(_city, effect=_fewer["city"], events=8.0), comparison=(5, 10, 15)),
    ]
    return [*grid, *large, *lengths, *power, *_over(replace(_city, world="volatile"), comparison=(5, 10, 15))]


def _series_cells() -> list[Cell]:
    grid = _over(
        _series, periods=(36, 72, 156), rho=(0.0, 0.5, 0.8), nugget=(0.0, 0.3), events=(6.0, 25.0, 60.0, 400.0)
    )
    return [*grid, *_over(replace(_series, effect=_fewer["series"]), rho=(0.0, 0.5, 0.8))]


def _rare_cells() -> list[Cell]:
    grid = _over(_rare, periods=(36, 72, 156), events=(0.2, 1.0, 3.0), rho=(0.0, 0.5, 0.8))
    return [*grid, *_over(replace(_rare, effect=_fewer["rare"]), events=(0.2, 1.0, 3.0))]


def _hours_cells() -> list[Cell]:
    grid = _over(_hours, events=(25.0, 60.0, 150.0, 400.0), tau=(0.0, 0.06, 0.12))
    others = _over(_hours, comparison=(5, 15), events=(60.0, 150.0))
    return [
        *grid,
        *others,
        *_over(replace(_hours, effect=_fewer["hours"]), events=(25.0, 60.0, 150.0), tau=(0.0, 0.12)),
    ]


def _adopters_cells() -> list[Cell]:
    grid = _over(_adopters, treated=(1, 2, 5, 10), comparison=(5, 10, 30), rho=(0.0, 0.5))
    lengths = _over(replace(_adopters, treated=10), periods=(6, 72))
    lengths += _over(replace(_adopters, treated=1, periods=72), comparison=(5, 10, 15))
    many = [replace(_adopters, treated=30, comparison=100), replace(_adopters, treated=300, comparison=300)]
    effects = _over(
        replace(_adopters, effect=_fewer["adopters"]), treated=(5, 10), comparison=(10, 30), growth=(0.0, 0.25)
    )
    return [*grid, *lengths, *many, *effects]


def _calls_cells() -> list[Cell]:
    adjustments: tuple[Adjustment, ...] = ("match_nearest", "weight_propensity att", "weight_propensity overlap")
    grid = _over(_calls, calls=(300, 1500), share=(0.1, 0.4), adjustment=adjustments)
    effects = _over(replace(_calls, effect=_fewer["calls"]), adjustment=adjustments)
    hidden = _over(replace(_calls, world="hidden severity"), adjustment=adjustments)
    trees: Adjustment = "weight_propensity att boosted"
    measured = (*adjustments, trees)
    weighted = [kind for kind in get_args(Adjustment) if kind.startswith("weight_") and kind not in measured]
    others = _over(_calls, calls=(300, 1500), share=(0.1, 0.4), adjustment=weighted)
    again = _over(replace(_calls, adjustment="match_nearest replace"), calls=(300, 1500), share=(0.1, 0.4))
    in_sets: tuple[Adjustment, ...] = ("match_optimal", "match_full", "match_coarsened", "subclassify")
    jointly = _over(_calls, calls=(300, 1500), share=(0.1, 0.4), adjustment=in_sets)
    jointly += _over(replace(_calls, calls=300, adjustment="match_cardinality"), share=(0.1, 0.4))
    boosted = _over(_calls, calls=(300, 1500), adjustment=(trees,))
    return [*grid, *effects, *hidden, *others, *boosted, *again, *jointly]


def _plain_calls_cells() -> list[Cell]:
    grid = _over(_plain_calls, calls=(300, 1500, 5000), share=(0.1, 0.4))
    effects = _over(replace(_plain_calls, effect=_fewer["plain_calls"]), calls=(300, 1500))
    return [*grid, *effects, *_over(replace(_plain_calls, world="hidden severity"), share=(0.1, 0.4))]


def _instrument_cells() -> list[Cell]:
    grid = _over(_instrument, calls=(3_000, 6_500, 13_000, 20_000), share=(0.03, 0.08), rho=(0.0, 0.5, 0.8))
    free = _over(_free, calls=(1_000, 3_800, 10_000), share=(0.1, 0.36, 0.5))
    takers = _over(_taker, calls=(1_500, 3_800, 10_000), share=(0.1, 0.36, 0.5))
    effects = [replace(cell, effect=_fewer["instrument"]) for cell in (_instrument, _free, _taker)]
    return [*grid, *free, *takers, *effects]


def _switchback_cells() -> list[Cell]:
    return _over(
        _switchback,
        periods=(13, 26, 52),
        events=(5.0, 15.0, 30.0, 60.0),
        rho=(0.0, 0.5),
        effect=(0.0, _fewer["switchback"]),
    )


def _boundary_cells() -> list[Cell]:
    grid = _over(_boundary, calls=(13_000, 26_000, 52_000), share=(0.03, 0.08), rho=(0.0, 0.5, 0.8))
    effects = _over(replace(_boundary, effect=_fewer["boundary"]), calls=(13_000, 26_000, 52_000))
    return [*grid, *effects, *_over(replace(_boundary, world="holding"), calls=(26_000, 52_000))]


def _hour_calls_cells() -> list[Cell]:
    grid = _over(
        _hour_calls, comparison=(5, 10, 15), calls=(1_000, 4_000, 12_000), rho=(0.0, 0.8), tau=(0.0, 0.06, 0.12)
    )
    adjusted = _over(replace(_hour_calls, adjustment="covariates"), comparison=(5, 10), tau=(0.0, 0.06, 0.12))
    effects = _over(replace(_hour_calls, effect=_fewer["hour_calls"]), calls=(1_000, 4_000), tau=(0.0, 0.06, 0.12))
    return [*grid, *adjusted, *effects]


def _strata_cells() -> list[Cell]:
    kinds = tuple(kind for kind in get_args(Adjustment) if "strata" in kind)
    grid = _over(_strata, calls=(500, 1_500, 5_000), share=(0.2, 0.4), adjustment=kinds)
    return [*grid, *_over(replace(_strata, effect=_fewer["strata"]), world=("", "links missed"), adjustment=kinds)]


def _partly_known(base: Cell, other: Cell) -> list[Cell]:
    """Cells of calls of which two degrees are known, and one more."""
    degrees: dict[str, tuple[Adjustment, ...]] = {
        "partly_known": ("four in five known", "half known"),
        "double_sample": ("a quarter drawn", "half drawn"),
        "linkage": ("one link in ten missed", "one link in five missed"),
        "narrative": ("a tenth coded", "a quarter coded"),
    }
    kinds = degrees[base.setting]
    return [
        *_over(base, calls=(500, 1_500, 5_000), adjustment=kinds),
        replace(base, effect=_fewer[base.setting]),
        other,
    ]


def _history_cells() -> list[Cell]:
    adjustments: tuple[Adjustment, ...] = ("match_nearest", "weight_propensity att", "weight_propensity overlap")
    grid = _over(_history, calls=(300, 1500, 5000), share=(0.1, 0.4), adjustment=adjustments)
    effects = _over(replace(_history, effect=_fewer["history"]), adjustment=adjustments)
    return [*grid, *effects, *_over(replace(_history, world="one arm jails more"), adjustment=adjustments)]


def _officers_cells() -> list[Cell]:
    grid = _over(_officers, treated=(8, 16, 30, 55), comparison=(4, 12), periods=(24, 36), rho=(0.0, 0.5, 0.8))
    effects = _over(replace(_officers, effect=_fewer["officers"]), treated=(8, 30, 55))
    drifting = _over(replace(_officers, world="volunteers drift"), treated=(30, 55))
    large = _over(replace(_officers, treated=55, comparison=19), periods=(36, 72))
    return [*grid, *large, *effects, *drifting]


def _officer_dose_cells() -> list[Cell]:
    return [_of_dose(cell) for cell in _officers_cells()]


def _officer_counts_cells() -> list[Cell]:
    """Cells of counts: those of officers, with many and with few events."""
    return [replace(_of_counts(cell), events=events) for events in (0.75, 3.75) for cell in _officers_cells()]


def _of_counts(cell: Cell) -> Cell:
    """Put the log of a ratio in the place of the effect on the rate."""
    effect = _fewer["officer_counts"] if cell.effect else 0.0
    return replace(cell, setting="officer_counts", events=_counts.events, effect=effect)


def _of_dose(cell: Cell) -> Cell:
    """Put the effect of ten calls in the place of that of the exposure."""
    return replace(cell, setting="officer_dose", effect=_fewer["officer_dose"] if cell.effect else 0.0)


def _wave_cells(base: Cell) -> list[Cell]:
    """Cells of persons on waves: around its base, and at its corners."""
    made = [base, *_over(base, treated=(15, 100), comparison=(20, 100)), replace(base, treated=60, comparison=15)]
    made += [*_over(base, periods=(2, 4)), replace(base, effect=_fewer[base.setting])]
    if base.setting == "waves":
        made += [replace(base, world="chosen by course")]
        made += [replace(base, world="lost by what is hidden", treated=100, comparison=100, periods=2)]
    return made


def _lost_wave_cells() -> list[Cell]:
    kinds: tuple[Adjustment, ...] = ("four in five known", "half known")
    made = _over(_lost, treated=(30, 100), comparison=(40, 100), adjustment=kinds)
    return [*made, replace(_lost, effect=_fewer["lost_waves"])]


def _vignette_cells() -> list[Cell]:
    return [
        *_over(_vignettes, comparison=(20, 70, 200), periods=(2, 6, 12)),
        replace(_vignettes, effect=_fewer["vignettes"]),
    ]


def _fast_cells() -> dict[Setting, list[Cell]]:
    """Eight cells a setting or a few more: around its base, and at its corners."""
    city = [*_over(_city, comparison=(5, 10, 15)), replace(_city, rho=0.8), *_over(_city, tau=(0.0, 0.2))]
    city += [replace(_city, treated_noise=2.0), replace(_city, events=6.0)]
    series = [*_over(_series, periods=(36, 72, 156)), *_over(_series, rho=(0.0, 0.8))]
    series += [replace(_series, nugget=0.0), replace(_series, events=60.0), replace(_series, rho=0.8, periods=36)]
    rare = [*_over(_rare, periods=(36, 72, 156)), *_over(_rare, events=(0.2, 3.0)), *_over(_rare, rho=(0.0, 0.8))]
    rare += [replace(_rare, effect=_fewer["rare"])]
    hours = [*_over(_hours, events=(25.0, 60.0, 150.0)), *_over(_hours, tau=(0.0, 0.12))]
    hours += [*_over(_hours, comparison=(5, 15)), replace(_hours, effect=_fewer["hours"], events=150.0, tau=0.0)]
    adopters = [*_over(_adopters, treated=(1, 2, 5, 10)), *_over(_adopters, comparison=(5, 30))]
    adopters += _over(replace(_adopters, effect=_fewer["adopters"]), growth=(0.0, 0.25))
    kinds = ("match_nearest", "weight_propensity att", "weight_propensity overlap")
    calls = [*_over(_calls, calls=(300, 1500), adjustment=kinds)]
    calls += _over(replace(_calls, world="hidden severity"), adjustment=kinds[::2])
    calls += _over(_calls, adjustment=("weight_propensity ate", "weight_propensity matching", "weight_balance att"))
    calls += _over(replace(_calls, adjustment="match_nearest replace"), calls=(300, 1500))
    plain = [*_over(_plain_calls, calls=(300, 1500), share=(0.1, 0.4))]
    plain += _over(replace(_plain_calls, effect=_fewer["plain_calls"]), calls=(300, 1500))
    plain += _over(replace(_plain_calls, world="hidden severity"), share=(0.1, 0.4))
    calls += _over(_calls, adjustment=("match_optimal", "match_full"))
    instrument = [*_over(_instrument, calls=(3_000, 13_000)), replace(_instrument, rho=0.8)]
    instrument += [replace(_instrument, share=0.03, calls=20_000), *_over(_free, calls=(1_000, 3_800))]
    instrument += [replace(_free, share=0.5), _taker]
    instrument += [replace(_taker, calls=1_500, share=0.5), replace(_taker, calls=10_000, share=0.1)]
    instrument += [*(replace(cell, effect=_fewer["instrument"]) for cell in (_instrument, _free, _taker))]
    lot = [*_over(_switchback, periods=(13, 26, 52)), *_over(_switchback, events=(5.0, 30.0, 60.0))]
    lot += [replace(_switchback, rho=0.5), replace(_switchback, effect=_fewer["switchback"])]
    lot += [replace(_switchback, effect=_fewer["switchback"], periods=52, events=30.0, rho=0.5)]
    edge = [*_over(_boundary, calls=(13_000, 26_000, 52_000)), replace(_boundary, rho=0.8)]
    edge += [replace(_boundary, share=0.03, calls=52_000), replace(_boundary, world="holding", calls=26_000)]
    edge += _over(replace(_boundary, effect=_fewer["boundary"]), calls=(13_000, 52_000))
    by_hour = [*_over(_hour_calls, comparison=(5, 10, 15)), *_over(_hour_calls, tau=(0.0, 0.12))]
    by_hour += [replace(_hour_calls, rho=0.8, calls=1_000), replace(_hour_calls, adjustment="covariates")]
    by_hour += [replace(_hour_calls, effect=_fewer["hour_calls"])]
    scored = replace(_strata, adjustment="5 strata with scores")
    noisy: tuple[Adjustment, ...] = ("5 strata with scores ε = 1", "5 strata with scores ε = 0.25")
    by_strata = [*_over(_strata, calls=(500, 1_500, 5_000), adjustment=("5 strata", "5 strata with scores"))]
    by_strata += _over(_strata, adjustment=("10 strata", "3 strata with scores", "10 strata with scores", *noisy))
    by_strata += [
        *_over(scored, calls=(500, 5_000), share=(0.2,)),
        replace(_strata, calls=5_000, adjustment="10 strata"),
    ]
    by_strata += _over(replace(scored, effect=_fewer["strata"]), world=("", "links missed"))
    lost, better = replace(_partly, world="lost by what is hidden"), replace(_linkage, world="one arm linked better")
    after = [*_over(_history, calls=(300, 1500), adjustment=kinds), replace(_history, share=0.1)]
    few = replace(_officers, treated=8, comparison=4, periods=24)
    beside = [*_over(few, rho=(0.0, 0.5)), *_over(_officers, rho=(0.0, 0.5, 0.8)), replace(_officers, comparison=4)]
    beside += _over(replace(_officers, treated=55, comparison=19), periods=(36, 72))
    beside += [replace(_officers, effect=_fewer["officers"])]
    beside += [replace(_officers, world="volunteers drift")]
    of_counts = [_of_counts(cell) for cell in beside if (cell.treated, cell.comparison) in ((8, 4), (30, 12))]
    of_counts += _over(replace(_counts, events=0.75), treated=(8, 30))
    after += [replace(_history, effect=_fewer["history"]), replace(_history, world="one arm jails more")]
    return {
        "city": city,
        "series": series,
        "rare": rare,
        "hours": hours,
        "adopters": adopters,
        "calls": calls,
        "plain_calls": plain,
        "instrument": instrument,
        "switchback": lot,
        "boundary": edge,
        "hour_calls": by_hour,
        "strata": by_strata,
        "partly_known": _partly_known(_partly, lost),
        "double_sample": _partly_known(_double, replace(_double, share=0.2)),
        "linkage": _partly_known(_linkage, better),
        "narrative": _partly_known(_narrative, replace(_narrative, share=0.2)),
        "history": after,
        "officers": [*beside, _factor],
        "officer_counts": of_counts,
        "officer_dose": [_of_dose(cell) for cell in beside],
        "waves": _wave_cells(_waves),
        "ordinal_waves": _wave_cells(_ordinal),
        "lost_waves": _lost_wave_cells(),
        "vignettes": _vignette_cells(),
    }


def cells(setting: Setting, *, full: bool = True) -> list[Cell]:
    """Give the cells in which methods of a setting are studied.

    Parameters
    ----------
    setting : Setting
    full : bool
        All cells, or the fixed eight or more of the fast tier, which are among them.

    Returns
    -------
    list of Cell

    Examples
    --------
    >>> len(cells("city", full=False)), set(cells("city", full=False)) <= set(cells("city"))
    (8, True)
    """
    if not full:
        return _fast_cells()[setting]
    small = ("waves", "ordinal_waves", "lost_waves", "vignettes")
    if setting in ("partly_known", "double_sample", "linkage", "narrative", *small):
        return _fast_cells()[setting]
    make = {
        "series": _series_cells,
        "rare": _rare_cells,
        "city": _city_cells,
        "hours": _hours_cells,
        "adopters": _adopters_cells,
        "calls": _calls_cells,
        "plain_calls": _plain_calls_cells,
        "instrument": _instrument_cells,
        "switchback": _switchback_cells,
        "boundary": _boundary_cells,
        "hour_calls": _hour_calls_cells,
        "strata": _strata_cells,
        "history": _history_cells,
        "officers": lambda: [*_officers_cells(), _factor],
        "officer_counts": _officer_counts_cells,
        "officer_dose": _officer_dose_cells,
    }
    return list(dict.fromkeys(make[setting]()))
