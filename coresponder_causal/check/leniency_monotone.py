"""Whether a call taker who brings the team more often brings it to every kind of call, and changes nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import holm, p_value, wald_test
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.core.two_stage import swept
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design.call_instrument import CallInstrumentDesign

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
name = "leniency_monotone"
assumption = "Who brings the team more often brings it to every kind of call, and changes outcomes through it alone."
least_calls, shape = 100, 3  # calls of a group that is looked at; terms of the curve


class _Test(NamedTuple):
    """One test: of what, with which estimate, error and degrees of freedom."""

    what: str
    estimate: float
    std_error: float
    df: float
    p_value: float


def leniency_monotone(result: Result, design: CallInstrumentDesign) -> CheckResult:
    """Test the sign of the first stage by kind of call, and the fit and the slope of outcomes over leniency.

    Parameters
    ----------
    result : Result
        Of ``call_iv``: it holds the first stage.
    design : CallInstrumentDesign
        With the instrument ``call_taker``.

    Returns
    -------
    CheckResult
        Contradicts when, after Holm's correction at 5 %, in some kind of call the team came less often with takers who
        bring it more often to calls of other kinds; or the takers' mean outcomes scatter about a quadratic curve of
        their leniency by more than chance; or that curve is steeper at an end than outcomes range, which an effect of
        the team alone cannot make it. Its table has one row for each: ``what, estimate, std_error, p_value, p_holm``;
        of the scatter the estimate is F. Kinds are the levels of a covariate, or the calls above and up to its median,
        where there are 100 calls or more. Its power is that of the median kind to show a slope as large as the first
        stage with the other sign.

    References
    ----------
    Frandsen, Lefgren & Leslie (2023), doi:10.1257/aer.20201860.

    Examples
    --------
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> from coresponder_causal.estimate import call_iv
    >>> calls = call_table(np.random.default_rng(1), takers="chance")
    >>> d = CallInstrumentDesign.from_tables(
    ...     calls, shifts(), outcome="arrest", start=start.date(), instrument="call_taker", covariates=["severity"]
    ... )
    >>> leniency_monotone(call_iv(d), d).table["what"].tolist()[:3]
    ['severity above its median', 'severity up to its median', 'scatter of outcomes']
    """
    if design.instrument != "call_taker":
        return not_applicable(name, assumption, "The instrument is not who took the call.")
    y, d = design.calls.outcome_values(), design.calls.treated.astype(float)
    takers = design.timing["call_taker"].to_numpy(np.int64)
    if takers.max() + 1 <= shape:
        return not_applicable(name, assumption, f"{takers.max() + 1} call takers cannot show a curve.")
    left, spent = swept(np.column_stack([y, d]), strata=design.strata(), regressors=design.calendar())
    kinds = [_first_stage(what, left[:, 1], takers, rows) for what, rows in _kinds(design)]
    table = pd.DataFrame([*kinds, *_curve(left[:, 0], left[:, 1], takers, spent, float(np.ptp(y)))])
    table["p_holm"] = holm(table["p_value"])
    sought = [power_of(result.extra.number("first_stage"), row.std_error, row.df) for row in kinds]
    able = float(np.median(sought)) if sought else 0.0
    broken = table.loc[table["p_holm"] < 0.05, "what"].tolist()
    listed = ", ".join(broken)
    sentence = (
        f"{len(broken)} of {len(table)} tests contradict at the 5 % level after Holm's correction"
        f"{f' ({listed})' if broken else ''}. In {len(kinds)} kinds of call the share with the team rose "
        f"with the leniency their takers show in other calls by {_span([row.estimate for row in kinds])}; an "
        f"opposite move as large as the first stage would be seen with probability {able:.2f}."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=bool(broken), power=able),
        power=able,
        table=table.drop(columns="df"),
        sentence=sentence,
    )


def _span(slopes: list[float]) -> str:
    return f"{min(slopes):.2f} to {max(slopes):.2f}" if slopes else "an unknown amount"


def _kinds(design: CallInstrumentDesign) -> Iterator[tuple[str, Booleans]]:
    """Kinds of call with enough calls on either side."""
    for column, values in design.calls.covariate_frame().items():
        level = values.isin([0, 1]).all()
        inside = (values > (0.5 if level else values.median())).to_numpy(bool)
        if min(inside.sum(), (~inside).sum()) < least_calls:
            continue
        yield (f"{column}" if level else f"{column} above its median"), inside
        if not level:
            yield f"{column} up to its median", ~inside


def _first_stage(what: str, d: Array, takers: NDArray[np.int64], rows: Booleans) -> _Test:
    """Slope of the treatment of some calls over their takers' leniency in the others, tested to one side."""
    elsewhere = pd.Series(d[~rows]).groupby(takers[~rows]).mean().reindex(takers[rows]).to_numpy(float)
    seen = ~np.isnan(elsewhere)
    x, values, labels = elsewhere[seen], d[rows][seen], takers[rows][seen]
    x, values = x - x.mean(), values - values.mean()
    slope, column = float(x @ values) / float(x @ x), x[:, None]
    std_error = float(np.sqrt(clustered(column, values - slope * x, labels, kind="CR2")[0, 0]))
    df = clustered_df(column, labels, np.ones(1))
    return _Test(what, slope, std_error, df, _above(-slope, std_error, df))


def _curve(y: Array, d: Array, takers: NDArray[np.int64], spent: int, span: float) -> list[_Test]:
    """Scatter of the takers' mean outcomes about a curve of their leniency, and its slope at both ends."""
    frame = pd.DataFrame({"y": y, "d": d, "taker": takers})
    means, weight = frame.groupby("taker")[["y", "d"]].mean(), np.sqrt(np.bincount(takers))
    p = means["d"].to_numpy(float)
    X = weight[:, None] * np.column_stack([np.ones(len(p)), p, p**2])
    inverse = np.linalg.pinv(X)
    b = inverse @ (weight * means["y"].to_numpy(float))
    own_y, own_d = ((frame[column] - means[column].to_numpy()[takers]).to_numpy(float) for column in ("y", "d"))
    noise = own_y - (b[1] + 2 * b[2] * p[takers]) * own_d
    df = float(len(y) - spent - len(p))
    variance = float(noise @ noise) / df
    outside = np.eye(len(p)) - X @ inverse
    scatter = wald_test(outside @ (weight * means["y"].to_numpy(float)), variance * outside, df)
    rows = [_Test("scatter of outcomes", scatter.statistic, np.nan, df, scatter.p_value)]
    for what, end in (("slope at the strictest", p.min()), ("slope at the most lenient", p.max())):
        direction = np.array([0.0, 1.0, 2 * end])
        slope, std_error = float(direction @ b), float(np.sqrt(variance) * np.linalg.norm(direction @ inverse))
        rows.append(_Test(what, slope, std_error, df, _above(abs(slope) - span, std_error, df)))
    return rows


def _above(excess: float, std_error: float, df: float) -> float:
    """P-value to one side: how surely the excess is above zero."""
    half = float(p_value(excess / std_error, df)) / 2
    return half if excess > 0 else 1 - half
