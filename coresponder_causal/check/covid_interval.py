"""How far the estimate hangs on what is done with the months of the pandemic."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pandas as pd

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.left_out import furthest
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, as_change, not_applicable
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.design.known_events import positions_within, whole_pandemic

name = "covid_interval"
assumption = "The estimate does not hang on what is done with the months of the pandemic."
first_wave = ("2020-03-01", "2020-06-30")
Make: TypeAlias = Callable[[], SeriesDesign | PanelDesign]


def covid_interval(
    result: Result,
    design: SeriesDesign | PanelDesign,
    *,
    mobility: str | None = None,
    control_outcome: str | None = None,
) -> CheckResult:
    """Estimate again with the months of the pandemic treated in other ways, stated beforehand.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : the design it was made from
    mobility : str, optional
        Column of the design's frame that followed the pandemic, e.g. an index of mobility: it enters as a control.
    control_outcome : str, optional
        Column of events that the pandemic touched and the programme cannot: the outcome is taken per such event.

    Returns
    -------
    CheckResult
        Contradicts when the 95 % interval of one specification leaves out the estimate; cannot tell when one moves the
        estimate by more than half of it, on its own scale, or turns its sign. ``table``: the estimate as given, without
        March to June 2020, without March 2020 to June 2021, with mobility, against the control outcome; ``why`` says
        what was not run. The range of the estimates is the COVID specification interval.

    References
    ----------
    Simonsohn, Simmons & Nelson (2020), doi:10.1038/s41562-020-0912-z (specifications stated side by side).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> months = pd.period_range("2017-01", periods=72, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": rng.poisson(180, 72)})
    >>> from coresponder_causal.estimate import its_segmented
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> covid_interval(its_segmented(d), d).table["estimate"].notna().tolist()
    [True, True, True, False, False]
    """
    wave, pandemic = positions_within(design.axis, first_wave), positions_within(design.axis, whole_pandemic)
    if not len(pandemic):
        return not_applicable(name, assumption, "No period of the data is known to lie in the pandemic.")
    specifications: dict[str, Make] = {
        "without March to June 2020": lambda: design.without_periods(wave),
        "without March 2020 to June 2021": lambda: design.without_periods(pandemic),
        f"with {mobility or 'mobility'} as a control": lambda: _controlled(design, mobility),
        f"against {control_outcome or 'a control outcome'}": lambda: _relative(result, design, control_outcome),
    }
    rows = [_row("as given", result), *(_refitted(result, *item) for item in specifications.items())]
    table = pd.DataFrame(rows)
    moved = _moved(table)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=_verdict(table[table["estimate"].notna()], moved),
        power=None,
        table=table,
        sentence=_sentence(table, moved, result.scale),
        moves=furthest(result, table["estimate"]),
    )


def _controlled(design: SeriesDesign | PanelDesign, mobility: str | None) -> SeriesDesign:
    if mobility is None:
        raise DesignError("no series was named", mend="give mobility=")
    if not isinstance(design, SeriesDesign):
        raise DesignError("a comparison of cities takes no control in time", mend="take a SeriesDesign")
    return design.with_control(mobility)


def _relative(
    result: Result, design: SeriesDesign | PanelDesign, control_outcome: str | None
) -> SeriesDesign | PanelDesign:
    if control_outcome is None:
        raise DesignError("no series was named", mend="give control_outcome=")
    if result.scale != "log_ratio":
        raise DesignError("a gap to another outcome needs logs", mend="use link='log'")
    return design.with_exposure(control_outcome)


def _refitted(result: Result, specification: str, make: Make) -> dict[str, object]:
    options: dict[str, object] = {"horizons": ()}
    if "slope_change" in result.extra:
        options["slope_change"] = bool(result.extra["slope_change"])
    try:
        return _row(specification, refit(result, make(), options=options))
    except (DesignError, EstimationError) as error:
        return {"specification": specification, "why": f"not run: {error.what}"}


def _row(specification: str, fit: Result) -> dict[str, object]:
    first = fit.tidy().iloc[0]
    shown: dict[str, object] = {name: first[name] for name in ("estimate", "std_error", "conf_low", "conf_high")}
    role = "treated" if specification == "as given" else "comparison"
    return {"specification": specification, **shown, "scale": fit.scale, "why": "", "role": role}


def _moved(table: pd.DataFrame) -> list[str]:
    """Specifications that move the estimate by more than half of it, as a turn of its sign does."""
    given = table["estimate"].iloc[0]
    return [*table.loc[(table["estimate"] - given).abs() > abs(given) / 2, "specification"]]


def _verdict(run: pd.DataFrame, moved: list[str]) -> Verdict:
    given = float(run["estimate"].iloc[0])
    if ((run["conf_low"] > given) | (run["conf_high"] < given)).any():
        return "contradicts"
    if len(run) == 1 or moved:
        return "cannot tell"
    return "no contradiction found"


def _sentence(table: pd.DataFrame, moved: list[str], scale: str) -> str:
    run, skipped = table[table["estimate"].notna()], table[table["estimate"].isna()]
    each = "; ".join(f"{row['specification']} {as_change(row['estimate'], scale)}" for _, row in run.iterrows())
    low, high = (as_change(float(end), scale) for end in (run["estimate"].min(), run["estimate"].max()))
    left_out = f" Not run: {', '.join(skipped['specification'])}." if len(skipped) else ""
    hangs = f" The estimate moves by more than half of it {' and '.join(moved)}." if moved else ""
    return f"COVID specification interval: {low} to {high} ({each}).{hangs}{left_out}"
