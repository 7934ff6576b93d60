"""Which numbers stay hidden when counts leave together, beside all that left before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coresponder_causal.core.attacker import intervals
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.suppression import suppress
from coresponder_causal.privacy.counts import Counts, answer, total
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
        What left before gives a small count away, or no pattern was found in time that goes with it. Publish coarser
        periods or fewer categories.

    Notes
    -----
    Every margin is taken as known. Where no pattern protects, the tables of the family with most rows are left out
    whole; of a last one its total is hidden too, or all of it. Where no row of a breakdown is shown its total is, as if
    nobody had broken it down, unless that would tell more than half of a small count's range. One symbol stands for all
    that is hidden, so that nobody sees which cells are small. Where all of a group share an answer, zero beside the
    others says so: that is shown.

    Examples
    --------
    >>> shown = pd.DataFrame({"district": ["a", "b", "c"], "count": [3, 20, 40]})
    >>> counts = Counts(family="calls", frame=shown, dimensions=("district",))
    >>> found = release([counts], policy=Policy(audience="public"))
    >>> found.hidden[0].tolist()
    [True, True, False]
    """
    hidden: list[Bools] = [np.ones(len(one.frame), bool) for one in counts]
    cells: dict[str, list[Earlier]] = {}
    for name in dict.fromkeys(one.family for one in counts):
        before = list((earlier or {}).get(name, ()))
        refused: DisclosureError | None = None
        for left, with_totals in _tries([number for number, one in enumerate(counts) if one.family == name], counts):
            family = family_of([counts[number] for number in left], before)
            try:
                if any(counts[number].whole for number in left):
                    pattern = _all_or_none(family, policy)
                else:
                    pattern = _pattern(family, policy, time_limit, seed, with_totals=with_totals)
            except DisclosureError as error:
                refused = error
                continue
            masks = [np.asarray(pattern[places].any(axis=1), bool) for places in family.places]
            cells[name] = _leaving(family, pattern)
            alone = _totals_alone([counts[number] for number in left], masks, family, before, policy)
            masks, cells[name] = alone or (masks, cells[name])
            for number, mask in zip(left, masks, strict=True):
                hidden[number] = mask
            break
        only_derived = all(one.whole for one in counts if one.family == name)
        if name not in cells and before and refused is not None and not only_derived:
            raise DisclosureError(f"'{name}': {refused.what}", mend=refused.mend) from refused
    return Released(hidden=tuple(hidden), cells=cells)


def _tries(numbers: list[int], counts: Sequence[Counts]) -> Iterator[tuple[list[int], bool]]:
    """Which counts to show, and whether with their totals: all; without the tables of most rows; the last without."""
    while numbers:
        yield numbers, True
        most = max(len(counts[number].frame) for number in numbers)
        coarser = [number for number in numbers if len(counts[number].frame) < most]
        if not coarser:
            yield numbers, False
        numbers = coarser


def _pattern(family: Family, policy: Policy, time_limit: float, seed: int, *, with_totals: bool) -> Bools:
    """Cells that stay hidden; without a search where nothing is small."""
    values, free = family.system.values, family.fresh & ~family.fixed
    small = (values > 0) & (values < policy.threshold)
    if not small.any():
        return family.unseen
    found = suppress(
        family.system,
        threshold=policy.threshold,
        fixed=family.fixed | (family.wholes & (values >= 2 * policy.threshold)),  # less leaves parts no room
        already_hidden=family.unseen if with_totals else family.unseen | (family.system.roots & free),
        time_limit=time_limit,
        seed=seed,
    )
    return np.asarray(found.hidden, bool)


def _totals_alone(
    counts: Sequence[Counts], masks: Sequence[Bools], family: Family, before: Sequence[Earlier], policy: Policy
) -> tuple[list[Bools], list[Earlier]] | None:
    """Show totals whose breakdown is hidden whole, as if nobody had broken them down; None where that tells too much.

    Beside the total of a breakdown a small count keeps half of its range even for who knows which counts are small.
    """
    grand = [_grand(one) for one in counts]
    lost = all(mask[~of_all].all() for mask, of_all in zip(masks, grand, strict=True))
    if not lost or not any((mask & of_all).any() for mask, of_all in zip(masks, grand, strict=True)):
        return None
    used = [number for number, of_all in enumerate(grand) if of_all.any()]
    totals = family_of([replace(counts[n], frame=counts[n].frame[grand[n]]) for n in used], before)
    top, values = policy.threshold - 1.0, family.system.values
    small = (values > 0) & (values <= top)
    labels = family.system.labels.drop(columns=[span_column, answer], errors="ignore")
    hidden: Bools = ~(labels.to_numpy() == total).all(axis=1) & ~family.fixed
    if (small & ~hidden).any():
        return None
    bounds = np.where(small, 1.0, 0.0), np.where(small, top, np.inf)
    low, high = intervals(family.system, hidden, bounds=bounds, cells=np.flatnonzero(small))
    if (high - low < top / 2).any():
        return None
    shown = [np.ones(len(mask), bool) for mask in masks]
    for number in used:
        shown[number][grand[number]] = False
    return shown, _leaving(totals, totals.unseen)


def _grand(one: Counts) -> Bools:
    """Rows that count everybody: "total" in each dimension but that of spans."""
    names = [name for name in one.dimensions if name != one.spans]
    found: Bools = (one.frame[names].to_numpy() == total).all(axis=1) if names else np.zeros(len(one.frame), bool)
    return found


def _all_or_none(family: Family, policy: Policy) -> Bools:
    """Hide nothing where no cell is small; refuse otherwise."""
    values = family.system.values
    if small := int(((values > 0) & (values < policy.threshold)).sum()):
        raise DisclosureError(
            f"{small} counts under {policy.threshold} follow by subtraction", mend="publish coarser periods"
        )
    return family.unseen


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
