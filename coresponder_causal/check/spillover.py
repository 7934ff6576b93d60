"""Whether the programme reached the neighbours that were set apart."""

from __future__ import annotations

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.untouched import none_moved
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import DonorPool, PanelDesign

name = "spillover"
assumption = "The programme did not reach neighbouring cities."


def spillover(result: Result, design: PanelDesign, *, pool: DonorPool) -> CheckResult:
    """Estimate the effect on each neighbour that a pool set apart, against the pool's donors.

    Parameters
    ----------
    result : Result
        The estimate whose method is used; its first term is looked at.
    design : PanelDesign
        Of the treated city and of all candidates, before the pool was applied.
    pool : DonorPool

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value is below 5 %; its power is that of the median neighbour to
        show a change as large as the estimate.

    References
    ----------
    Butts (2021), Difference-in-differences estimation with spatial spillovers, arXiv:2105.03737.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from coresponder_causal.design import donor_pool
    >>> from coresponder_causal.estimate import did_few_treated
    >>> rng, months = np.random.default_rng(1), pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEFG" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> cities = pd.DataFrame({"city": list("ABCDEFG"), "population": 50_000})
    >>> programmes = pd.DataFrame({"city": list("BCDEFG"), "programme": "none yet", "start_earliest": "2030-01-01",
    ...                            "source": "agency", "certainty": "documented"})
    >>> pool = donor_pool(cities, programmes, treated="A", start="2020-07-01", window=("2017-01-01", "2021-12-31"),
    ...                   neighbours=["B"])
    >>> spillover(did_few_treated(pool.apply(d)), d, pool=pool).table["neighbour"].tolist()
    ['B']
    """
    if not pool.neighbours:
        return not_applicable(name, assumption, "No neighbour was set apart.")
    fits, failed = {}, []
    for city in pool.neighbours:
        try:
            fits[city] = refit(result, pool.spillover_design(design, neighbour=city))
        except (DesignError, EstimationError) as error:
            failed.append(f"{city}: {error.what}")
    return none_moved(
        fits,
        failed,
        beside=result,
        place=0,
        check=name,
        assumption=assumption,
        column="neighbour",
        noun="neighbours",
    )
