"""What a two-way regression of units with different starts compares, and with which weights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.bacon import bacon_pairs, kinds
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign

name = "bacon"
assumption = "The two-way regression compares with units that treatment has not reached."
misleading = kinds[2]


def bacon(result: Result, design: SeriesDesign | PanelDesign | CoverageDesign) -> CheckResult:
    """Decompose a two-way coefficient into the comparisons of pairs of cohorts.

    Parameters
    ----------
    result : Result
        Of `did_two_way`.
    design : PanelDesign
        The design it was made from: several starts, every unit in every period, no weights or covariates.

    Returns
    -------
    CheckResult
        A display: it decides nothing. ``table`` has one row per pair of cohorts, ``treated, comparison, kind, estimate,
        weight, units``; ``moves`` is how far the coefficient lies from the weighted mean of the pairs in which nobody
        already treated is the comparison, in its standard errors.

    References
    ----------
    Goodman-Bacon (2021), doi:10.1016/j.jeconom.2021.03.014.

    Examples
    --------
    >>> from coresponder_causal.core.notes import quietly
    >>> from coresponder_causal.estimate import did_two_way
    >>> from coresponder_causal.simulate.staggered import staggered
    >>> d = PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated")
    >>> with quietly():
    ...     found = bacon(did_two_way(d), d)
    >>> found.verdict, round(float(found.table["weight"].sum()), 9)
    ('reported', 1.0)
    """
    why = _why_not(result, design)
    if why or not isinstance(design, PanelDesign):
        return not_applicable(name, assumption, why)
    table = _table(result, design)
    wrong = (table["kind"] == misleading).to_numpy()
    clean = float(np.average(table["estimate"][~wrong], weights=table["weight"][~wrong]))
    whole, std_error = float(result.estimate[0]), float(np.sqrt(result.vcov[0, 0]))
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=table,
        sentence=(
            f"{100 * table['weight'][wrong].sum():.0f} % of the weight lies on comparisons of later with earlier "
            f"starters, who were treated already; without them the weighted mean is {as_change(clean, result.scale)}, "
            f"not {as_change(whole, result.scale)}."
        ),
        support=pd.DataFrame({"persons": np.nan, "events": np.nan, "units": table["units"]}),
        moves=abs(whole - clean) / std_error,
    )


def _why_not(result: Result, design: object) -> str:
    """Why there is nothing to decompose, empty where there is."""
    if result.method != "did_two_way" or not isinstance(design, PanelDesign):
        return "It decomposes the coefficient of did_two_way."
    periods = len(np.unique(design.axis.positions))
    own = result.provenance.option_values()
    wrong = {
        "there is one start": design.cohort.nunique(dropna=False) < 3 and design.cohort.nunique() < 2,
        "the panel is not balanced": len(design.source) != len(design.cohort) * periods,
        "it has weights or covariates": design.weights is not None or bool(design.covariates),
        "doses are partial": bool(((design.dose > 0) & (design.dose < 1)).any()),
        "time effects are those of months of the year": own["time_effects"] != "period",
    }
    said = "; ".join(what for what, is_so in wrong.items() if is_so)
    return f"Nothing to decompose: {said}." if said else ""


def _table(result: Result, d: PanelDesign) -> pd.DataFrame:
    """Pairs of cohorts of the outcome as the regression had it, with labels."""
    own, y = result.provenance.option_values(), d.source[d.outcome].to_numpy(float)
    exposure = np.ones(len(y)) if d.exposure is None else d.source[d.exposure].to_numpy(float)
    values = log_rate(y, exposure) if own["log"] else y / (exposure / own["per"])
    periods = np.unique(d.axis.positions)
    first = d.cohort.reindex(pd.unique(d.source[d.unit])).to_numpy(float)
    starts, group = np.unique(np.where(np.isnan(first), np.inf, first), return_inverse=True)
    size = np.bincount(group)
    wide = values.reshape(len(first), len(periods))
    mean = np.stack([wide[group == g].mean(axis=0) for g in range(len(starts))])
    pairs = bacon_pairs(mean, size.astype(float), np.searchsorted(periods, starts))
    labels = np.array([str(d.axis.label(int(start))) if np.isfinite(start) else "never" for start in starts])
    units = size[pairs["treated"]] + size[pairs["comparison"]]
    named = {column: labels[pairs[column]] for column in ("treated", "comparison")}
    return pairs.assign(**named, units=units).sort_values("weight", ascending=False, ignore_index=True)
