"""Groups of officers that are never of few: bands of a dose merged, squads pooled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.notes import note
from coresponder_causal.privacy.policy import usual_threshold

others = "others"


def banded(dose: pd.Series, bands: Sequence[int]) -> pd.Series:
    """Put numbers of calls into bands that each hold enough officers.

    Parameters
    ----------
    dose : Series of int
        Calls of each officer.
    bands : sequence of int
        Least number of each band after "0".

    Returns
    -------
    Series of str
        Label of each officer's band. Bands of fewer than 11 officers are merged with their smaller neighbour, with "0"
        only where there is no other; a note says which are left.

    Raises
    ------
    DisclosureError
        Fewer than 11 officers in all.

    Examples
    --------
    >>> banded(pd.Series([0] * 12 + [7] * 9 + [30] * 5), (1, 6, 21)).unique().tolist()
    ['0', '1 or more']
    """
    place = np.searchsorted(np.asarray(bands), dose.to_numpy(), side="right")
    if len(place) < usual_threshold:
        raise DisclosureError(
            f"{len(place)} officers have codes: no band of {usual_threshold} can be formed", mend="ask more officers"
        )
    groups = [[number] for number in range(len(bands) + 1)]
    sizes = [int((place == number).sum()) for number in range(len(bands) + 1)]
    while (few := next((at for at, size in enumerate(sizes) if size < usual_threshold), None)) is not None:
        beside = min((at for at in (few - 1, few + 1) if 0 <= at < len(sizes)), key=lambda at: (at == 0, sizes[at]))
        low = min(few, beside)
        groups[low : low + 2] = [groups[low] + groups[low + 1]]
        sizes[low : low + 2] = [sizes[low] + sizes[low + 1]]
    edges = (0, *bands)
    labels = {number: _label(edges, group) for group in groups for number in group}
    if len(groups) <= len(bands):
        said = ", ".join(labels[group[0]] for group in groups)
        note(f"bands of fewer than {usual_threshold} officers were merged; those that leave: {said}")
    return pd.Series(place, index=dose.index).map(labels).astype(object)


def _label(edges: tuple[int, ...], group: list[int]) -> str:
    low, after = edges[group[0]], group[-1] + 1
    if after == len(edges):
        return f"{low} or more"
    return str(low) if edges[after] - 1 == low else f"{low} to {edges[after] - 1}"


def pooled(labels: pd.Series, name: str) -> pd.Series | None:
    """Keep groups of many and pool the rest so that they are of many too.

    Parameters
    ----------
    labels : Series of str
        Group of each officer, such as the squad.
    name : str
        What they are, for notes.

    Returns
    -------
    Series of str, or None where one group would be left
        Groups of fewer than 11 officers are "others"; where these are still fewer, the smallest other group joins them.

    Examples
    --------
    >>> pooled(pd.Series(["a"] * 12 + ["b"] * 11 + ["c"] * 3), "squad").value_counts().to_dict()
    {'others': 14, 'a': 12}
    """
    sizes = labels[labels != others].value_counts().sort_index(kind="stable").sort_values(kind="stable")
    kept = sizes[sizes >= usual_threshold]
    while len(kept) and 0 < len(labels) - kept.sum() < usual_threshold:
        kept = kept.iloc[1:]
    rest = len(labels) - int(kept.sum())
    if len(kept) + (rest > 0) < 2:
        note(f"{name} is left out: its groups are of fewer than {usual_threshold} officers")
        return None
    if rest:
        note(f"{name}: groups of fewer than {usual_threshold} officers, and as many more as that takes, are '{others}'")
    return labels.where(labels.isin(kept.index), others).astype(object)
