"""Group-time effects for units that take up a treatment at different times.

Estimand: ATT(g, t), the mean effect in period t on the units first treated in g (the cohort), for every cohort and
period; cells before g say whether the groups moved together.

Needs: groups that would have moved in parallel, given the covariates, and no effect earlier than `anticipation` allows
(check: pre_period, placebo_dates); comparison units that no treatment touches (register of programmes).

Estimator: for each cell the 2×2 comparison of cohort g with the units never treated, or not yet treated at t, between t
and its base period: the last one before g less `anticipation` for t ≥ g, the one before t for t < g (base "varying"),
always the former with base "universal". Doubly robust by default: E_{wD}[Δy − x'β] − E_{w(1−D)p/(1−p)}[Δy − x'β] with a
logit p and a line β of the comparison units; covariates and weights are those of the base period. An unbalanced panel
and repeated cross-sections compare levels of whoever is there in the two periods.

Inference: influence functions ψ of every cell with all first steps accounted for, variance ψ'ψ/n², or from the sums
within clusters where the design has clusters; normal. Inference "bootstrap" adds the critical value of a joint band
from Rademacher multipliers.

Breaks: with a handful of treated units or clusters the variance is far too small: one treated unit alone has no spread
that could be measured, take did_prediction_interval. With covariates that separate the groups cells are left out, by
name. A treatment that is switched off again has no group-time effects. With base "varying" a cell before the start is
a step from the period before, one from the start on a level against the base period: do not read them as one line.

Reference: Callaway & Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001; Sant'Anna & Zhao 2020,
doi:10.1016/j.jeconom.2020.06.003. Numbers checked against R did 2.5.1 and DRDID 1.2.3; the standard error of "dr" in
repeated cross-sections with covariates differs from theirs, which add the pre-period outcome line's term with the
opposite sign (ours equals the numerical derivative).

Say: In the units first treated in {cohort}, {outcome} changed by {att} in {time} against the comparison units
({interval}).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.drdid import Method, cross_section_effect, independent_columns, panel_effect
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.few_clusters import clustered_size
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.resampling import influence_variance, multiplier_draws, simultaneous_critical_value
from coresponder_causal.core.result import Result
from coresponder_causal.design.columns import counted
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
few_treated = 5
Ints = NDArray[np.int64]
Control = Literal["never", "not_yet"]
Base = Literal["varying", "universal"]


@estimator(
    design=PanelDesign,
    setting="adopters",
    contrasts=("ATT",),
    reference="Callaway & Sant'Anna 2021",
    checked_against="R did 2.5.1, DRDID 1.2.3",
)
def did_group_time(
    d: PanelDesign,
    *,
    control: Control = "never",
    method: Method = "dr",
    base: Base = "varying",
    anticipation: int = 0,
    panel: bool = True,
    inference: Literal["analytic", "bootstrap"] = "analytic",
    replications: int = 999,
    seed: int = 1,
    level: float = 0.95,
) -> Result:
    """Effects by cohort and period.

    Parameters
    ----------
    d : PanelDesign
        With starts by unit; its covariates, weights and cluster are used, its exposure is not.
    control : {"never", "not_yet"}
        Comparison units: never treated, or all not yet treated.
    method : {"dr", "dr_improved", "ipw", "reg"}
        Doubly robust, its improved form, weighting (normalised), outcome regression.
    base : {"varying", "universal"}
        Base period of the cells before the start.
    anticipation : int
        Periods before the start in which the treatment may already act.
    panel : bool
        False: repeated cross-sections, levels are compared instead of changes.
    inference : {"analytic", "bootstrap"}
        "bootstrap" adds ``critical_value`` of a joint band to ``extra``; standard errors stay the analytic ones.
    replications, seed : int
        Of the bootstrap.
    level : float
        Joint level of the band.

    Returns
    -------
    Result
        One row per cell with keys ``cohort, time, event_time``: cells from the start on first, by cohort and time, then
        those before it. The base period itself (universal) is zero by construction and left out. ``influence`` holds
        one row per unit; `aggregate` averages the cells.

    Raises
    ------
    EstimationError
        Without never-treated units for ``control="never"``, or where no cell can be estimated.
    DesignError
        If a unit changes its cluster.

    References
    ----------
    Callaway & Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001, section 2 and theorem 2.

    Examples
    --------
    >>> frame = pd.DataFrame([(u, t) for u in range(12) for t in range(3)], columns=["id", "t"])
    >>> frame["first"] = np.where(frame["id"] < 5, 1, np.nan)
    >>> frame["y"] = frame["id"] ** 2 + frame["id"] % 2 * frame["t"] + 2.0 * (frame["t"] >= frame["first"])
    >>> d = PanelDesign.from_frame(frame, outcome="y", unit="id", time="t", cohort="first")
    >>> did_group_time(d).terms["term"].tolist()
    ['att(g=1, t=1)', 'att(g=1, t=2)']
    """
    if anticipation < 0 or not 0 < level < 1:
        raise EstimationError(
            f"anticipation={anticipation}, level={level}", mend="give anticipation ≥ 0 and a level between 0 and 1"
        )
    rows = _rows(d, control, anticipation, panel)
    _say_what_is_there(d, rows)
    effects = _effects(rows, d, _cells(rows, control, base, anticipation), method)
    influence = _influence(rows, effects)
    vcov = influence_variance(influence)
    extra: dict[str, object] = {
        "interval": "normal, clustered influence functions" if d.cluster else "normal, influence functions",
        "control": control,
        "base": base,
        "cohorts": tuple(str(d.axis.label(int(g))) for g in rows.cohorts),
        "treated_units": int(np.isfinite(rows.first).sum()),
        "untreated_units": int(np.isinf(rows.first).sum()),
    }
    if inference == "bootstrap":
        draws = multiplier_draws(influence, replications=replications, seed=seed)
        half = simultaneous_critical_value(draws, np.sqrt(np.diag(vcov)), level=level)
        extra |= {"critical_value": half, "band_level": level, "replications": replications}
    terms = _terms([effect.cell for effect in effects], d)
    return Result(
        method="did_group_time",
        estimand=_estimand(d, rows),
        terms=terms,
        estimate=np.array([effect.att for effect in effects]),
        vcov=vcov,
        df=np.full(len(effects), np.inf),
        scale="difference",
        influence=influence,
        support=_support(rows, effects, terms),
        n_obs=len(rows.outcome),
        n_units=len(rows.first),
        extra=Facts(extra),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows in use, sorted by unit and period, and their units.

    ``first`` holds the first treated period by unit, inf where a unit is never treated within these rows.
    """

    outcome: Array
    covariates: Array
    weights: Array
    period: Ints
    unit: Ints
    first: Array
    units: pd.Index
    cluster: pd.Index | None
    periods: Ints
    cohorts: Array
    balanced: bool


