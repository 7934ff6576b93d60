"""The smallest effect that officers in time could show, from what they did before they were exposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import minimum_detectable_effect
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.persistence import persistence
from coresponder_causal.core.two_way import swept
from coresponder_causal.core.two_way_imputation import imputation_weights
from coresponder_causal.design.officer_rows import OfficerRows, officer_rows

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """What a two-sided 5 % test of the mean effect finds four times in five.

    Parameters
    ----------
    effect : float
        In the units of the rate.
    base : float
        The rate before the exposure.
    std_error, df : float
        Standard error expected of the mean effect, and its CR2 degrees of freedom.
    officers : int
        Officers in use.
    icc : float
        Share of the variance between rows that lies between officers.
    rho : float
        Correlation from one period to the next within officers, beyond officer and period effects.
    """

    effect: float
    base: float
    std_error: float
    df: float
    officers: int
    icc: float
    rho: float

    def words(self) -> str:
        """Return it in words."""
        share = f", {100 * self.effect / self.base:.0f} % of {self.base:.3g} before" if self.base > 0 else ""
        return (
            f"with {self.officers} officers the smallest effect found four times in five is {self.effect:.3g}{share} "
            f"(df {self.df:.1f}; {100 * self.icc:.0f} % of the variance lies between officers)"
        )


def detectable_of(d: OfficerDesign) -> Detectable:
    """Compute the smallest detectable effect from unexposed rows alone, so that it can be known before any estimate.

    Parameters
    ----------
    d : OfficerDesign

    Returns
    -------
    Detectable
        (t_.975 + t_.8) √(v'Σv), v the weights of the imputation estimator. Σ has the residual variance of unexposed
        rows and a correlation of ρ^|s − t| within officers, ρ the residuals' correlation at lag one with 1/T added for
        the fitted officer effects. The degrees of freedom are those of CR2.

    References
    ----------
    Bloom (1995), doi:10.1177/0193841X9501900504; Burlig, Preonas & Woerman (2020), doi:10.1016/j.jdeveco.2020.102458,
    on correlation within units.
    """
    with quietly(), collecting():
        rows = officer_rows(d)
    y, w, unit = d.rate()[rows.kept], rows.two_way.weight, rows.two_way.unit
    targets = rows.mean_over(rows.exposed[:, None])
    weights = imputation_weights(rows.two_way, ~rows.exposed, targets)
    df = float(rows.sums(weights, y, rows.exposed[:, None].astype(float)).df[0])
    before = ~rows.exposed
    left = swept(y[before, None], unit=unit[before], effect=rows.two_way.period[before], weight=w[before])[:, 0]
    spare = before.sum() - rows.officers - len(np.unique(rows.two_way.period[before])) + 1
    variance = float(left @ left) / max(int(spare), 1)
    rho = _carried(rows, before, left)
    std_error = np.sqrt(variance * _spread(rows, weights[:, 0] / np.sqrt(w), rho))
    return Detectable(
        effect=minimum_detectable_effect(float(std_error), df),
        base=float(np.average(y[before], weights=w[before])),
        std_error=float(std_error),
        df=df,
        officers=rows.officers,
        icc=_between(y[before], w[before], unit[before], variance),
        rho=rho,
    )


def _carried(rows: OfficerRows, before: NDArray[np.bool_], left: Array) -> float:
    """Correlation of neighbouring residuals within officers, between 0 and .95."""
    unit, period = rows.two_way.unit[before], rows.two_way.period[before]
    order = np.lexsort((period, unit))
    unit, period, left = unit[order], period[order], left[order]
    beside = (np.diff(unit) == 0) & (np.diff(period) == 1)
    if not beside.any() or not left.any():
        return 0.0
    found = float(np.mean(left[1:][beside] * left[:-1][beside]) / np.mean(left**2))
    return float(np.clip(found + len(np.unique(unit)) / len(unit), 0.0, 0.95))


def _spread(rows: OfficerRows, loading: Array, rho: float) -> float:
    """Give v'Rv, R the correlation within officers."""
    spread = 0.0
    for number in np.unique(rows.two_way.unit):
        own = rows.two_way.unit == number
        spread += float(loading[own] @ persistence(rho, rows.two_way.period[own].astype(float)) @ loading[own])
    return spread


def _between(y: Array, w: Array, unit: NDArray[np.int64], within: float) -> float:
    """Share of a row's variance that lies between officers, by the method of moments."""
    total = np.bincount(unit, w)
    seen = total > 0
    means = np.bincount(unit, w * y)[seen] / total[seen]
    between = float(np.cov(means, aweights=total[seen])) - float(np.mean(within / total[seen]))
    of_row = within / float(w.mean())
    return max(between, 0.0) / (max(between, 0.0) + of_row) if of_row > 0 else 1.0
