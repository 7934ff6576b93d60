"""Whether outcomes jump at clock times, or in cities, where no team comes on or goes off."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import holm, power
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_boundary import Boundary, made_up_boundary, unattended

name = "placebo_boundaries"
assumption = (
    "Nothing but the team makes outcomes jump at the boundary after the start by another amount than before it."
)
shifts = (-3.0, 3.0)  # hours


def placebo_boundaries(result: Result, design: CoverageDesign) -> CheckResult:
    """Fit the jump again three hours earlier and later, and at the same clock time in each comparison city.

    Parameters
    ----------
    result : Result
        Of ``call_boundary``: its term ``itt`` is what the check must be able to see, its options are used again.
    design : CoverageDesign

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value is below 5 %; its power is that of the median placebo to
        find a jump as large as ``itt``. Its table has one row for each that could be fitted: ``where, estimate,
        std_error, df, p_value, p_holm``.

    References
    ----------
    Picchetti, Pinto & Shinoki (2024), doi:10.48550/arXiv.2405.18531.

    Examples
    --------
    >>> from coresponder_causal.validity.boundary_worlds import boundary_design
    >>> from coresponder_causal.estimate import call_boundary
    >>> d = boundary_design(np.random.default_rng(3), calls=13_000)
    >>> placebo_boundaries(call_boundary(d), d).table["where"].tolist()
    ['3 hours earlier', '3 hours later']
    """
    boundary: Boundary = "closing" if result.extra["boundary"] == "closing" else "opening"
    rows = []
    for where, placebo in _placebos(design, boundary):
        try:
            rows.append(_row(where, refit(result, placebo)))
        except (DesignError, EstimationError):
            continue
    if not rows:
        return not_applicable(name, assumption, "No made-up boundary and no comparison city has enough calls.")
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p_value"])
    able = float(np.median(power(float(result.params["itt"]), table["std_error"], table["df"])))
    found = int((table["p_holm"] < 0.05).sum())
    sentence = (
        f"Of {len(table)} boundaries at which no team comes on or goes off, {found} show a jump at the 5 % level after "
        f"Holm's correction (smallest adjusted p {table['p_holm'].min():.2f}); a jump as large as that of the hours "
        f"themselves would be seen with probability {able:.2f} at the typical one."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=found > 0, power=able),
        power=able,
        table=table,
        sentence=sentence,
    )


def _placebos(design: CoverageDesign, boundary: Boundary) -> Iterator[tuple[str, CoverageDesign]]:
    for hours in shifts:
        word = "earlier" if hours < 0 else "later"
        yield f"{abs(hours):g} hours {word}", made_up_boundary(design, boundary, hours=hours)
    for city in design.comparison_units:
        yield city, unattended(design.pretending(city))


def _row(where: str, placebo: Result) -> dict[str, object]:
    first = placebo.tidy().iloc[0]
    return {
        "where": where,
        "estimate": first["estimate"],
        "std_error": first["std_error"],
        "df": placebo.df[0],
        "p_value": first["p_value"],
    }