class _Cell(NamedTuple):
    """Cohort, period, base period; units first treated after ``horizon`` are the comparison."""

    cohort: int
    time: int
    base: int
    horizon: float


class _Effect(NamedTuple):
    """A cell's effect and its influence on the units compared, as one of all units."""

    cell: _Cell
    att: float
    compared: Ints
    influence: Array
    trimmed: int


def _rows(d: PanelDesign, control: Control, anticipation: int, panel: bool) -> _Rows:
    first, end = _starts(d, control, anticipation)
    codes = first.index.get_indexer(pd.Index(d.source[d.unit]))
    used = (codes >= 0) & (d.axis.positions < end)
    there, unit = np.unique(codes[used], return_inverse=True)
    source, period, first = d.source[used], d.axis.positions[used], first.iloc[there]
    periods = np.unique(period)
    return _Rows(
        outcome=source[str(d.outcome)].to_numpy(float),
        covariates=_covariates(source, d.covariates),
        weights=np.ones(len(source)) if d.weights is None else source[d.weights].to_numpy(float),
        period=period,
        unit=unit,
        first=first.to_numpy(float),
        units=first.index.rename(d.unit),
        cluster=None if d.cluster is None else _clusters(source, unit, d.cluster),
        periods=periods,
        cohorts=np.unique(first[np.isfinite(first)]),
        balanced=panel and len(source) == len(there) * len(periods),
    )


