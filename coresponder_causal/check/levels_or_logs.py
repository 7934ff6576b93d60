"""Whether the finding hangs on comparing log rates and not the rates themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.left_out import furthest
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, not_applicable
from coresponder_causal.design import PanelDesign
from coresponder_causal.design.levels import in_levels

name = "levels_or_logs"
assumption = "Cities would have changed by the same factor, and the finding does not hang on it."
of_counts = ("did_poisson",)
everything = -100.0  # per cent: an interval that does not even rule this out says nothing


def levels_or_logs(result: Result, design: PanelDesign) -> CheckResult:
    """Fit again to rates instead of log rates; both as changes in per cent.

    Parameters
    ----------
    result : Result
        The estimate to be checked, a log ratio of one treated city; its first term is looked at.
    design : PanelDesign
        The design it was made from.

    Returns
    -------
    CheckResult
        Contradicts when one excludes no change on one side and the other on the other side, cannot tell when one alone
        does, or when an interval is infinite or goes down to −100 %. ``table``: change in logs, of what the city would
        have had, and in levels, of its mean before the start.

    Notes
    -----
    Where cities differ in their rates and any of them moves, trends cannot be parallel both in logs and in levels: it
    is for the field, not for the data, to say which.

    References
    ----------
    Roth & Sant'Anna (2023), When is parallel trends sensitive to functional form?, doi:10.3982/ECTA19402.

    Examples
    --------
    >>> from coresponder_causal.estimate import did_prediction_interval
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEFG" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> levels_or_logs(did_prediction_interval(d), d).table["values"].tolist()
    ['logs', 'levels']
    """
    counted = result.method in of_counts or result.extra.get("likelihood") == "poisson"
    if len(design.treated_units) > 1 or result.scale != "log_ratio" or counted:
        return not_applicable(name, assumption, "It is for log rates of one treated city.")
    try:
        level = refit(result, in_levels(design), options={"horizons": ()})
    except CausalError as error:
        return not_applicable(name, assumption, f"The rates themselves cannot be fitted: {error.what}.")
    table = pd.DataFrame([_row("logs", result), _row("levels", level)])
    sides = np.sign(table["change_low"]).where(np.sign(table["change_low"]) == np.sign(table["change_high"]), 0.0)
    useless = ~np.isfinite(table["change_high"]) | (table["change_low"].round(1) <= everything)
    verdict: Verdict = "no contradiction found" if sides.nunique() == 1 and not useless.any() else "cannot tell"
    if set(sides) == {-1.0, 1.0}:
        verdict = "contradicts"
    each = "; ".join(_words(row) for _, row in table.iterrows())
    sentence = (
        f"The change in per cent, from logs and from levels: {each}. Unless cities have the same rates, trends are "
        "parallel in one of the two at most."
    )
    as_logs = np.log1p(np.clip(table["change"].to_numpy(float), everything + 1, None) / 100)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=verdict,
        power=None,
        table=table,
        sentence=sentence,
        moves=furthest(result, as_logs),
    )


def _row(values: str, result: Result) -> dict[str, object]:
    first = result.tidy().iloc[0][["estimate", "conf_low", "conf_high"]].to_numpy(float)
    change, low, high = 100 * (np.expm1(first) if values == "logs" else first)
    return {"values": values, "change": change, "change_low": low, "change_high": high}


def _words(row: pd.Series) -> str:
    said = f"{row['values']} {row['change']:+.1f} % ({row['change_low']:+.1f} to {row['change_high']:+.1f})"
    return said.replace("-", "−")
