"""One treated city among others as log rates, with what is doubtful about them said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import few_treated
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import gap_matrix
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
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
    def support(self) -> pd.DataFrame:
        """What stands behind the one term of a result, the mean change after the start."""
        events = self.events[self.after].sum()
        return pd.DataFrame({"term": ["mean_post"], "persons": np.nan, "events": events, "units": len(self.cities)})

    @property
    def events(self) -> Array:
        """Counts of the treated city, shape (T,)."""
        return self.counts.iloc[:, 0].to_numpy()


def one_treated(d: PanelDesign, *, method: str, sparse: bool = False) -> OneTreated:
    """Read one treated city and its comparison cities off a panel.

    Parameters
    ----------
    d : PanelDesign
    method : str
        Name of the estimator that asks, for its messages.
    sparse : bool
        Whether counts are used and not log rates, so that zeros are no matter.

    Returns
    -------
    OneTreated

    Raises
    ------
    DesignError
        Unless exactly one unit is treated; when the periods common to all cities do not span the start; when a count
        is negative.
    EstimationError
        When a city has no events in more than 5 % of its periods.

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
    counts = common_counts(d, cities, sparse=sparse)
    positions = counts.index.to_numpy()
    after, exposure = after_start(d, positions, d.start_position), common_exposure(d, counts)
    return OneTreated(
        cities=cities,
        counts=counts,
        exposure=exposure,
        rates=log_rate(counts.to_numpy(), exposure),
        dose=d.dose_of(treated, positions),
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


def gap_regression(d: PanelDesign, *, method: str, pairs: int) -> SeriesRegression:
    """Regression of the treated city's gap to the comparison cities' mean, behind which a change of it stands.

    Parameters
    ----------
    d : PanelDesign
    method : str
        Name of the estimator that asks.
    pairs : int
        Seasonal harmonics.
    """
    seen = one_treated(d, method=method)
    matrix = gap_matrix(seen.dose, seen.positions, season=d.season, pairs=pairs)
    return SeriesRegression(
        outcome=seen.rates[:, 0] - seen.rates[:, 1:].mean(axis=1),
        matrix=matrix,
        time=seen.positions,
        periods=d.axis.labels(seen.counts.index.to_numpy()),
        start=d.start_position,
        effect=(1,),
        headline=np.eye(matrix.shape[1])[1],
    )


def common_counts(d: PanelDesign, cities: list[str], *, sparse: bool = False) -> pd.DataFrame:
    """Read counts by position and city in the periods that all have; say how many are lost, and what is doubtful."""
    counts = common_values(d, cities)
    _refuse_negative(counts, d)
    if not sparse:
        _say_doubtful(counts, d)
    return counts


def common_values(d: PanelDesign, cities: list[str]) -> pd.DataFrame:
    """Read the outcome by position and city in the periods that all have; say how many are lost."""
    values = d.wide(str(d.outcome))[cities]
    lost = len(np.unique(d.axis.positions)) - len(values)
    if lost:
        doubt(f"{lost} {d.period_name} are not there for every city and were left out of all")
    return values


def common_exposure(d: PanelDesign, counts: pd.DataFrame) -> Array:
    """Read denominators of counts, 1 where the design has none."""
    if d.exposure is None:
        return np.ones(counts.shape)
    return d.wide(d.exposure).loc[counts.index, counts.columns].to_numpy()


def after_start(d: PanelDesign, positions: NDArray[np.int64], start: int) -> NDArray[np.bool_]:
    """Mark the periods from a start on, among those that all cities have."""
    after = positions >= start
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
            f"'{d.outcome}' is zero in more than {100 * most_zeros:.0f} % of the periods in "
            f"{', '.join(map(str, often.index))}",
            mend="use longer periods, or leave those cities out",
        )
    zeros = int((counts == 0).to_numpy().sum())
    if zeros:
        note(f"{zeros} of {counts.size} city-periods without events: half an event was put in their place")
    low = counts.mean()[lambda mean: mean < few_events]
    if len(low):
        doubt(f"fewer than {few_events} events a period in {', '.join(map(str, low.index))}: log rates are biased down")


def beside_changes(result: Result, effects: Array) -> Result:
    """Return a result with what stands beside its first term among the changes of all cities, the treated one first."""
    effect, std_error, df = float(result.estimate[0]), float(np.sqrt(result.vcov[0, 0])), float(result.df[0])
    known = few_treated.beside(effects, estimate=effect, std_error=std_error, df=df)
    return replace(result, extra=Facts(dict(result.extra) | known))