def _starts(d: PanelDesign, control: Control, anticipation: int) -> tuple[pd.Series, float]:
    """First treated period by unit that can be used (inf: comparison throughout), and the period before which."""
    first = d.cohort.fillna(np.inf)
    early = first.index[first - anticipation <= d.axis.positions.min()]
    if len(early):
        note(f"{counted(len(early), 'unit')} treated from the first period on, counting anticipation: left out")
        first = first.drop(early)
    if not np.isfinite(first).any():
        raise EstimationError("no treated unit has a period before its start", mend="lower anticipation")
    if np.isinf(first).any():
        return first, np.inf
    if control == "never":
        raise EstimationError("no unit is never treated", mend="use control='not_yet'")
    end = float(first.max()) - anticipation
    when = d.axis.label(int(end))
    note(f"no unit is never treated: the last cohort is the comparison, periods from {when} on are left out")
    return first.where(first < first.max(), np.inf), end


def _covariates(source: pd.DataFrame, names: tuple[str, ...]) -> Array:
    """Covariates that others do not absorb; the absorbed ones are named."""
    values = source[list(names)].to_numpy(float).reshape(len(source), len(names))
    kept = independent_columns(values)
    for j in sorted(set(range(len(names))) - set(kept)):
        note(f"covariate '{names[j]}' is constant or a combination of the others: absorbed")
    return values[:, kept]


def _clusters(source: pd.DataFrame, unit: Ints, name: str) -> pd.Index:
    by_unit = source[name].groupby(unit)
    moving, blank = int((by_unit.nunique(dropna=False) > 1).sum()), int(source[name].isna().sum())
    if moving or blank:
        what = f"'{name}' changes within {counted(moving, 'unit')} and is missing in {counted(blank, 'row')}"
        raise DesignError(what, mend="give each unit one cluster")
    labels: pd.Index = pd.Index(by_unit.first().to_numpy())
    return labels


def _say_what_is_there(d: PanelDesign, rows: _Rows) -> None:
    if d.exposure is not None:
        note(f"exposure '{d.exposure}' is not used: '{d.outcome}' is compared as it is")
    if np.any((d.dose > 0) & (d.dose < 1)):
        note("periods of partial dose count as treated")
    sizes = {str(d.axis.label(int(g))): int(np.sum(rows.first == g)) for g in rows.cohorts}
    few = {cohort: size for cohort, size in sizes.items() if size < few_treated}
    if few:
        measured = clustered_size(min(few.values()), len(rows.first) - sum(sizes.values()) or 1)
        doubt(f"fewer than {few_treated} units are first treated in {', '.join(few)}: {measured}")
    if not rows.balanced and len(rows.outcome) < len(rows.first) * len(rows.periods):
        whole = int((np.bincount(rows.unit) == len(rows.periods)).sum())
        note(f"levels are compared, not changes: {whole} of {len(rows.first)} units have all periods; try those alone")


def _cells(rows: _Rows, control: Control, base: Base, anticipation: int) -> Iterator[_Cell]:
    """Cells in the order of the result: from the start on first, then those before it."""
    pairs = [(int(g), int(t)) for g in rows.cohorts for t in rows.periods]
    for g, t in sorted(pairs, key=lambda pair: (pair[1] < pair[0], pair)):
        before = rows.periods[rows.periods + anticipation < g]
        if t < g and base == "varying":
            before = rows.periods[rows.periods < t]
        if len(before) and before[-1] != t:
            last = int(before[-1])
            yield _Cell(g, t, last, np.finfo(float).max if control == "never" else max(t, last) + anticipation)


def _effects(rows: _Rows, d: PanelDesign, cells: Iterator[_Cell], method: Method) -> list[_Effect]:
    """Effects of the cells; those that cannot be estimated are named and left out."""
    found: list[_Effect] = []
    lost: dict[str, list[str]] = {}
    compare = _changes if rows.balanced else _levels
    for cell in cells:
        try:
            effect = compare(rows, cell, method)
        except EstimationError as error:
            lost.setdefault(error.what, []).append(_name(cell, d))
            continue
        if np.abs(effect.influence).max() > 1e-12 * np.abs(rows.outcome).max():
            found.append(effect)
        else:
            lost.setdefault("no variation within either group, so no standard error", []).append(_name(cell, d))
    reasons = "; ".join(f"{', '.join(names[:8])}{', …' * (len(names) > 8)}: {why}" for why, names in lost.items())
    if not found:
        what = f"no group-time effect can be estimated ({reasons or 'there is no period to compare with'})"
        raise EstimationError(what, mend="leave out covariates, or take more units or longer data")
    if lost:
        doubt(f"{counted(sum(map(len, lost.values())), 'cell')} left out: {reasons}")
    trimmed = max(effect.trimmed for effect in found)
    if trimmed:
        note(f"up to {counted(trimmed, 'comparison row')} a cell given no weight: propensity of 0.995 or more")
    return found


