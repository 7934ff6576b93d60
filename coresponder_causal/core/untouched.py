"""Several fits where the programme should have changed nothing, judged together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.inference import holm, power
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable


def none_moved(
    fits: Mapping[str, Result],
    failed: Sequence[str],
    *,
    beside: Result,
    place: int,
    check: str,
    assumption: str,
    column: str,
    noun: str,
) -> CheckResult:
    """Verdict on whether any of several estimates excludes no change, after Holm's correction.

    Parameters
    ----------
    fits : mapping of str to Result
        By what was fitted.
    failed : sequence of str
        What could not be fitted, with the reason.
    beside : Result
        The estimate as large as which a change should be seen.
    place : int
        Place of the term looked at.
    check, assumption : str
    column, noun : str
        Head of the table's first column, and a plural word for what was fitted.

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value is below 5 %; its power is that of the median fit to show a
        change as large as the estimate.
    """
    if not fits:
        return not_applicable(check, assumption, f"None could be fitted ({'; '.join(failed)}).")
    table = pd.DataFrame([{column: label} | _numbers(fit, place) for label, fit in fits.items()])
    table["p_holm"] = holm(table["p_value"])
    able = float(np.median(power(float(beside.estimate[place]), table["std_error"], table["df"])))
    moved = int((table["p_holm"] < 0.05).sum())
    changes = "; ".join(
        f"{label} {as_change(float(change), beside.scale)}"
        for label, change in zip(table[column], table["estimate"], strict=True)
    )
    sentence = (
        f"{moved} of {len(table)} {noun} moved at the 5 % level after Holm's correction ({changes}); a "
        f"change as large as the estimate would be seen in one of them with probability {able:.2f}."
        + (f" Not fitted: {'; '.join(failed)}." if failed else "")
    )
    return CheckResult(
        check=check,
        assumption=assumption,
        verdict=judged(rejects=moved > 0, power=able),
        power=able,
        table=table,
        sentence=sentence,
        support=_behind([*fits.values()], place),
    )


def _behind(fits: Collection[Result], place: int) -> pd.DataFrame | None:
    """Support of the same term in every fit; None where one does not say it."""
    supports = [fit.support for fit in fits if fit.support is not None]
    if len(supports) < len(fits):
        return None
    return pd.concat([support.iloc[[place]] for support in supports], ignore_index=True)


def _numbers(fit: Result, place: int) -> dict[str, float]:
    row = fit.tidy().iloc[place]
    shown = {column: float(row[column]) for column in ("estimate", "std_error", "conf_low", "conf_high", "p_value")}
    return shown | {"df": float(fit.df[place])}
