"""What else is known to have happened to a series: periods left out, changes of recording, holidays, a pandemic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data.periods import Start, TimeAxis, parse_start, share_after
from coresponder_causal.design import columns

Array = NDArray[np.float64]
Pandemic = Literal["none", "drop", "pulse"]
near_start = 2
pandemic = ("2020-03-01", "2020-07-01")  # from the first day on, up to the day before the second
whole_pandemic = ("2020-03-01", "2021-06-30")


class Known(NamedTuple):
    """Rows to be left out, shape (n,); positions of changes of recording; number of holidays by position."""

    left_out: NDArray[np.bool_]
    breaks: tuple[int, ...]
    holidays: tuple[tuple[int, int], ...]


def known(
    axis: TimeAxis,
    problems: Problems,
    start: int,
    whole: int,
    *,
    exclude: Sequence[Start | tuple[Start, Start]],
    breaks: Sequence[Start],
    holidays: Sequence[Start],
    covid: Pandemic,
) -> Known:
    """Place everything on the axis; whatever cannot be placed is raised together with earlier problems.

    Parameters
    ----------
    axis : TimeAxis
    problems : Problems
        Found so far.
    start, whole : int
        Positions of the programme's start, and of the first period to be kept from then on.
    exclude, breaks, holidays, covid
        As `SeriesDesign.from_frame` takes them.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.
    """
    left_out = columns.attempt(lambda: _excluded(axis, exclude), problems)
    positions = columns.attempt(lambda: _steps(axis, breaks, start), problems)
    days = columns.attempt(lambda: _holiday_days(axis, holidays), problems)
    columns.attempt(lambda: _say_pandemic(axis, covid), problems)
    problems.raise_if_any(DesignError)
    assert left_out is not None  # raised above otherwise
    assert positions is not None
    assert days is not None
    left_out |= (axis.positions >= start) & (axis.positions < whole)
    if covid == "drop":
        left_out |= pandemic_share(axis) > 0
    return Known(left_out, positions, days)


def _steps(axis: TimeAxis, breaks: Sequence[Start], start: int) -> tuple[int, ...]:
    """Positions from which recording changed; those that leave no period on one side are named and dropped."""
    if isinstance(breaks, str):
        raise DesignError(f"breaks={breaks!r} is one text", mend=f"give a list: breaks=[{breaks!r}]")
    positions = sorted({_position(axis, value) for value in breaks})
    inside = [p for p in positions if axis.positions.min() < p <= axis.positions.max()]
    if outside := [str(axis.label(p)) for p in positions if p not in inside]:
        note(f"recording changed outside the series, at {', '.join(outside)}: no step is fitted")
    if near := [str(axis.label(p)) for p in inside if abs(p - start) <= near_start]:
        doubt(f"recording changed at {', '.join(near)}, next to the start: the two can hardly be told apart")
    return tuple(inside)


def _excluded(axis: TimeAxis, exclude: Sequence[Start | tuple[Start, Start]]) -> NDArray[np.bool_]:
    """Rows in the periods, or spans of periods, that were asked to be left out, shape (n,)."""
    out = np.zeros(len(axis.positions), bool)
    for item in exclude:
        first, last = item if isinstance(item, (tuple, list)) else (item, item)
        inside = (axis.positions >= _position(axis, first)) & (axis.positions <= _position(axis, last))
        if not inside.any():
            span = f"{axis.label(int(axis.positions.min()))} to {axis.label(int(axis.positions.max()))}"
            raise DesignError(f"exclude={item!r} is no period of the data ({span})", mend="correct exclude=")
        out |= inside
    return out


def _holiday_days(axis: TimeAxis, holidays: Sequence[Start]) -> tuple[tuple[int, int], ...]:
    """Count holidays by position, as pairs; those outside the series are said in a note."""
    if isinstance(holidays, str):
        raise DesignError(f"holidays={holidays!r} is one text", mend=f"give a list: holidays=[{holidays!r}]")
    if holidays and axis.alias is None:
        raise DesignError("holidays fall on dates, and the periods are only numbered", mend="give dates as time")
    inside, number = np.unique([_position(axis, day) for day in holidays], return_counts=True)
    kept = (inside >= axis.positions.min()) & (inside <= axis.positions.max())
    if outside := int(number[~kept].sum()):
        note(f"{outside} of {len(holidays)} holidays lie outside the series")
    return tuple(zip(inside[kept].tolist(), number[kept].tolist(), strict=True))


def holiday_share(axis: TimeAxis, days: Sequence[tuple[int, int]]) -> Array:
    """Share of each row's days that are holidays, shape (n,)."""
    share = np.zeros(len(axis.positions))
    for position, number in days:
        share[axis.positions == position] = number / (axis.period_days(position) or 1)
    return share


def pandemic_share(axis: TimeAxis) -> Array:
    """Share of each row's days from March to June 2020, shape (n,); zero for periods that are only numbered."""
    if axis.alias is None:
        return np.zeros(len(axis.positions))
    first, after = (share_after(axis, day) for day in pandemic)
    return np.asarray(first - after, float)


def say_pandemic_kept(axis: TimeAxis) -> None:
    """Say what of March to June 2020 lies among the rows of one city's series."""
    if axis.alias is None:
        return
    first, after = np.floor(parse_start(pandemic[0], axis)), np.ceil(parse_start(pandemic[1], axis))
    inside = np.unique(axis.positions[(axis.positions >= first) & (axis.positions < after)])
    if not len(inside):
        return
    what = "March to June 2020 lie"
    if len(inside) < after - first:
        listed = ", ".join(map(str, axis.labels(inside[:4]))) + (", …" if len(inside) > 4 else "")
        what = f"{listed} of March to June 2020 lie"
    note(f"{what} in this series like other {axis.plural}: it cannot tell the pandemic from the programme")


def _say_pandemic(axis: TimeAxis, covid: Pandemic) -> None:
    """Refuse a block for the pandemic where it cannot be placed; say what one city's series cannot tell."""
    if covid not in ("drop", "pulse"):
        return
    if not pandemic_share(axis).any():
        raise DesignError(
            f"covid='{covid}', and no period of the data lies in March to June 2020", mend="leave covid= out"
        )
    what = "leaving March to June 2020 out" if covid == "drop" else "a step in March to June 2020 alone"
    doubt(
        f"{what} does not take the pandemic out of one city's series: what lasted of it is counted as the programme's; "
        "compare with other cities"
    )


def say_gaps(positions: NDArray[np.int64], left_out: int) -> None:
    """Say how many periods were left out on request, and how many are missing without one."""
    if left_out:
        note(f"{left_out} periods were left out on request")
    missing = int(positions.max() - positions.min() + 1 - len(positions)) - left_out
    if missing > 0:
        note(f"{missing} periods are missing inside the series; the errors' correlation spans the gaps")


def positions_within(axis: TimeAxis, span: tuple[str, str]) -> list[int]:
    """Positions in the data that a span of days touches; none where periods are only numbered.

    Examples
    --------
    >>> from coresponder_causal.data.periods import parse_time
    >>> len(positions_within(parse_time(["2020-01", "2020-03", "2020-06", "2020-07"]), ("2020-03-01", "2020-06-30")))
    2
    """
    try:
        first, last = (int(np.floor(parse_start(day, axis))) for day in span)
    except DesignError:
        return []
    return [int(place) for place in np.unique(axis.positions) if first <= place <= last]


def _position(axis: TimeAxis, value: Start) -> int:
    """Position of the period that holds a value."""
    return int(np.floor(parse_start(value, axis)))
