"""Whether the programme reached units near the treated ones: untreated units in rings of distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.core.untouched import none_moved
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_two_way import did_two_way

name = "spillover_rings"
assumption = "The programme did not reach untreated units, however near."
fewest, most_units = 3, 300


def spillover_rings(result: Result, design: PanelDesign, *, distance: str, rings: Sequence[float]) -> CheckResult:
    """Estimate the change of untreated units in rings around the treated ones, against those beyond the last ring.

    Parameters
    ----------
    result : Result
        The estimate as large as which a change should be seen; its scale says whether log rates are compared.
    design : PanelDesign
        With one start; its frame holds the distances.
    distance : str
        Column of kilometres from the nearest treated unit, the same in all rows of a unit.
    rings : sequence of float
        Outer edges of the rings in kilometres, rising; untreated units beyond the last are the comparison.

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value of a ring is below 5 %; its power is that of the median ring
        to show a change as large as the estimate.

    Raises
    ------
    DesignError
        Distances that are missing, negative or change within a unit; edges that do not rise.

    Notes
    -----
    One two-way regression holds the treatment and one indicator for each ring from the start on; errors by clusters,
    CR2 up to 300 units. The nearest ring is where help given to neighbours, or crises moved there, would show. A
    programme that reaches everybody beyond the last ring as well cannot be seen.

    References
    ----------
    Butts (2021), Difference-in-differences estimation with spatial spillovers, arXiv:2105.03737.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(c, t, 5.0 * c, rng.normal() - 3 * (c < 6 and t >= 4)) for c in range(40)
    ...                       for t in range(8)], columns=["city", "t", "km", "y"])
    >>> d = PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", treated=list(range(6)), start=4)
    >>> spillover_rings(did_two_way(d), d, distance="km", rings=[60, 100]).table["ring"].tolist()
    ['0 to 60 km', '60 to 100 km']
    """
    edges = [0.0, *map(float, rings)]
    far = _distances(design, distance, edges)
    if design.cohort.nunique() != 1:
        return not_applicable(name, assumption, "Units start at different times: rings have no one start.")
    untreated = design.source[design.unit].isin(design.comparison_units).to_numpy()
    inside = {f"{low:g} to {high:g} km": untreated & (far >= low) & (far < high) for low, high in _pairs(edges)}
    many = {label: int(design.source.loc[rows, design.unit].nunique()) for label, rows in inside.items()}
    beyond = int(design.source.loc[untreated & (far >= edges[-1]), design.unit].nunique())
    failed = [f"{label}: {count} units" for label, count in many.items() if count < fewest]
    kept = [label for label, count in many.items() if count >= fewest]
    if beyond < fewest or not kept:
        return not_applicable(
            name, assumption, f"{beyond} units beyond the last ring; {'; '.join(failed) or 'no ring'}."
        )
    after = (design.axis.positions >= design.start_position).astype(float)
    columns = {label: inside[label] * after for label in kept}
    try:
        fit = _fitted(result, replace(design, source=design.source.assign(**columns)), kept)
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"The regression cannot be fitted: {error.what.splitlines()[0]}.")
    return none_moved(
        {label: _alone(fit, label, design, inside[label]) for label in kept},
        failed,
        beside=result,
        place=0,
        check=name,
        assumption=assumption,
        column="ring",
        noun="rings",
    )


def _pairs(edges: list[float]) -> list[tuple[float, float]]:
    return list(pairwise(edges))


def _distances(design: PanelDesign, distance: str, edges: list[float]) -> NDArray[np.float64]:
    """Distance of every row's unit, refused where it is none."""
    problems = Problems(name)
    if len(edges) < 2 or not all(low < high < np.inf for low, high in _pairs(edges)):
        problems.add(f"rings={edges[1:]} do not rise from 0", mend="give outer edges in kilometres, e.g. [25, 50]")
    if distance not in design.source:
        problems.add(f"the frame has no column '{distance}'", mend="add the kilometres to the nearest treated unit")
    problems.raise_if_any(DesignError)
    values = pd.to_numeric(design.source[distance], errors="coerce")
    untreated = design.source[design.unit].isin(design.comparison_units)
    bad = int((untreated & ~(values >= 0)).sum())
    moving = int((values.groupby(design.source[design.unit]).nunique() > 1).sum())
    if bad or moving:
        what = f"'{distance}' is missing or negative in {bad} rows and changes within {moving} units"
        problems.add(what, mend="give each untreated unit one distance")
    problems.raise_if_any(DesignError)
    return np.asarray(values.fillna(0.0), float)


def _fitted(result: Result, design: PanelDesign, rings: list[str]) -> Result:
    with quietly():
        return did_two_way(
            replace(design, covariates=(*design.covariates, *rings)),
            log=result.scale == "log_ratio",
            kind="CR2" if len(design.cohort) <= most_units else "CR1",
            inference="cluster",
        )


def _alone(fit: Result, label: str, design: PanelDesign, rows: NDArray[np.bool_]) -> Result:
    """Term of one ring, with the units that stand behind it."""
    chosen = np.asarray(fit.terms["term"].eq(label), float)
    alone = fit.combine(chosen, pd.DataFrame({"term": [label]}))
    units = int(design.source.loc[rows, design.unit].nunique())
    support = pd.DataFrame({"term": [label], "persons": [np.nan], "events": [np.nan], "units": [units]})
    return replace(alone, support=support)
