"""Whether the days on which the team was absent were like the days around them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import interval, p_value, wald_test
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.verdict import CheckResult, as_change, in_units, judged, not_applicable
from coresponder_causal.design.coverage import CoverageDesign

Array = NDArray[np.float64]
name = "absences"
assumption = "Planned shifts that were not delivered are as good as chance: the days before an absence are like others."
reach, few = 3, 10


def absences(result: Result, design: CoverageDesign) -> CheckResult:
    """Follow the outcome through the days around an absence of the team.

    Parameters
    ----------
    result : Result
        The estimate to be checked: the check must be able to see, over the days before an absence, a change as large
        as its first term.
    design : CoverageDesign
        Formed of calls, with delivered hours in its schedule.

    Returns
    -------
    CheckResult
        Contradicts when the three days before an absence differ from days without one near, at 5 % (joint F test).
        Its table has one row per day: ``day`` (−3 … 3 from the absence; 0 is the absence itself), ``calls, estimate,
        std_error, df, conf_low, conf_high, p_value``. With fewer than ten absences it cannot tell.

    Notes
    -----
    The calls are those received in planned hours of the treated city from the start on, per call, hours of the week and
    months taken out; errors are clustered by week (CR2). Shifts delivered in part count as delivered.

    Examples
    --------
    >>> from coresponder_causal.core.notes import quietly
    >>> from coresponder_causal.estimate import call_coverage
    >>> from coresponder_causal.simulate import WorldConfig, world
    >>> w = world("west_sac_like", seed=4, config=WorldConfig(n_comparison=5, monthly_calls=60))
    >>> d = CoverageDesign.from_tables(
    ...     w.tables["calls"], w.tables["schedule"], outcome="report_filed", start="2020-07-15", exposure="calls")
    >>> with quietly():
    ...     result = call_coverage(d)
    >>> absences(result, d).table["day"].tolist()
    [-3, -2, -1, 0, 1, 2, 3]
    """
    calls = design.calls
    if calls is None or design.outcome not in calls:
        return not_applicable(name, assumption, "The design holds no calls with the outcome one by one.")
    kept = design.shifts().assign(day=lambda shifts: shifts["shift_start"].dt.normalize())
    known = kept.dropna(subset="absent")
    absent = pd.DatetimeIndex(known.loc[known.groupby("day")["absent"].transform("all").astype(bool), "day"].unique())
    used = _in_planned_shifts(calls, kept, design)
    here = absent.intersection(pd.DatetimeIndex(used["shift_day"]))
    if here.empty:
        return not_applicable(name, assumption, "No planned shift of the time looked at was absent.")
    try:
        table, leads = _fitted(used, str(design.outcome), absent)
    except EstimationError as error:
        return not_applicable(name, assumption, f"It cannot be fitted: {error.what}.")
    return _judged(result, table, leads, days=len(here), mean=float(used[str(design.outcome)].mean()))


def _in_planned_shifts(calls: pd.DataFrame, kept: pd.DataFrame, d: CoverageDesign) -> pd.DataFrame:
    """Keep calls with the outcome received in planned shifts whose delivery is known, with the day of the shift."""
    mine = calls[calls["planned"] & calls["after"] & calls[str(d.outcome)].notna()]
    place = np.searchsorted(kept["shift_start"].to_numpy(), mine["received_at"].to_numpy(), side="right") - 1
    known = kept["absent"].notna().to_numpy(bool)[place]
    return mine.assign(shift_day=kept["day"].to_numpy()[place])[known].reset_index(drop=True)


def _fitted(used: pd.DataFrame, outcome: str, absent: pd.DatetimeIndex) -> tuple[pd.DataFrame, Array]:
    """Least squares on the days around absences, hours of the week and months; and the covariance of its days."""
    days = np.arange(-reach, reach + 1)
    around = np.column_stack([used["shift_day"].isin(absent + pd.Timedelta(days=int(day))) for day in days])
    hours = pd.get_dummies(used["hour_of_week"], dtype=float).to_numpy()
    months = pd.get_dummies(used["month"], drop_first=True, dtype=float).to_numpy()
    X, y = np.hstack([around.astype(float), hours, months]), used[outcome].to_numpy(float)
    beta, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    if rank < X.shape[1]:
        raise EstimationError("the days around absences cannot be told from hours and months", mend="bring more shifts")
    vcov = clustered(X, y - X @ beta, used["week"], kind="CR2")[: len(days), : len(days)]
    estimate, std_error, df = beta[: len(days)], np.sqrt(np.diag(vcov)), float(used["week"].nunique() - 1)
    low, high = interval(estimate, std_error, df)
    table = pd.DataFrame({"day": days, "calls": around.sum(axis=0), "estimate": estimate, "std_error": std_error})
    table = table.assign(df=df, conf_low=low, conf_high=high, p_value=p_value(estimate / std_error, df))
    return table, np.asarray(vcov[:reach, :reach])


def _judged(result: Result, table: pd.DataFrame, leads: Array, *, days: int, mean: float) -> CheckResult:
    """Joint test of the days before, the verdict and its sentence."""
    before, df = table["estimate"].to_numpy(float)[:reach], float(table["df"].iloc[0])
    joint = wald_test(before, leads, df)
    sought = in_units(float(result.estimate[0]), result.scale, mean)
    able = float(power_of(sought, float(np.sqrt(leads.mean())), df))
    on_the_day = float(table["estimate"].iloc[reach])
    sentence = (
        f"On the {reach} days before an absence the outcome per call in planned hours differed by "
        f"{as_change(float(before.mean()), 'difference')} on average (joint p {joint.p_value:.3f}), on the {days} days "
        f"of absence by {as_change(on_the_day, 'difference')}; a difference as large as the estimate on the days "
        f"before would be seen with probability {able:.2f}."
    )
    enough = days >= few
    if not enough:
        sentence += f" With fewer than {few} absences this tells little."
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=joint.p_value < 0.05, power=able) if enough else "cannot tell",
        power=able,
        table=table,
        support=table[["calls"]],
        sentence=sentence,
    )
