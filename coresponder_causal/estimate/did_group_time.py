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

Say: In the units first treated in {cohort}, {outcome} changed by {estimate} in {time} against the comparison units
({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.drdid import Method
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.resampling import (
    Multipliers,
    influence_variance,
    multiplier_draws,
    simultaneous_critical_value,
)
from coresponder_causal.core.result import Result
from coresponder_causal.design.adoption import (
    AdoptionRows,
    adoption_estimand,
    adoption_rows,
    last_cohort_compares,
    say_few,
    say_unused,
    starts_before,
)
from coresponder_causal.design.columns import counted
from coresponder_causal.design.group_time import (
    Base,
    Cell,
    CellEffects,
    Control,
    group_time_cells,
    group_time_effects,
)
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]


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
    multipliers: Multipliers = "normal",
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
    multipliers : {"normal", "rademacher", "mammen"}
        Of the bootstrap. With normal ones its draws are drawn from N(0, V) at once, whatever the number of units.
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
    rows = _rows(d, control, anticipation)
    say_unused(d)
    say_few(d, rows)
    _say_levels(rows)
    cells = list(group_time_cells(rows, control, base, anticipation))
    effects = group_time_effects(rows, cells, method, panel=panel)
    _say_lost(effects, d)
    vcov = influence_variance(effects.influence)
    extra = _facts(d, rows, control, base)
    if inference == "bootstrap":
        draws = multiplier_draws(effects.influence, replications=replications, seed=seed, multipliers=multipliers)
        half = simultaneous_critical_value(draws, np.sqrt(np.diag(vcov)), level=level)
        extra |= {"critical_value": half, "band_level": level, "replications": replications}
    terms = _terms(effects.cells, d)
    return Result(
        method="did_group_time",
        estimand=adoption_estimand(d, rows, f"each of {len(rows.periods)} {d.period_name}"),
        terms=terms,
        estimate=effects.att,
        vcov=vcov,
        df=np.full(len(terms), np.inf),
        scale="difference",
        influence=effects.influence,
        support=_support(rows, effects, terms),
        n_obs=len(rows.outcome),
        n_units=len(rows.first),
        extra=Facts(extra),
    )


def _rows(d: PanelDesign, control: Control, anticipation: int) -> AdoptionRows:
    first = starts_before(d, anticipation)
    if control == "never" and not np.isinf(first).any():
        raise EstimationError("no unit is never treated", mend="use control='not_yet'")
    first, end = last_cohort_compares(d, first, anticipation)
    return adoption_rows(d, first, end=end)


def _facts(d: PanelDesign, rows: AdoptionRows, control: Control, base: Base) -> dict[str, object]:
    """Say whose errors the interval allows for, and who is compared."""
    return {
        "interval": "normal, clustered influence functions" if d.cluster else "normal, influence functions",
        "control": control,
        "base": base,
        "cohorts": tuple(str(d.axis.label(int(g))) for g in rows.cohorts),
        "treated_units": int(np.isfinite(rows.first).sum()),
        "untreated_units": int(np.isinf(rows.first).sum()),
    }


def _say_levels(rows: AdoptionRows) -> None:
    if len(rows.outcome) < len(rows.first) * len(rows.periods):
        whole = int((np.bincount(rows.unit) == len(rows.periods)).sum())
        note(f"levels are compared, not changes: {whole} of {len(rows.first)} units have all periods; try those alone")


def _say_lost(effects: CellEffects, d: PanelDesign) -> None:
    """Name the cells that cannot be estimated."""
    named = {why: [_name(cell, d) for cell in cells] for why, cells in effects.lost.items()}
    reasons = "; ".join(f"{', '.join(names[:8])}{', …' * (len(names) > 8)}: {why}" for why, names in named.items())
    if not effects.cells:
        what = f"no group-time effect can be estimated ({reasons or 'there is no period to compare with'})"
        raise EstimationError(what, mend="leave out covariates, or take more units or longer data")
    if named:
        doubt(f"{counted(sum(map(len, named.values())), 'cell')} left out: {reasons}")
    if effects.trimmed:
        note(f"up to {counted(effects.trimmed, 'comparison row')} a cell given no weight: propensity of 0.995 or more")


def _name(cell: Cell, d: PanelDesign) -> str:
    return f"att(g={d.axis.label(cell.cohort)}, t={d.axis.label(cell.time)})"


def _terms(cells: list[Cell], d: PanelDesign) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": d.axis.labels([cell.cohort for cell in cells]),
            "time": d.axis.labels([cell.time for cell in cells]),
            "event_time": np.array([cell.time - cell.cohort for cell in cells], np.int64),
            "term": [_name(cell, d) for cell in cells],
        }
    )


def _support(rows: AdoptionRows, effects: CellEffects, terms: pd.DataFrame) -> pd.DataFrame:
    """Units compared in each cell, and events of the treated ones where the outcome is a count."""
    counts = bool(rows.outcome.min() >= 0 and (rows.outcome == np.round(rows.outcome)).all())
    sums = pd.Series(rows.outcome).groupby([rows.first[rows.unit], rows.period]).sum().to_dict() if counts else {}
    events = [float(sums[cell[:2]]) if counts else np.nan for cell in effects.cells]
    return pd.DataFrame({"term": terms["term"], "persons": np.nan, "events": events, "units": effects.compared})
