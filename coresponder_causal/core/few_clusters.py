"""How often a nominal 5 % test with clustered standard errors rejects when few clusters are treated: a measured table.

The cells are in few_clusters.csv beside this file, each with its source. In a balanced panel with one start the test
depends on nothing but the clusters' own changes, so that a cell holds for any number of periods up to the factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError

Kind = Literal["CR1", "CR2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredSize:
    """The measured cell nearest to a design.

    Parameters
    ----------
    kind : {"CR1", "CR2"}
        Covariance; CR2 is read with its Bell–McCaffrey df, CR1 with G − 1.
    treated, comparison : int
        Clusters of the cell that was measured.
    size : float
        Share of panels without an effect in which a nominal 5 % test rejected.
    size_noisier : float
        The same where treated clusters vary twice as much as the others.
    source : str
        Where the size comes from.
    """

    kind: Kind
    treated: int
    comparison: int
    size: float
    size_noisier: float
    source: str

    def __str__(self) -> str:
        clusters = f"{self.treated} treated cluster{'' if self.treated == 1 else 's'}"
        usual, noisier = (f"{100 * share:.0f} %" for share in (self.size, self.size_noisier))
        return (
            f"clustered standard errors ({self.kind}) with {clusters}: a nominal 5 % test rejected {usual} of the time "
            f"at {self.comparison} comparison clusters, {noisier} where the treated vary twice as much"
        )


@cache
def clustered_size(treated: int, comparison: int, *, kind: Kind = "CR1") -> ClusteredSize:
    """Look up the measured size of a nominal 5 % test in the cell nearest to a design (by ratios of the counts).

    Parameters
    ----------
    treated, comparison : int
        Clusters with and without treatment.
    kind : {"CR1", "CR2"}
        Covariance.

    Returns
    -------
    ClusteredSize

    Raises
    ------
    EstimationError
        Without a treated or without a comparison cluster: bring both.

    References
    ----------
    MacKinnon & Webb (2017), doi:10.1002/jae.2508, for why few treated clusters break the test.

    Examples
    --------
    >>> print(clustered_size(1, 11))
    clustered standard errors (CR1) with 1 treated cluster: a nominal 5 % test rejected 49 % of the time at 10 \
comparison clusters, 72 % where the treated vary twice as much
    """
    if treated < 1 or comparison < 1:
        raise EstimationError(
            f"{treated} treated and {comparison} comparison clusters cannot be compared", mend="bring clusters of both"
        )
    table = _measured()
    table = table[table["kind"] == kind]
    distance = np.abs(np.log(table["treated"] / treated)) + np.abs(np.log(table["comparison"] / comparison))
    near = table.loc[distance.idxmin()]
    cell = table[(table["treated"] == near["treated"]) & (table["comparison"] == near["comparison"])]
    sizes = cell.set_index("treated_sd")["size"]
    return ClusteredSize(
        kind=kind,
        treated=int(near["treated"]),
        comparison=int(near["comparison"]),
        size=float(sizes[1]),
        size_noisier=float(sizes[2]),
        source=str(near["source"]),
    )


@cache
def _measured() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("few_clusters.csv"))
