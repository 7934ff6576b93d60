"""One or a few treated cities among others as log rates, each with a start of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.design.one_treated import after_start, common_counts, common_exposure
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
most_named = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FewTreated:
    """The periods that all cities of a panel have, the treated cities first, by their start.

    Parameters
    ----------
    cities : list of str, length k + m
    counts : DataFrame, T rows
        Events by position and city.
    exposure, rates : ndarray, shape (T, k + m)
        Denominators, and log(max(count, ½) / denominator).
    dose : ndarray, shape (T, k)
        Of each treated city.
    after : ndarray of bool, shape (T, k)
        Periods from each treated city's start on.
    estimand : Estimand
        The mean effect in the treated cities after their starts, on the ratio of rates.
    """

    cities: list[str]
    counts: pd.DataFrame
    exposure: Array
    rates: Array
    dose: Array
    after: NDArray[np.bool_]
    estimand: Estimand

    @property
    def k(self) -> int:
        """Number of treated cities."""
        return int(self.dose.shape[1])

    @property
    def together(self) -> list[int]:
        """How many treated cities start at each date, in their order."""
        return list(Counter((~self.after).sum(axis=0).tolist()).values())

    @property
    def name(self) -> str:
        """The treated cities in words."""
        return self.estimand.population

    @property
    def positions(self) -> Array:
        """Integer positions of the periods as floats, shape (T,)."""
        return self.counts.index.to_numpy(float)

    @property
    def pooled(self) -> Array:
        """Log rates with the treated cities' mean in their place, shape (T, 1 + m)."""
        return np.column_stack([self.rates[:, : self.k].mean(axis=1), self.rates[:, self.k :]])

    @property
    def events(self) -> Array:
        """Counts of the treated cities, shape (T, k)."""
        return self.counts.iloc[:, : self.k].to_numpy()

    @property
    def pooled_events(self) -> Array:
        """Events in all periods, those of the treated cities together; shape (1 + m,)."""
        return np.append(self.events.sum(), self.counts.iloc[:, self.k :].to_numpy().sum(axis=0))

    @property
    def support(self) -> pd.DataFrame:
        """What stands behind the one term of a result, the mean change after the starts."""
        events = self.events[self.after].sum()
        return pd.DataFrame({"term": ["mean_post"], "persons": np.nan, "events": events, "units": len(self.cities)})


def few_treated(d: PanelDesign) -> FewTreated:
    """Read the treated cities and their comparison cities off a panel.

    Parameters
    ----------
    d : PanelDesign

    Returns
    -------
    FewTreated

    Raises
    ------
    DesignError
        When the periods common to all cities do not span every start; when a count is negative.
    EstimationError
        When a city has no events in more than 5 % of its periods.

    Examples
    --------
    >>> frame = pd.DataFrame([(c, t, 20 + t) for c in "ABC" for t in range(5)], columns=["city", "t", "calls"])
    >>> d = PanelDesign.from_frame(frame.assign(first=frame["city"].map({"A": 3, "B": 2})), outcome="calls",
    ...                            unit="city", time="t", cohort="first")
    >>> found = few_treated(d)
    >>> found.cities, found.dose.T.tolist(), found.together
    (['B', 'A', 'C'], [[0.0, 0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0, 1.0]], [1, 1])
    """
    treated = sorted(d.treated_units, key=lambda city: (d.cohort[city], str(city)))
    counts = common_counts(d, [*treated, *d.comparison_units])
    positions, exposure = counts.index.to_numpy(), common_exposure(d, counts)
    after = np.column_stack([after_start(d, positions, int(d.cohort[city])) for city in treated])
    apart = d.cohort[treated].nunique() > 1
    return FewTreated(
        cities=[*treated, *d.comparison_units],
        counts=counts,
        exposure=exposure,
        rates=log_rate(counts.to_numpy(), exposure),
        dose=np.column_stack([d.dose_of(city, positions) for city in treated]),
        after=after,
        estimand=Estimand(
            contrast="ATT",
            outcome=str(d.outcome),
            treatment=d.treatment,
            population=named(treated),
            horizon=f"{numbers_after(after)} {d.period_name} from {'the start of each on' if apart else d.start}",
            scale="ratio of rates",
        ),
    )


def named(cities: list[str]) -> str:
    """Name a few cities, and say how many there are where there are more."""
    if len(cities) > most_named:
        return f"{len(cities)} cities"
    return " and ".join(filter(None, [", ".join(map(str, cities[:-1])), str(cities[-1])]))


def numbers_after(after: NDArray[np.bool_]) -> str:
    """Say how many periods follow the starts, by column."""
    least, most = (int(end(after.sum(axis=0))) for end in (np.min, np.max))
    return f"{most}" if least == most else f"{least} to {most}"
