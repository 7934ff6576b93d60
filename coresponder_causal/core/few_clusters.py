"""How often nominal 5 % tests by clusters reject when few clusters are treated, with and without effect: a table.

The cells are in few_clusters.csv beside this file, each with its source. In a balanced panel with one start a test
depends on nothing but the clusters' own changes, so that a cell holds for any number of periods up to the factor.
`coresponder_causal.validity.few_clusters` writes the rows of the wild bootstrap and the column of power.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError

Kind = Literal["CR1", "CR2", "WCR", "WCU"]
names: dict[Kind, str] = {
    "CR1": "clustered standard errors (CR1)",
    "CR2": "clustered standard errors (CR2)",
    "WCR": "the restricted wild cluster bootstrap (WCR)",
    "WCU": "the unrestricted wild cluster bootstrap (WCU)",
}
nominal, too_seldom = 0.05, 0.5  # a test that finds an effect less often than this says little where it finds none


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredSize:
    """The measured cell nearest to a design.

    Parameters
    ----------
    kind : {"CR1", "CR2", "WCR", "WCU"}
        CR1 read with G − 1 df, CR2 with those of Bell & McCaffrey, the wild cluster bootstrap with samples under the
        tested value (WCR) or at the estimate (WCU).
    treated, comparison : int
        Clusters of the cell that was measured.
    size : float
        Share of panels without an effect in which a nominal 5 % test rejected.
    size_noisier : float
        The same where treated clusters vary twice as much as the others.
    power : float
        Share of panels in which it found an effect that a test with the true standard error finds 80 % of the time.
    source : str
        Where the size comes from.
    """

    kind: Kind
    treated: int
    comparison: int
    size: float
    size_noisier: float
    power: float
    source: str

    def __str__(self) -> str:
        clusters = f"{self.treated} treated cluster{'' if self.treated == 1 else 's'}"
        usual, noisier, found = (f"{100 * share:.0f} %" for share in (self.size, self.size_noisier, self.power))
        said = (
            f"{names[self.kind]} with {clusters}: a nominal 5 % test rejected {usual} of the time at {self.comparison} "
            f"comparison clusters, {noisier} where the treated vary twice as much"
        )
        if self.size > nominal or self.power > too_seldom:
            return said
        return f"{said}; an effect that the true standard error shows 80 % of the time it found {found} of the time"


@cache
def clustered_size(treated: int, comparison: int, *, kind: Kind = "CR1") -> ClusteredSize:
    """Look up the measured size of a nominal 5 % test in the cell nearest to a design (by ratios of the counts).

    Parameters
    ----------
    treated, comparison : int
        Clusters with and without treatment.
    kind : {"CR1", "CR2", "WCR", "WCU"}
        Test, see `ClusteredSize`.

    Returns
    -------
    ClusteredSize

    Raises
    ------
    EstimationError
        Without a treated or without a comparison cluster: bring both.

    References
    ----------
    MacKinnon & Webb (2017), doi:10.1002/jae.2508, for why few treated clusters break these tests.

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
    shares = cell.set_index("treated_sd")[["size", "power"]]
    return ClusteredSize(
        kind=kind,
        treated=int(near["treated"]),
        comparison=int(near["comparison"]),
        size=float(shares.loc[1, "size"]),
        size_noisier=float(shares.loc[2, "size"]),
        power=float(shares.loc[1, "power"]),
        source=str(near["source"]),
    )


@cache
def _measured() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("few_clusters.csv"))
