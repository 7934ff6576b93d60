"""Treated units and the units never treated, as courses that a synthetic control can match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.design.few_treated import named, numbers_after
from coresponder_causal.design.one_treated import after_start, common_counts, common_exposure, common_values
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
fewest_others, fewest_before = 3, 4


class Cohort(NamedTuple):
    """Treated units that start together: their columns, periods before the start, and their mean dose, shape (T,)."""

    columns: NDArray[np.int64]
    before: Mask
    dose: Array
    start: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticPanel:
    """The periods that all units of a panel have, the treated first, by their start.

    Parameters
    ----------
    units : list of str, length k + m
    outcome : DataFrame, T rows
        By position and unit, as it was recorded.
    values : ndarray, shape (T, k + m)
        Log rates; or the outcome, per exposure times the treated units' mean exposure.
    cohorts : tuple of Cohort
    log : bool
        Whether ``values`` are log rates.
    estimand : Estimand
    """

    units: list[str]
    outcome: pd.DataFrame
    values: Array
    cohorts: tuple[Cohort, ...]
    log: bool
    estimand: Estimand

    @property
    def k(self) -> int:
        """Number of treated units."""
        return sum(len(cohort.columns) for cohort in self.cohorts)

    @property
    def m(self) -> int:
        """Number of units never treated."""
        return len(self.units) - self.k

    @property
    def positions(self) -> Array:
        """Integer positions of the periods as floats, shape (T,)."""
        return self.outcome.index.to_numpy(float)

    @property
    def counts(self) -> bool:
        """Whether the outcome counts events."""
        values = self.outcome.to_numpy()
        return bool(np.all((values >= 0) & (values == np.round(values))))


def synthetic_panel(
    d: PanelDesign, *, method: str, log: bool, single: bool = False, predictors: tuple[str, ...] = ()
) -> SyntheticPanel:
    """Read the units off a panel.

    Parameters
    ----------
    d : PanelDesign
    method : str
        Name of the estimator that asks, for its messages.
    log : bool
        Whether log rates are compared.
    single : bool
        Whether exactly one unit may be treated.
    predictors : tuple of str
        Columns that are matched; of the design's other covariates it is said that they are not.

    Returns
    -------
    SyntheticPanel

    Raises
    ------
    DesignError
        When several units are treated where one may be; when the periods common to all do not span every start; when
        log rates are asked of negative values.
    EstimationError
        With fewer than three units never treated or four periods before a start; of log rates, when a unit has no
        events in more than 5 % of its periods.

    Examples
    --------
    >>> frame = pd.DataFrame([(c, t, 20 + t) for c in "ABCD" for t in range(6)], columns=["city", "t", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="t", treated="B", start=4)
    >>> found = synthetic_panel(d, method="synth_control", log=False)
    >>> found.units, found.values[:, 0].tolist(), found.cohorts[0].before.sum()
    (['B', 'A', 'C', 'D'], [20.0, 21.0, 22.0, 23.0, 24.0, 25.0], np.int64(4))
    """
    if single and len(d.treated_units) != 1:
        raise DesignError(
            f"{method} is for one treated unit; this design has {len(d.treated_units)}",
            mend="name one and leave the others out, or take synth_did, which averages over several",
        )
    treated = sorted(d.treated_units, key=lambda unit: (d.cohort[unit], str(unit)))
    units = [*treated, *d.comparison_units]
    if len(units) - len(treated) < fewest_others:
        raise EstimationError(
            f"{len(units) - len(treated)} units without treatment, of which {fewest_others} are needed",
            mend="bring more comparison units",
        )
    outcome = common_counts(d, units) if log else common_values(d, units)
    positions, exposure = outcome.index.to_numpy(), common_exposure(d, outcome)
    cohorts = tuple(_cohorts(d, treated, positions))
    values = log_rate(outcome.to_numpy(), exposure) if log else outcome.to_numpy() / exposure
    if not log and d.exposure is not None:
        own = cohorts[0]
        values = values * exposure[own.before][:, own.columns].mean()
    _say_doubtful(d, cohorts, len(units) - len(treated))
    unused = [name for name in d.covariates if name not in predictors]
    if unused:
        note(f"covariates that are not adjusted for: {', '.join(unused)}")
    after = np.column_stack([~cohort.before for cohort in cohorts])
    return SyntheticPanel(
        units=units,
        outcome=outcome,
        values=values,
        cohorts=cohorts,
        log=log,
        estimand=Estimand(
            contrast="ATT",
            outcome=str(d.outcome),
            treatment=d.treatment,
            population=named(treated),
            horizon=f"{numbers_after(after)} {d.period_name} from "
            f"{'the start of each on' if len(cohorts) > 1 else d.start}",
            scale="ratio of rates" if log else f"{outcome_unit(d)}, difference",
        ),
    )


def outcome_unit(d: PanelDesign) -> str:
    """Name the unit of differences of the outcome."""
    return f"{d.outcome} a {d.period_name[:-1]}"


def predictor_means(d: PanelDesign, panel: SyntheticPanel, predictors: tuple[str, ...]) -> Array:
    """Means of predictors before the start, shape (predictors, units).

    Raises
    ------
    DesignError
        Listing columns that are not in the frame, are not numbers, or are not known of some unit before the start.
    """
    (cohort,) = panel.cohorts
    early = np.isin(d.axis.positions, panel.positions[cohort.before])
    problems, rows = Problems("predictors"), []
    for name in predictors:
        if name not in d.source or not pd.api.types.is_numeric_dtype(d.source[name]):
            problems.add(f"'{name}' is no column of numbers of the design's frame", mend="correct predictors=")
            continue
        means = d.source[early].groupby(d.unit)[name].mean().reindex(panel.units)
        if means.isna().any():
            unknown = ", ".join(map(str, means.index[means.isna()][:5]))
            problems.add(f"'{name}' is not known of {unknown} before the start", mend="leave it or them out")
        rows.append(means.to_numpy(float))
    problems.raise_if_any(DesignError)
    return np.array(rows)


def _cohorts(d: PanelDesign, treated: list[str], positions: NDArray[np.int64]) -> list[Cohort]:
    starts = np.array([int(d.cohort[unit]) for unit in treated])
    found = []
    for start in np.unique(starts):
        columns = np.flatnonzero(starts == start)
        before = ~after_start(d, positions, int(start))
        if before.sum() < fewest_before:
            raise EstimationError(
                f"{int(before.sum())} {d.period_name} before a start, of which {fewest_before} are needed",
                mend="bring a longer time before it",
            )
        dose = np.mean([d.dose_of(treated[column], positions) for column in columns], axis=0)
        if not (dose[~before] > 0).any():
            raise EstimationError("a treated unit has no dose after its start", mend="bring a longer time after it")
        found.append(Cohort(columns, before, dose, int(start)))
    return found


def _say_doubtful(d: PanelDesign, cohorts: tuple[Cohort, ...], m: int) -> None:
    shortest = min(int(cohort.before.sum()) for cohort in cohorts)
    if shortest < m:
        doubt(f"{shortest} {d.period_name} before the start and {m} donors: weights can match noise")
