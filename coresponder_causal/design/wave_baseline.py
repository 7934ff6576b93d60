"""How persons scored on their first wave: those who were exposed later beside the others, by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from coresponder_causal.design.waves import WaveDesign


def first_wave(d: WaveDesign) -> pd.DataFrame:
    """Compare first scores.

    Parameters
    ----------
    d : WaveDesign

    Returns
    -------
    DataFrame
        A row for each group (empty without one) of those exposed on any wave, and of the others: ``group, exposed,
        persons, mean, sd, difference``; ``persons`` have a first score, ``difference`` is that of the exposed from the
        others of their group, in standard deviations of all.
    """
    first = ~d.source.duplicated(d.person).to_numpy()
    group = "" if d.group is None else d.source.loc[first, d.group].astype(str)
    own = pd.DataFrame({"group": group, "exposed": d.ever_exposed()[first], "y": d.values()[first]})
    spread = float(own["y"].std())
    found = own.groupby(["group", "exposed"])["y"].agg(["count", "mean", "std"]).reset_index()
    found = found.rename(columns={"count": "persons", "std": "sd"}).sort_values(
        ["group", "exposed"], ascending=[True, False], ignore_index=True
    )
    others = found["group"].map(found[~found["exposed"]].set_index("group")["mean"])
    apart = (found["mean"] - others) / spread if spread > 0 else np.nan
    return found.assign(difference=np.where(found["exposed"], apart, np.nan))


def said_first(d: WaveDesign) -> list[str]:
    """Say how those who were exposed later stood on their first wave, beside the others; by group."""
    said = []
    for name, rows in first_wave(d).groupby("group"):
        means = rows.set_index("exposed")["mean"].reindex([True, False])
        parts = [f"{mean:.3g}" if np.isfinite(mean) else "nobody" for mean in means]
        size = rows.loc[rows["exposed"], "difference"]
        apart = f" ({float(size.iloc[0]):+.2f} SD)" if len(size) and np.isfinite(size.iloc[0]) else ""
        head = f"{name!s}: " if name else ""
        said.append(f"{head}on the first wave {parts[0]} with later exposure, {parts[1]} without{apart}")
    return said
