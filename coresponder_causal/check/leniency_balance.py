"""Whether calls of every kind came to lenient and to strict call takers alike."""

from __future__ import annotations

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
name = "leniency_balance"
assumption = "Within an hour of the week it was chance which call taker took a call."
notable = 0.1  # a standardised difference of this size counts as imbalance
least_left = 3  # call takers beyond the covariates, for the joint test


class _Slope(NamedTuple):
    """How a covariate moves from strict to lenient call takers, in its standard deviations."""

    what: str
    standardised: float
    p_value: float
    std_error: float
    df: float


def leniency_balance(result: Result | None, design: CallInstrumentDesign) -> CheckResult:
    """Test all covariates together against the leniency of the call takers, hours of the week and months taken out.

    Parameters
    ----------
    result : Result or None
        Not looked at: who takes which call is a matter of the design.
    design : CallInstrumentDesign
        With the instrument ``call_taker`` and covariates known before dispatch.

    Returns
    -------
    CheckResult
        Contradicts when the joint test rejects at 5 %: Hotelling's, of the G takers' sums of leniency × covariate, with
        F(k, G − k). Its table has one row per covariate or level: ``what, standardised, p_value, p_holm``, the
        difference between calls whose leniency is one standard deviation above and one below the mean, clustered by
        call taker (CR2). Its power is that of the median covariate to show a difference of 0.1.

    References
    ----------
    Hotelling (1931), doi:10.1214/aoms/1177732979.

    Examples
    --------
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> calls = call_table(np.random.default_rng(2), calls=3000, share=0.1, takers="chance")
    >>> d = CallInstrumentDesign.from_tables(
    ...     calls, shifts(), outcome=None, start=start.date(), instrument="call_taker", covariates=["severity"]
    ... )
    >>> leniency_balance(None, d).table["what"].tolist()
    ['severity']
    """
    if design.instrument != "call_taker":
        return not_applicable(name, assumption, "The instrument is not who took the call.")
    known, takers = design.calls.covariate_frame(reference_levels=False), design.timing["call_taker"].to_numpy()
    many, k = int(takers.max()) + 1, known.shape[1]
    if not k or many - k < least_left:
        return not_applicable(name, assumption, f"It needs covariates, fewer than its {many} call takers; it has {k}.")
    values = np.column_stack([design.z(), known.to_numpy(float)])
    left, _ = swept(values, strata=design.strata(), regressors=design.calendar())
    joint = _joint(left[:, :1] * left[:, 1:], takers)
    rows = [_slope(str(what), left[:, 0], x, takers) for what, x in zip(known, left[:, 1:].T, strict=True)]
    able = float(np.median([power_of(notable, row.std_error, row.df) for row in rows]))
    table = pd.DataFrame(rows)[["what", "standardised", "p_value"]]
    table["p_holm"] = holm(table["p_value"])
    worst = table.iloc[int(table["standardised"].abs().argmax())]
    sentence = (
        f"All {k} covariates and levels together against leniency: F({k}, {many - k}), p = {joint:.3f}; the largest "
        f"difference between lenient and strict call takers is {worst['standardised']:+.2f} standard deviations, in "
        f"{worst['what']}; one of {notable} would be seen with probability {able:.2f}. Balance in what was recorded "
        "says nothing about what was not."
    )
    verdict = judged(rejects=joint < 0.05, power=able)
    return CheckResult(check=name, assumption=assumption, verdict=verdict, power=able, table=table, sentence=sentence)


def _joint(products: Array, takers: NDArray[np.int64]) -> float:
    """P-value of Hotelling's test that the call takers' sums are 0 in the mean."""
    sums = pd.DataFrame(products).groupby(takers).sum().to_numpy(float)
    many, k = sums.shape
    spread = np.atleast_2d(np.cov(sums, rowvar=False)) / many
    return wald_test(sums.mean(axis=0), spread * (many - 1) / (many - k), float(many - k)).p_value


def _slope(what: str, lenient: Array, x: Array, takers: NDArray[np.int64]) -> _Slope:
    """Regress a covariate on leniency."""
    strength = float(lenient @ lenient)
    slope, column = float(lenient @ x) / strength, lenient[:, None]
    variance = float(clustered(column, x - slope * lenient, takers, kind="CR2")[0, 0])
    span = 2 * float(lenient.std()) / float(x.std())
    df = clustered_df(column, takers, np.ones(1))
    p = float(p_value(slope / np.sqrt(variance), df))
    return _Slope(what, span * slope, p, span * float(np.sqrt(variance)), df)
