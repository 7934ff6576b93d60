"""Whether the standard error is as large as the spread of the estimate when persons or cities are drawn again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.inference import chi_square_p_value, chi_square_quantile
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.registry import numbers_again
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.adjusted_again import adjusted_again
from coresponder_causal.design.matched_sets import has_sets, is_copied, set_labels

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Drawn = Callable[[Array], CallDesign | PanelDesign]
name, drawn_weight = "cluster_bootstrap", "bootstrap weight"
assumption = "The standard error is no smaller than the spread of the estimate over persons or cities."
fewest, largest_share, too_narrow = 20, 0.1, 1.96 / 1.645


def cluster_bootstrap(
    result: Result,
    design: CallDesign | PanelDesign | SeriesDesign | CoverageDesign,
    *,
    draws: int = 199,
    seed: int = 1,
) -> CheckResult:
    """Weigh whole clusters at random many times, and estimate each time as the result was estimated.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : CallDesign or PanelDesign
        Calls by person, of matched calls by all that hang together through persons and matched sets; cities where
        several are treated. Weights are estimated again in every draw; matches stay, since matching anew is no smooth
        function of the data.
    draws : int
        Number of bootstrap samples.
    seed : int
        Of the draws.

    Returns
    -------
    CheckResult
        Contradicts when the standard error is smaller than the standard deviation of the draws beyond their chance, at
        5 %. Its table: ``clusters, draws, std_error, bootstrap, ratio, ratio_low, ratio_high`` (bootstrap over stated,
        with the 95 % Monte-Carlo interval). Its power is that of seeing an interval that is called 95 % and holds 90 %.

    Notes
    -----
    Every cluster gets an exponential weight of mean 1 instead of a number of copies: no cluster is left out, so that no
    draw loses an arm or a level. Not for matches with replacement, for which no bootstrap of this kind is right.

    References
    ----------
    Rubin (1981), doi:10.1214/aos/1176345338 (exponential weights); Abadie & Imbens (2008), doi:10.3982/ECTA6474
    (matches with replacement); Abadie & Spiess (2022), doi:10.1080/01621459.2020.1840383 (matched sets).

    Examples
    --------
    >>> from coresponder_causal.estimate import call_difference
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"attended": np.arange(300) % 2 == 0, "person": np.arange(300) // 6})
    >>> frame["attended"] = frame["person"] % 2 == 0
    >>> frame["minutes"] = rng.normal(size=50)[frame["person"]] + rng.normal(size=300)
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=[], person="person")
    >>> found = [cluster_bootstrap(call_difference(d, cluster=by), d, draws=99) for by in ("person", "none")]
    >>> [one.verdict for one in found]
    ['no contradiction found', 'contradicts']
    """
    if isinstance(design, CallDesign):
        if is_copied(design):
            return not_applicable(name, assumption, "Calls stand in several pairs: no bootstrap of clusters is right.")
        clusters, by, drawn = _together(design), "person" if design.person else "call", _calls(design)
        by = f"{by} and matched set" if has_sets(design) else by
    elif isinstance(design, PanelDesign) and len(design.treated_units) > 1:
        clusters, by = pd.factorize(design.source[design.unit])[0], "city"
        drawn = _cities(design)
    else:
        why = "One treated city cannot be drawn again: placebo dates and cities ask how much the estimate varies."
        return not_applicable(name, assumption, why)
    if (many := len(np.unique(clusters))) < fewest:
        return not_applicable(name, assumption, f"There are {many} clusters by {by}; {fewest} are needed.")
    if not isinstance(design, PanelDesign) and np.bincount(clusters).max() > largest_share * len(clusters):
        return not_applicable(name, assumption, f"One cluster by {by} holds more than a tenth of the calls.")
    rng = np.random.default_rng(seed)
    found: list[float] = []
    for _ in range(draws):
        try:
            again = drawn(rng.standard_exponential(many)[clusters])
            found.append(float(numbers_again(result, again).estimate[0]))
        except CausalError as error:
            return not_applicable(name, assumption, f"The method cannot be fitted with weights: {error.what}.")
    if not np.std(found) > 0:
        return not_applicable(name, assumption, "The method does not look at weights.")
    return _judged(result, np.array(found), many, by)


def _together(design: CallDesign) -> Codes:
    """Give every call the number of its cluster: persons, and matched sets that persons link, as one."""
    n = len(design.source)
    ties = [np.asarray(design.persons, np.int64)]
    if has_sets(design):
        ties.append(np.asarray(set_labels(design), np.int64))
    codes = [np.unique(tie, return_inverse=True)[1] for tie in ties]
    offsets = np.cumsum([n, *(code.max() + 1 for code in codes)])
    ends = np.concatenate([code + offset for code, offset in zip(codes, offsets, strict=False)])
    rows = np.tile(np.arange(n), len(codes))
    graph = coo_array((np.ones(len(rows)), (rows, ends)), shape=(offsets[-1], offsets[-1]))
    return np.unique(connected_components(graph, directed=False)[1][:n], return_inverse=True)[1]


def _calls(design: CallDesign) -> Drawn:
    def drawn(weights: Array) -> CallDesign:
        source = design.source.assign(**{drawn_weight: design.sampling_weights() * weights})
        weighted = replace(design, source=source, weights=drawn_weight)
        with quietly(), collecting():
            return weighted if has_sets(design) else adjusted_again(replace(weighted, adjustment=None), design)

    return drawn


def _cities(design: PanelDesign) -> Drawn:
    own = np.ones(len(design.source)) if design.weights is None else design.source[design.weights].to_numpy(float)

    def drawn(weights: Array) -> PanelDesign:
        return replace(design, source=design.source.assign(**{drawn_weight: own * weights}), weights=drawn_weight)

    return drawn


def _judged(result: Result, found: Array, clusters: int, by: str) -> CheckResult:
    stated, spread, df = float(np.sqrt(result.vcov[0, 0])), float(found.std(ddof=1)), float(len(found) - 1)
    low, high = (spread / stated * np.sqrt(df / chi_square_quantile(part, df)) for part in (0.975, 0.025))
    able = float(chi_square_p_value(chi_square_quantile(0.975, df) / too_narrow**2, df))
    numbers = {"clusters": clusters, "draws": len(found), "std_error": stated, "bootstrap": spread}
    table = pd.DataFrame([numbers | {"ratio": spread / stated, "ratio_low": low, "ratio_high": high}])
    sentence = (
        f"With {clusters} clusters by {by} weighted at random {len(found)} times the estimate spreads "
        f"{spread / stated:.2f} times as wide as its standard error (Monte-Carlo interval {low:.2f} to {high:.2f}). A "
        f"standard error with which 95 % intervals hold 90 % would be seen with probability {able:.2f}."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=bool(low > 1), power=able),
        power=able,
        table=table,
        sentence=sentence,
    )
