"""Whether the finding hangs on when, within a known interval, the programme began; and the effect per hour."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError, DesignError
from coresponder_causal.core.left_out import furthest
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, as_change, not_applicable
from coresponder_causal.data.periods import Start, TimeAxis, parse_start
from coresponder_causal.design import PanelDesign, SeriesDesign

name = "start_range"
assumption = "The finding does not hang on the day, within its known interval, on which the programme began."
hours_more, level = 10.0, 0.05
of_the_table = ("estimate", "std_error", "conf_low", "conf_high", "p_value")


def start_range(
    result: Result,
    design: SeriesDesign | PanelDesign,
    *,
    between: tuple[Start, Start] | None = None,
    hours: str | None = None,
) -> CheckResult:
    """Estimate again with every start that the interval admits, at full dose from then on.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : the design it was made from
    between : pair of dates or periods, optional
        Earliest and latest start. Tried are both, and the beginning of every period between them.
    hours : str, optional
        Column of the treated city's delivered hours a period: estimates are then also given per ten hours a week.

    Returns
    -------
    CheckResult
        Contradicts when one start changes whether the interval excludes no change, or its side; cannot tell when the
        estimate as given lies outside the range by more than a tenth of its standard error; without an interval it
        reports. ``table``: the estimate as given and
        one row a start, with ``hours_a_week`` at full dose and ``per_10_hours`` with its ends, in proportion on the
        scale of the method.

    Notes
    -----
    Where errors may wander, a sharp step that is dated a few periods late is taken for wandering and hardly found: a
    contradiction then says that the day matters, and the picture of the course shows which day the data would choose.

    Raises
    ------
    DesignError
        An interval that is none, a column that is not there or never positive, periods without a length for hours.

    Examples
    --------
    >>> from coresponder_causal.estimate import its_segmented
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> between = ("2019-06-15", "2019-08")
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start_between=between)
    >>> start_range(its_segmented(d), d, between=between).table["start"].tolist()
    ['as given', '2019-06-15', '2019-07', '2019-08']
    """
    if isinstance(design, PanelDesign) and len(design.treated_units) > 1:
        return not_applicable(name, assumption, "It is for one treated city.")
    if between is None and hours is None:
        return not_applicable(name, assumption, "The start is known, and no hours were named.")
    starts = [] if between is None else _starts(design.axis, between)
    options: dict[str, object] = {"horizons": ()}
    if "slope_change" in result.extra:
        options["slope_change"] = bool(result.extra["slope_change"])
    rows = [_row("as given", result, design, hours)]
    try:
        for start in starts:
            made = design.starting(start)
            rows.append(_row(str(start), refit(result, made, options=options), made, hours))
    except CausalError as error:
        return not_applicable(name, assumption, f"The method cannot be fitted with every start: {error.what}.")
    table = pd.DataFrame(rows)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=_verdict(table),
        power=None,
        table=table,
        sentence=_sentence(table, result.scale, hours),
        moves=furthest(result, table["estimate"]),
    )


def _starts(axis: TimeAxis, between: tuple[Start, Start]) -> list[Start]:
    """Both ends of the interval, and the beginning of every period between them."""
    first, last = (parse_start(end, axis) for end in between)
    if not first < last:
        raise DesignError(f"the interval {between[0]} to {between[1]} has no length", mend="give (earliest, latest)")
    inner = range(int(np.floor(first)) + 1, int(np.ceil(last)))
    return [between[0], *(axis.label(position) for position in inner), between[1]]


def _row(start: str, fit: Result, design: SeriesDesign | PanelDesign, hours: str | None) -> dict[str, object]:
    first = fit.tidy().iloc[0]
    numbers = {column: float(first[column]) for column in of_the_table}
    row: dict[str, object] = {"start": start, **numbers, "scale": fit.scale}
    row["role"] = "treated" if start == "as given" else "comparison"
    if hours is None:
        return row
    weekly = _hours_a_week(design, hours)
    share = hours_more / weekly
    ends = (("", "estimate"), ("_low", "conf_low"), ("_high", "conf_high"))
    return row | {"hours_a_week": weekly} | {f"per_10_hours{end}": share * numbers[column] for end, column in ends}


def _hours_a_week(design: SeriesDesign | PanelDesign, column: str) -> float:
    """Delivered hours a week that stand for the full dose: all those delivered over the full weeks they make up."""
    own = np.ones(len(design.source), bool)
    if isinstance(design, PanelDesign):
        own = design.rows(design.treated_units[0])
    if column not in design.source or not design.source.loc[own, column].gt(0).any():
        raise DesignError(f"'{column}' holds no hours of the treated city", mend="name the column of delivered hours")
    positions, dose = design.axis.positions[own], design.dose[own]
    days = [design.axis.period_days(int(position)) for position in positions]
    if None in days:
        raise DesignError("periods that are only numbered have no weeks", mend="give dates as time")
    delivered = design.source.loc[own, column].to_numpy(float)
    weeks = dose * np.array(days, float) / 7
    return float(delivered[dose > 0].sum() / weeks.sum())


def _verdict(table: pd.DataFrame) -> Verdict:
    if len(table) == 1:
        return "reported"
    sides = list(_sides(table))
    if any(side != sides[0] for side in sides[1:]):
        return "contradicts"
    tried, given, near = table["estimate"].iloc[1:], table["estimate"].iloc[0], table["std_error"].iloc[0] / 10
    return "no contradiction found" if tried.min() - near <= given <= tried.max() + near else "cannot tell"


def _sides(table: pd.DataFrame) -> Iterator[float]:
    """Side of no change on which each interval lies; 0 where it holds it."""
    for _, row in table.iterrows():
        yield float(np.sign(row["estimate"])) if row["p_value"] < level else 0.0


def _sentence(table: pd.DataFrame, scale: str, hours: str | None) -> str:
    said = []
    if len(table) > 1:
        tried, given = table.iloc[1:], float(table["estimate"].iloc[0])
        least, most = float(tried["estimate"].min()), float(tried["estimate"].max())
        said.append(
            f"Over {len(tried)} starts from {tried['start'].iloc[0]} to {tried['start'].iloc[-1]} the estimate runs "
            f"from {as_change(least, scale)} to {as_change(most, scale)}; as given it is {as_change(given, scale)}, "
            f"{'inside' if least <= given <= most else 'outside'} that range."
        )
    if hours is not None:
        first = table.iloc[0]
        each = as_change(float(first["per_10_hours"]), scale)
        said.append(
            f"At full dose {first['hours_a_week']:.0f} hours a week: {each} for each ten of them, in proportion."
        )
    return " ".join(said)
