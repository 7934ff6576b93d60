"""What estimators of calls share: whom a contrast speaks of, when the calls came, what stands behind a term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.doubly_robust import Contrast, Fitted, arm_means, median_of_partitions
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.design.calls import CallDesign

averaged_over = {
    "ATT": "the treated calls",
    "ATE": "all calls",
    "ATC": "the untreated calls",
    "ATO": "the calls that might as well have gone the other way (overlap weights)",
    "ATM": "the calls that have their like in the other arm",
}


def horizon(calls: pd.DataFrame) -> str:
    """When the calls were received, where the frame has that column.

    Examples
    --------
    >>> horizon(pd.DataFrame({"received_at": ["2021-01-04 12:00", "2021-02-01 09:00"]}))
    'calls received 2021-01-04 to 2021-02-01'
    """
    if "received_at" not in calls:
        return "the calls of the frame"
    received = pd.to_datetime(calls["received_at"])
    return f"calls received {received.min():%Y-%m-%d} to {received.max():%Y-%m-%d}"


def estimand(c: CallDesign, contrast: str, population: str, *, ratio: bool) -> Estimand:
    """Say what is estimated of calls: a difference or a ratio of means, treated against untreated."""
    return Estimand(
        contrast=contrast,
        outcome=str(c.outcome),
        treatment=f"{c.treatment}, yes against no",
        population=population,
        horizon=horizon(c.source),
        scale="ratio of means" if ratio else "difference of means",
    )


def support(c: CallDesign, terms: dict[str, NDArray[np.bool_]]) -> pd.DataFrame:
    """Count the persons, events and calls behind each term.

    Parameters
    ----------
    c : CallDesign
    terms : dict
        By term, whether each call stands behind it, shape (n,).
    """
    return counts_behind(c.outcome_values(), c.persons if c.person else None, terms)


def counts_behind(
    y: NDArray[np.float64], persons: pd.Index | None, terms: Mapping[str, NDArray[np.bool_]]
) -> pd.DataFrame:
    """Count the persons (NaN where they have no codes), the sum of the outcome and the calls behind each term.

    Examples
    --------
    >>> counts_behind(np.array([1.0, 0.0]), None, {"first": np.array([True, False])})["units"].tolist()
    [1]
    """
    rows = [
        {
            "term": term,
            "persons": np.nan if persons is None else persons[used].nunique(),
            "events": y[used].sum(),
            "units": int(used.sum()),
        }
        for term, used in terms.items()
    ]
    return pd.DataFrame(rows)


def facts(c: CallDesign) -> dict[str, object]:
    """Tell what a result of calls tells of its design."""
    return {
        "treatment": c.treatment,
        "yes_or_no": bool(np.isin(c.outcome_values(), [0.0, 1.0]).all()),
        "outcome_unit": f"{str(c.outcome).replace('_', ' ')} per call",
        "calls": len(c.source),
        "share_treated": float(c.treated.mean()),
    }


def by_group(
    c: CallDesign,
    drawn: Sequence[Fitted],
    groups: dict[str, NDArray[np.bool_]],
    *,
    method: str,
    contrast: Contrast,
    about: Mapping[str, object],
) -> Result:
    """Doubly robust differences of all calls and of groups, terms together, clustered by person.

    Parameters
    ----------
    c : CallDesign
    drawn : sequence of Fitted
        Models of each random partition.
    groups : dict
        By term, which calls it speaks of, shape (n,); the first gives the means of both arms.
    method : str
        Estimator to which the numbers belong.
    contrast : {"ATT", "ATE", "ATO"}
    about : mapping
        Further facts.

    Raises
    ------
    EstimationError
        As of `arm_means` and `median_of_partitions`.
    """
    weights = c.sampling_weights()
    arms = [
        [arm_means(fitted, c.outcome_values(), c.treated, contrast, weights=weights, among=rows) for fitted in drawn]
        for rows in groups.values()
    ]
    found = median_of_partitions(
        [np.array([each[r].means[0] - each[r].means[1] for each in arms]) for r in range(len(drawn))],
        [np.column_stack([each[r].influence @ [1.0, -1.0] for each in arms]) for r in range(len(drawn))],
        c.calls,
        c.persons if c.person else None,
    )
    treated, untreated = np.median([each.means for each in arms[0]], axis=0)
    told = facts(c) | found.facts(c.person) | {"mean_treated": treated, "mean_untreated": untreated}
    return Result(
        method=method,
        estimand=estimand(c, contrast, averaged_over[contrast], ratio=False),
        terms=pd.DataFrame({"term": list(groups)}),
        estimate=found.estimate,
        vcov=found.vcov,
        df=found.df,
        scale="difference",
        influence=found.influence,
        support=support(c, groups),
        n_obs=len(c.source),
        n_units=found.clusters,
        extra=Facts(told | dict(about)),
    )
