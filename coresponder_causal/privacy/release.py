"""Which numbers stay hidden when counts leave together, beside all that left before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.suppression import suppress
from coresponder_causal.privacy.counts import Counts, total
from coresponder_causal.privacy.family import Bools, Earlier, Family, family_of, span_column
from coresponder_causal.privacy.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Released:
    """What may be shown of counts.

    Parameters
    ----------
    hidden : tuple of ndarray of bool
        For each of the counts, the rows whose numbers stay hidden.
    cells : mapping of str to list of Earlier
        By family, every cell as it leaves: with its value, or hidden.
    """

    hidden: tuple[Bools, ...]
    cells: Mapping[str, list[Earlier]]


def release(
    counts: Sequence[Counts],
    *,
    policy: Policy,
    earlier: Mapping[str, Sequence[Earlier]] | None = None,
    time_limit: float = 60.0,
    seed: int = 1,
) -> Released:
    """Choose what stays hidden so that no count under the threshold can be worked out.

    Parameters
    ----------
    counts : sequence of Counts
        All that leaves together.
    policy : Policy
    earlier : mapping of family to sequence of Earlier, optional
        What left before, as a `Ledger` keeps it.
    time_limit : float
        Seconds for each family.
    seed : int

    Returns
    -------
    Released

    Raises
    ------
    DisclosureError
        What left before, or what would be left to hide, gives a small count away; or no pattern was found in time.
        Publish coarser periods or fewer categories.

    Notes
    -----
    Every margin is taken as known. One symbol stands for all that is hidden, so that nobody sees which cells are small.
    Where all of a group share an answer, zero beside the others says so: that is shown.

    Examples
    --------
    >>> shown = pd.DataFrame({"district": ["a", "b", "c"], "count": [3, 20, 40]})
    >>> found = release([Counts(family="calls", frame=shown, dimensions=("district",))], policy=Policy(audience="public"))
    >>> found.hidden[0].tolist()
    [True, True, False]
    """
    hidden: dict[int, Bools] = {}
    cells: dict[str, list[Earlier]] = {}
    for name in dict.fromkeys(one.family for one in counts):
        own = [number for number, one in enumerate(counts) if one.family == name]
        before = list((earlier or {}).get(name, ()))
        family = family_of([counts[number] for number in own], before)
        pattern = _pattern(family, policy, name, time_limit, seed)
        hidden |= {number: pattern[at].any(axis=1) for number, at in zip(own, family.places, strict=True)}
        cells[name] = _leaving(family, pattern)
    return Released(hidden=tuple(hidden[number] for number in range(len(counts))), cells=cells)


def _pattern(family: Family, policy: Policy, name: str, time_limit: float, seed: int) -> Bools:
    """Cells that stay hidden; without a search where nothing is small and nothing was hidden before."""
    values = family.system.values
    small = (values > 0) & (values < policy.threshold)
    if not small.any() and not (family.unseen & family.fresh).any():
        return family.unseen
    try:
        found = suppress(
            family.system,
            threshold=policy.threshold,
            fixed=family.fixed,
            already_hidden=family.unseen,
            time_limit=time_limit,
            seed=seed,
        )
    except DisclosureError as error:
        raise DisclosureError(f"'{name}': {error.what}", mend=error.mend) from error
    return np.asarray(found.hidden, bool)


def _leaving(family: Family, pattern: Bools) -> list[Earlier]:
    """List every cell of what is shown now."""
    labels = family.system.labels
    names = [column for column in labels if column != span_column]
    rows = labels[family.fresh].to_dict("records")
    shown = np.where(pattern, np.nan, family.system.values)[family.fresh]
    return [
        Earlier(
            labels={str(name): row[name] for name in names if row[name] != total},
            span=family.spans[row[span_column]],
            value=None if pd.isna(value) else int(value),
        )
        for row, value in zip(rows, shown, strict=True)
    ]
