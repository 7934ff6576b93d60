"""Where ways of judging a few treated cities are measured beside the cells that all methods for cities share.

Several treated cities start half a year apart. Ranks of one treated city need nineteen others to reach 5 %, and are
measured among twenty-five.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from coresponder_causal.validity.cell import Cell

Options = dict[str, object]
_one = Cell(setting="city", comparison=25, periods=72, events=25.0, rho=0.4, tau=0.1, treated_noise=1.0)
_three = replace(_one, treated=3, comparison=10)
_plain: Options = {}
_sets: Options = {"inference": "sets"}
ranks: tuple[Options, ...] = ({"inference": "conley-taber"}, {"inference": "ferman-pinto"}, _sets)
ways: tuple[Options, ...] = (_plain, {"inference": "hc3"}, {"inference": "lau-li"}, *ranks)


def few_treated_cases() -> Iterator[tuple[Options, Cell]]:
    """Yield options of `did_few_treated` with the cells in which they are measured.

    Examples
    --------
    >>> options, cell = next(few_treated_cases())
    >>> options, cell.treated, cell.comparison
    ({}, 3, 5)
    """
    yield from ((options, replace(_three, comparison=m)) for options in ways for m in (5, 10, 15))
    harder = [replace(_three, treated_noise=2.0), replace(_three, effect=-0.25)]
    yield from ((options, cell) for options in (_plain, _sets) for cell in harder)
    two = [replace(_three, treated=2, comparison=m) for m in (5, 10, 15)]
    others = [replace(_three, tau=0.0), replace(_three, tau=0.2), replace(_three, rho=0.8), replace(_three, events=6.0)]
    yield from ((_plain, cell) for cell in (*two, *others))
    yield from ((options, cell) for options in (_plain, *ranks) for cell in (_one, replace(_one, treated_noise=2.0)))
