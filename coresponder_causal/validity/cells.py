"""The cells of the study: stated processes in which the truth is known, one grid for each setting.

A setting says how a method meets simulated data. The method's card carries it, so that a new method is studied in the
cells of its setting without a line here.
"""

from __future__ import annotations

from collections.abc import Callable

from coresponder_causal.core.method_card import Setting
from coresponder_causal.validity import cells_of_calls, cells_of_cities, cells_of_people, cells_of_plans
from coresponder_causal.validity.cell import Cell

Grid = Callable[[], list[Cell]]
_grids: dict[Setting, tuple[Grid, Grid]] = {  # eight cells or a few more, and all
    "series": (cells_of_cities.series_fast, cells_of_cities.series_full),
    "rare": (cells_of_cities.rare_fast, cells_of_cities.rare_full),
    "city": (cells_of_cities.city_fast, cells_of_cities.city_full),
    "hours": (cells_of_cities.hours_fast, cells_of_cities.hours_full),
    "adopters": (cells_of_cities.adopters_fast, cells_of_cities.adopters_full),
    "calls": (cells_of_calls.calls_fast, cells_of_calls.calls_full),
    "plain_calls": (cells_of_calls.plain_calls_fast, cells_of_calls.plain_calls_full),
    "instrument": (cells_of_plans.instrument_fast, cells_of_plans.instrument_full),
    "switchback": (cells_of_plans.switchback_fast, cells_of_plans.switchback_full),
    "boundary": (cells_of_plans.boundary_fast, cells_of_plans.boundary_full),
    "hour_calls": (cells_of_plans.hour_calls_fast, cells_of_plans.hour_calls_full),
    "strata": (cells_of_calls.strata_fast, cells_of_calls.strata_full),
    "history": (cells_of_calls.history_fast, cells_of_calls.history_full),
    "officers": (cells_of_people.officers_fast, cells_of_people.officers_full),
    "officer_counts": (cells_of_people.officer_counts_fast, cells_of_people.officer_counts_full),
    "officer_dose": (cells_of_people.officer_dose_fast, cells_of_people.officer_dose_full),
}
_one_tier: dict[Setting, Grid] = {
    "partly_known": cells_of_calls.partly_known,
    "double_sample": cells_of_calls.double_sample,
    "linkage": cells_of_calls.linkage,
    "narrative": cells_of_calls.narrative,
    "waves": cells_of_people.waves,
    "ordinal_waves": cells_of_people.ordinal_waves,
    "lost_waves": cells_of_people.lost_waves,
    "vignettes": cells_of_people.vignettes,
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
    if setting in _one_tier:
        return _one_tier[setting]()
    fast, all_of_them = _grids[setting]
    return list(dict.fromkeys(all_of_them())) if full else fast()
