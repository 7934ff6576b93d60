"""Whether a panel has the clusters that a clustered interval needs, and what was measured where it has not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.few_clusters import Kind, clustered_size
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.design.panel import PanelDesign

enough_treated, enough_untreated = 5, 10


def clusters_of(d: PanelDesign, kept: NDArray[np.bool_]) -> tuple[int, int]:
    """Count the treated and the untreated clusters (by default the units) within some rows.

    Raises
    ------
    DesignError
        If a unit changes its cluster.
    """
    rows = d.source.loc[kept, list({d.unit, d.cluster or d.unit})].drop_duplicates()
    moved = rows[rows[d.unit].duplicated()][d.unit].unique()
    if len(moved):
        where = f"within {len(moved)} units ({', '.join(map(str, moved[:3]))})"
        raise DesignError(f"'{d.cluster}' changes {where}", mend="give each unit one cluster")
    clusters = rows[d.cluster or d.unit]
    treated = int(clusters[rows[d.unit].isin(d.treated_units)].nunique())
    return treated, int(clusters.nunique()) - treated


def licence(d: PanelDesign, kept: NDArray[np.bool_], *, asked: bool, kind: Kind = "CR1", interval: str) -> Facts:
    """Refuse few clusters unless they were asked for; say and return the size measured for them.

    Parameters
    ----------
    d : PanelDesign
    kept : ndarray of bool, shape (n,)
        Rows in use.
    asked : bool
        Whether the clustered interval was asked for by name.
    kind : {"CR1", "CR2", "WCR", "WCU"}
        Covariance, or bootstrap.
    interval : str
        The interval in words.

    Returns
    -------
    Facts
        ``interval``, numbers of clusters, the measured size of a 5 % test and where it was measured.

    Raises
    ------
    EstimationError
        With fewer than five treated or ten untreated clusters, unless asked for.
    DesignError
        If a unit changes its cluster.
    """
    treated, untreated = clusters_of(d, kept)
    size = clustered_size(treated, untreated, kind=kind)
    enough = treated >= enough_treated and untreated >= enough_untreated
    if not enough and not asked:
        raise EstimationError(
            f"{treated} treated and {untreated} untreated clusters do not carry a clustered interval; {size}",
            mend="with one treated city use did_prediction_interval or inference='permutation', with a few "
            "did_few_treated; or ask for inference='cluster'",
        )
    (note if enough else doubt)(f"nearest measured case (balanced panel, one start): {size}")
    share = f"; a nominal 5 % test of this kind rejected {100 * size.size:.0f} % of the time" if not enough else ""
    return Facts(
        {
            "interval": interval + share,
            "treated_clusters": treated,
            "untreated_clusters": untreated,
            "measured_size": size.size,
            "measured_at": (size.treated, size.comparison),
            "enough_clusters": enough,
        }
    )