def _changes(rows: _Rows, cell: _Cell, method: Method) -> _Effect:
    """Compare the changes of units, whose rows are a full rectangle."""
    treated = rows.first == cell.cohort
    units = np.flatnonzero(treated | (rows.first > cell.horizon))
    now, then = (units * len(rows.periods) + np.searchsorted(rows.periods, t) for t in (cell.time, cell.base))
    effect = panel_effect(
        rows.outcome[now] - rows.outcome[then],
        treated[units],
        rows.covariates[then],
        weights=rows.weights[then],
        method=method,
    )
    return _Effect(cell, effect.att, units, effect.influence * (len(rows.first) / len(units)), effect.trimmed)


def _levels(rows: _Rows, cell: _Cell, method: Method) -> _Effect:
    """Compare the levels of the rows in the two periods; their influence is summed within units."""
    treated = rows.first == cell.cohort
    chosen = treated | (rows.first > cell.horizon)
    used = chosen[rows.unit] & ((rows.period == cell.time) | (rows.period == cell.base))
    units, place = np.unique(rows.unit[used], return_inverse=True)
    effect = cross_section_effect(
        rows.outcome[used],
        rows.period[used] == cell.time,
        treated[rows.unit[used]],
        rows.covariates[used],
        weights=rows.weights[used],
        method=method,
    )
    influence = np.bincount(place, weights=effect.influence * (len(rows.first) / len(place))).astype(float)
    return _Effect(cell, effect.att, units, influence, effect.trimmed)


def _influence(rows: _Rows, effects: list[_Effect]) -> Influence:
    """Influence of the cells; further columns of ``left`` hold w·1{cohort}: `aggregate` takes the shares from them."""
    from scipy.sparse import csc_array, hstack

    ends = np.cumsum([0, *(len(effect.compared) for effect in effects)])
    psi = np.concatenate([effect.influence for effect in effects])
    who = np.concatenate([effect.compared for effect in effects])
    weights = np.bincount(rows.unit, weights=rows.weights) / np.bincount(rows.unit)
    shares = csc_array(weights[:, None] * (rows.first[:, None] == rows.cohorts))
    left = hstack([csc_array((psi, who, ends), shape=(len(rows.first), len(effects))), shares], format="csc")
    return Influence(left=left, right=np.eye(left.shape[1], len(effects)), unit=rows.units, cluster=rows.cluster)


def _name(cell: _Cell, d: PanelDesign) -> str:
    return f"att(g={d.axis.label(cell.cohort)}, t={d.axis.label(cell.time)})"


def _terms(cells: list[_Cell], d: PanelDesign) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": d.axis.labels([cell.cohort for cell in cells]),
            "time": d.axis.labels([cell.time for cell in cells]),
            "event_time": np.array([cell.time - cell.cohort for cell in cells], np.int64),
            "term": [_name(cell, d) for cell in cells],
        }
    )


def _support(rows: _Rows, effects: list[_Effect], terms: pd.DataFrame) -> pd.DataFrame:
    """Units compared in each cell, and events of the treated ones where the outcome is a count."""
    counts = bool(np.all((rows.outcome >= 0) & (rows.outcome == np.round(rows.outcome))))
    sums = pd.Series(rows.outcome).groupby([rows.first[rows.unit], rows.period]).sum().to_dict()
    events = [float(sums[effect.cell[:2]]) if counts else np.nan for effect in effects]
    units = [len(effect.compared) for effect in effects]
    return pd.DataFrame({"term": terms["term"], "persons": np.nan, "events": events, "units": units})


def _estimand(d: PanelDesign, rows: _Rows) -> Estimand:
    treated = counted(int(np.isfinite(rows.first).sum()), "treated unit")
    return Estimand(
        contrast="ATT",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=f"{treated} in {counted(len(rows.cohorts), 'cohort')}",
        horizon=f"each of {len(rows.periods)} {d.period_name}",
        scale="units of the outcome",
    )
