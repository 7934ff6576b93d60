"""One treated city among others as log rates, with what is doubtful about them said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
few_events, most_zeros = 10, 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneTreated:
    """The periods that all cities of a panel have, the treated city first.

    Parameters
    ----------
    cities : list of str, length 1 + m
    counts : DataFrame, T rows
        Events by position and city.
    exposure, rates : ndarray, shape (T, 1 + m)
        Denominators, and log(max(count, ½) / denominator).
    dose : ndarray, shape (T,)
        The treated city's.
    after : ndarray of bool, shape (T,)
        Periods from the start on.
    estimand : Estimand
        The effect in the treated city after the start, on the ratio of its rates.
    """

    cities: list[str]
    counts: pd.DataFrame
    exposure: Array
    rates: Array
    dose: Array
    after: NDArray[np.bool_]
    estimand: Estimand

    @property
    def positions(self) -> Array:
        """Integer positions of the periods as floats, shape (T,)."""
        return self.counts.index.to_numpy(float)

    @property
    def events(self) -> Array:
        """Counts of the treated city, shape (T,)."""
        return self.counts.iloc[:, 0].to_numpy()


def one_treated(d: PanelDesign, *, method: str, logs: bool = True) -> OneTreated:
    """Read one treated city and its comparison cities off a panel.

    Parameters
    ----------
    d : PanelDesign
    method : str
        Name of the estimator that asks, for its messages.
    logs : bool
        Whether it takes log rates; otherwise periods without events do no harm and are not spoken of.

    Returns
    -------
    OneTreated

    Raises
    ------
    DesignError
        Unless exactly one unit is treated; when the periods common to all cities do not span the start; when a count
        is negative.
    EstimationError
        When a city has no events in more than 5 % of its periods and log rates are taken.

    Examples
    --------
    >>> frame = pd.DataFrame([(c, t, 20 + t) for c in "AB" for t in range(4)], columns=["city", "t", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="t", treated="B", start=2)
    >>> found = one_treated(d, method="did_gap")
    >>> found.cities, found.after.tolist(), found.events.tolist()
    (['B', 'A'], [False, False, True, True], [20.0, 21.0, 22.0, 23.0])
    """
    if len(d.treated_units) != 1:
        raise DesignError(
            f"{method} is for one treated city; this design has {len(d.treated_units)}",
            mend="name one treated city and leave the others out",
        )
    treated = d.treated_units[0]
    cities = [treated, *d.comparison_units]
    counts = d.wide(str(d.outcome))[cities]
    positions = counts.index.to_numpy()
    dose, after = d.dose_of(treated, positions), _after(d, positions)
    _refuse_negative(counts, d)
    if logs:
        _say_doubtful(counts, d)
    exposure = _exposure(d, counts)
    return OneTreated(
        cities=cities,
        counts=counts,
        exposure=exposure,
        rates=log_rate(counts.to_numpy(), exposure),
        dose=dose,
        after=after,
        estimand=Estimand(
            contrast="ATT",
            outcome=str(d.outcome),
            treatment=d.treatment,
            population=treated,
            horizon=f"{int(after.sum())} {d.period_name} from {d.start}",
            scale="ratio of rates",
        ),
    )


def _after(d: PanelDesign, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the periods from the start on, among those that all cities have."""
    after = positions >= d.start_position
    lost = len(np.unique(d.axis.positions)) - len(positions)
    if lost:
        doubt(f"{lost} {d.period_name} are not there for every city and were left out of all")
    if after.all() or not after.any():
        raise DesignError(
            f"{len(positions)} {d.period_name} are there for every city, and they lie on one side of the start",
            mend="leave out the cities with short series",
        )
    return np.asarray(after)


def _refuse_negative(counts: pd.DataFrame, d: PanelDesign) -> None:
    negative = int((counts < 0).to_numpy().sum())
    if negative:
        raise DesignError(f"'{d.outcome}' has {negative} negative values", mend="choose a count")


def _say_doubtful(counts: pd.DataFrame, d: PanelDesign) -> None:
    """Say what makes log rates of these counts doubtful, and refuse what makes them nonsense."""
    often = (counts == 0).mean()[lambda share: share > most_zeros]
    if len(often):
        raise EstimationError(
            f"'{d.outcome}' is zero in more than {most_zeros:.0%} of the periods in {', '.join(map(str, often.index))}",
            mend="use longer periods, or leave those cities out",
        )
    zeros = int((counts == 0).to_numpy().sum())
    if zeros:
        note(f"{zeros} of {counts.size} city-periods without events: half an event was put in their place")
    low = counts.mean()[lambda mean: mean < few_events]
    if len(low):
        doubt(f"fewer than {few_events} events a period in {', '.join(map(str, low.index))}: log rates are biased down")


def _exposure(d: PanelDesign, counts: pd.DataFrame) -> Array:
    if d.exposure is None:
        return np.ones(counts.shape)
    return d.wide(d.exposure).loc[counts.index, counts.columns].to_numpy()
