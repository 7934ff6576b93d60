"""Whether treated and comparison units ran parallel before the start, by the leads of a two-way event study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import WaldTest, power, wald_test
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, judged, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.estimate.did_two_way import did_two_way

name = "pretrends"
assumption = "Before the start treated and comparison units ran parallel, bin by bin."
most_leads, most_units = 4, 300


def pretrends(result: Result, design: SeriesDesign | PanelDesign | CoverageDesign) -> CheckResult:
    """Test jointly that the leads of a two-way event study are zero.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is what the leads are measured against.
    design : the design it was made from
        Its time before the start is cut into half-years (single periods without a season) counted back from each
        unit's start; the last one is the base, the earliest of four leads holds all before it.

    Returns
    -------
    CheckResult
        Contradicts when the F test (CR2 up to 300 units, CR1 beyond; Hotelling's T² with the smallest df of the leads,
        which is conservative) rejects at 5 %; cannot tell where the clusters are too few for it, or when a mean of the
        leads as large as the estimate would be seen with probability below one half.

    References
    ----------
    Roth (2022), doi:10.1257/aeri.20210236: a test of leads that does not reject shows little; its power goes with it.
    Tipton & Pustejovsky (2015), doi:10.3102/1076998615606099: the F test with few clusters.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(c, t, rng.normal() + 4 * (c < 6 and t >= 4)) for c in range(20) for t in range(8)],
    ...                      columns=["city", "t", "y"])
    >>> d = PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", treated=list(range(6)), start=4)
    >>> pretrends(did_two_way(d), d).verdict
    'no contradiction found'
    """
    if not isinstance(design, PanelDesign):
        return not_applicable(name, assumption, "It needs comparison units in time.")
    bins = _bins(design)
    leads = [f"lead {k}" for k in range(2, int(np.nanmax(bins, initial=0)) + 1)]
    if not leads:
        return not_applicable(name, assumption, "The time before the start is too short for two bins.")
    columns = {lead: (bins == k).astype(float) for k, lead in enumerate(leads, 2)}
    try:
        fit = _fitted(result, replace(design, source=design.source.assign(**columns)), leads)
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"The event study cannot be fitted: {error.what.splitlines()[0]}.")
    tidy = fit.tidy()
    chosen = tidy["term"].isin(leads)
    table, spare = tidy[chosen].reset_index(drop=True), float(fit.df[chosen].min()) - len(leads) + 1
    if not fit.extra["enough_clusters"] or spare < 1:
        return _made("cannot tell", None, table, _few(fit, len(leads)))
    test, able = _joint(fit, leads, spare), _power(fit, leads, float(result.estimate[0]))
    return _made(judged(rejects=test.p_value < 0.05, power=able), able, table, _said(test, able))


def _made(verdict: Verdict, able: float | None, table: pd.DataFrame, sentence: str) -> CheckResult:
    return CheckResult(check=name, assumption=assumption, verdict=verdict, power=able, table=table, sentence=sentence)


def _bins(d: PanelDesign) -> NDArray[np.float64]:
    """Count bins back from each treated unit's own start: 1 is the base; NaN after it and in untreated units."""
    width = max(1, round(d.season / 2)) if d.season else 1
    before = d.source[d.unit].map(d.cohort).to_numpy(float) - d.positions
    return np.where(before > 0, np.minimum(np.ceil(before / width), most_leads + 1), np.nan)


def _fitted(result: Result, design: PanelDesign, leads: list[str]) -> Result:
    """Two-way fit with the leads as covariates; in logs as the result is."""
    units = design.source[design.unit].nunique()
    with quietly():
        return did_two_way(
            replace(design, covariates=(*design.covariates, *leads)),
            log=result.scale == "log_ratio",
            kind="CR2" if units <= most_units else "CR1",
            inference="cluster",
        )


def _joint(fit: Result, leads: list[str], spare: float) -> WaldTest:
    """T²·spare/(df·q) against F(q, spare), with df = spare + q − 1."""
    chosen = fit.terms["term"].isin(leads).to_numpy()
    vcov = fit.vcov[np.ix_(chosen, chosen)] * (spare + len(leads) - 1) / spare
    return wald_test(fit.estimate[chosen], vcov, spare)


def _power(fit: Result, leads: list[str], effect: float) -> float:
    weights = fit.terms["term"].isin(leads).to_numpy(float) / len(leads)
    mean = fit.combine(weights, pd.DataFrame({"term": ["mean of the leads"]}))
    return float(power(effect, np.sqrt(mean.vcov[0, 0]), mean.df[0]))


def _said(test: WaldTest, able: float) -> str:
    leads = f"{test.df_num} lead{'' if test.df_num == 1 else 's'}"
    return (
        f"The joint test of no difference in {leads} before the start gave F({test.df_num}, {test.df_den:.1f}) = "
        f"{test.statistic:.2f} (p {test.p_value:.3f}); a mean of the leads as large as the estimate would be seen with "
        f"probability {able:.2f}."
    )


def _few(fit: Result, leads: int) -> str:
    treated, untreated = fit.extra["treated_clusters"], fit.extra["untreated_clusters"]
    return (
        f"{treated} treated and {untreated} comparison clusters cannot carry a joint test of {leads} leads: without "
        "any difference nominal 5 % tests with such standard errors rejected "
        f"{100 * fit.extra.number('measured_size'):.0f} % of the time."
    )
