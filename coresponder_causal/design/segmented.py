"""Regressors of one series: its own course, the season, what else is known to have changed, and the programme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import regressors
from coresponder_causal.core.error_models import ErrorFit
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.series_effects import Link, SeriesFit, Single
from coresponder_causal.design import known_events
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]
Season = Literal[0, 1, 2, 3, 4, 5, 6, "dummies"]
few_before, long_after = 12, 24


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """Regressors by name.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    names : tuple of str
    programme : dict of str to int
        Columns of the programme: ``level_change`` and, where the slope may change, ``slope_change``.
    """

    matrix: Array
    names: tuple[str, ...]
    programme: dict[str, int]

    @property
    def without(self) -> Array:
        """The matrix with the programme taken out, shape (n, k)."""
        kept = np.ones(len(self.names))
        kept[list(self.programme.values())] = 0.0
        return self.matrix * kept

    @property
    def named(self) -> dict[str, Array]:
        """The programme's columns as contrasts of the coefficients, shape (k,) each."""
        return {name: np.eye(len(self.names))[column] for name, column in self.programme.items()}

    def fitted(self, found: ErrorFit, *, link: Link, noise: Callable[[Single], Single] | None = None) -> SeriesFit:
        """State a fit of these regressors as the report of a method takes it."""
        return SeriesFit(
            matrix=self.matrix,
            without=self.without,
            beta=found.beta,
            vcov=found.vcov,
            df=found.df,
            link=link,
            named=self.named,
            record=found.record,
            noise=noise,
        )


def segmented(d: SeriesDesign, *, slope_change: bool, season: Season = 2, trend: bool = True) -> Segmented:
    """Regressors of a segmented regression, refused by name where others absorb them.

    Parameters
    ----------
    d : SeriesDesign
    slope_change : bool
        Whether the slope may change at the start.
    season : {0, ..., 6, "dummies"}
        Pairs of seasonal terms, or a level for every period of the year.
    trend : bool
        Whether the course before the start has a slope.

    Returns
    -------
    Segmented
        Constant; trend in periods since the start, so that ``level_change`` is the change at the start; the dose;
        ``slope_change``; season; a step at each change of recording; share of holidays; a step in the pandemic's first
        months; controls less their means.

    Raises
    ------
    EstimationError
        Naming the columns that are combinations of those before them; a season of dummies whose year is not a whole
        number of periods.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"t": range(24), "y": range(24)})
    >>> d = SeriesDesign.from_frame(frame, outcome="y", time="t", start=12, breaks=[6])
    >>> segmented(d, slope_change=False).names
    ('constant', 'trend', 'level_change', 'break 6')
    """
    since = d.positions - d.start_position
    pairs = [("constant", np.ones(len(since))), *([("trend", since)] if trend else []), ("level_change", d.dose)]
    programme = {"level_change": len(pairs) - 1}
    if slope_change:
        programme["slope_change"] = len(pairs)
        pairs.append(("slope_change", np.maximum(since, 0.0)))
    pairs += [(f"season {i + 1}", column) for i, column in enumerate(_season(d, season).T)]
    pairs += _events(d)
    controls = d.control_values()
    pairs += zip(d.controls, (controls - controls.mean(axis=0)).T, strict=True)
    names, columns = zip(*pairs, strict=True)
    matrix = np.column_stack(columns)
    regressors.require_full_rank(matrix, names)
    return Segmented(matrix, names, programme)


def slope_may_change(d: SeriesDesign, asked: bool | None) -> bool:
    """Whether the slope may change: as asked, else where 24 or more periods follow the start.

    What periods as few as these cannot tell apart is said as a doubt.

    Examples
    --------
    >>> import pandas as pd
    >>> d = SeriesDesign.from_frame(pd.DataFrame({"t": range(48), "y": range(48)}), outcome="y", time="t", start=24)
    >>> slope_may_change(d, None), slope_may_change(d, False)
    (True, False)
    """
    sloped = d.n_after >= long_after if asked is None else asked
    if d.n_before < few_before:
        doubt(f"{d.n_before} periods before the start: season and trend can hardly be told from the change")
    if sloped and d.n_after < long_after:
        doubt(f"{d.n_after} periods after the start: a change of slope is hardly told from a change of level")
    return sloped


def _season(d: SeriesDesign, season: Season) -> Array:
    """Columns of the season, shape (n, q)."""
    if season != "dummies":
        return regressors.harmonics(d.positions, d.season, season)
    if d.season is None or d.season != round(d.season):
        length = "no season" if d.season is None else f"a year of {d.season:g} {d.period_name}"
        raise EstimationError(
            f"a level for every period of the year needs a whole number of them, and the series has {length}",
            mend="give harmonics= a number of pairs",
        )
    return np.asarray((d.positions[:, None] % d.season == np.arange(1, d.season)).astype(float))


def _events(d: SeriesDesign) -> Iterator[tuple[str, Array]]:
    """Columns of what is known to have happened besides, those that vary among the rows at hand."""
    found = [(f"break {d.label(position)}", (d.positions >= position).astype(float)) for position in d.breaks]
    found.append(("holidays", known_events.holiday_share(d.axis, d.holidays)))
    if d.covid == "pulse":
        found.append(("March to June 2020", known_events.pandemic_share(d.axis)))
    else:
        known_events.say_pandemic_kept(d.axis)
    return ((name, column) for name, column in found if np.ptp(column) > 0)
