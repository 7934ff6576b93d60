"""Groups named beforehand: fields that may cut calls, where numbers are cut, and groups too small to be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import least_shown, small_rows
from coresponder_causal.data.populations import traits
from coresponder_causal.design.covariates import is_text, late, no_value, value_groups

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Cuts = Mapping[str, Sequence[float]]
clocks = ("hour", "hour_of_week")
together = "others together"
even_shares = 0.05  # differences in what is recorded that pass without a doubt


class Grouped(NamedTuple):
    """Which calls are in each group, by field and value, all calls first; groups that are not shown."""

    rows: dict[tuple[str, str], Mask]
    left_out: tuple[str, ...]

    @property
    def terms(self) -> dict[str, Mask]:
        """The same by the name of the term."""
        return {f"{field}: {text}" if field else text: rows for (field, text), rows in self.rows.items()}


class Contrasted(NamedTuple):
    """A contrast of groups."""

    estimate: float
    std_error: float
    df: float


class Estimates(NamedTuple):
    """Effects of all calls and of each group; how contrasts of them are judged; the mean without the programme."""

    result: Result
    contrast: Callable[[Array], Contrasted]
    together: Callable[[Array], float]
    without: float


def why_not(field: str, columns: Sequence[str], adjusted: Sequence[str] | None) -> str | None:
    """Say why a field cannot cut the calls of a design; None where it can.

    Parameters
    ----------
    field : str
    columns : sequence of str
        Of the calls.
    adjusted : sequence of str, or None
        What the design adjusts for; None where it compares calls within each group.

    Examples
    --------
    >>> why_not("final_type", ["final_type"], None)
    'comes about after dispatch: the team may have changed it'
    """
    if field in (adjusted or ()) or (field in traits() and field in columns):
        return None
    if field in traits():
        return "no column of the calls holds it"
    if late(field) is not None:
        return "comes about after dispatch: the team may have changed it"
    if adjusted is not None:
        return "is not among what is adjusted for"
    return None if field in columns else "no column of the calls holds it"


def group_rows(
    frame: pd.DataFrame,
    fields: Sequence[str],
    cuts: Cuts,
    *,
    adjusted: Sequence[str] | None,
    is_small: Callable[[Mask], bool],
) -> Grouped:
    """Tell which calls are in each group; groups too small to be shown stand aside, with one that would give them away.

    Those that stand aside are put together as one group where that is large enough.

    Parameters
    ----------
    frame : DataFrame, n rows
    fields : sequence of str
    cuts : mapping of field to numbers
        Where a number is cut: a group begins at each. An hour of the clock goes round: its last group ends at the first
        cut. Other numbers with more than eight values are cut at their quartiles.
    adjusted : sequence of str, or None
        As of `why_not`.
    is_small : callable
        Whether a group cannot be shown.

    Raises
    ------
    EstimationError
        Fields that cannot cut these calls, cuts that are none, or no group that is large enough.
    """
    problems = Problems("subgroups")
    for field in dict.fromkeys(fields):
        if why := why_not(field, [*map(str, frame)], adjusted):
            problems.add(f"'{field}' {why}", mend=f"choose from {', '.join(_known(frame, adjusted))}")
    for said, mend in _wrong_cuts(frame, fields, cuts):
        problems.add(said, mend=mend)
    problems.raise_if_any(EstimationError)
    kept, small = {("", "effect"): np.ones(len(frame), bool)}, []
    for field in dict.fromkeys(fields):
        shown, hidden = _shown(_values(frame[field], field, cuts.get(field)), field, is_small)
        small += [f"{field}: {text}" for text in hidden]
        kept |= {(field, text): rows for text, rows in shown.items()}
    if len(kept) == 1:
        raise EstimationError(
            f"no group of {', '.join(fields)} has {least_shown} persons and events in both arms",
            mend="merge rare values, or name other fields",
        )
    return Grouped(kept, tuple(small))


def _shown(found: dict[str, Mask], field: str, is_small: Callable[[Mask], bool]) -> tuple[dict[str, Mask], list[str]]:
    """Choose groups that can be shown, and name those that cannot, which are put together if that is large enough."""
    hidden = [text for text, rows in found.items() if is_small(rows)]
    if len(hidden) == 1 and len(found) > 1:  # its numbers could be had by subtraction
        hidden.append(min((text for text in found if text not in hidden), key=lambda text: int(found[text].sum())))
    unknown = {no_value} if field in traits() else set()
    shown = {text: rows for text, rows in found.items() if text not in {*hidden, *unknown}}
    apart = [found[text] for text in hidden if text not in unknown]
    pooled = np.any(apart, axis=0) if len(apart) > 1 and shown else None
    if pooled is not None and not is_small(pooled):
        shown[together] = pooled
    named = f"{field}: {', '.join(hidden)}"
    if together in shown:
        note(f"{named}: too small to be shown, or next to one that is; shown as '{together}'")
    elif hidden:
        note(f"{named}: left out, too small to be shown or next to one that is")
    return shown, hidden


def say_recorded(frame: pd.DataFrame, fields: Sequence[str], arms: Mapping[str, Mask]) -> None:
    """Say of how many calls in each arm a trait is recorded; a doubt where arms are recorded unlike each other."""
    for field in (name for name in dict.fromkeys(fields) if name in traits()):
        shares = {name: float(frame.loc[rows, field].notna().mean()) for name, rows in arms.items()}
        uneven = max(shares.values()) - min(shares.values()) > even_shares
        said = ", ".join(f"{100 * share:.0f} % ({name})" for name, share in shares.items())
        tail = "; its groups may be unlike each other for that alone" if uneven else ""
        (doubt if uneven else note)(
            f"{field}, which is recorded on scene and not adjusted for, is known of so many calls: {said}{tail}"
        )


def too_small(y: Array, counts: pd.DataFrame) -> bool:
    """Whether parts of a group have too few persons, events or calls, or an outcome that does not vary.

    Parameters
    ----------
    y : ndarray
        Outcomes of the group's calls.
    counts : DataFrame
        ``persons, events, units`` of the group and its parts.
    """
    if not np.isin(y, [0.0, 1.0]).all():
        counts = counts.drop(columns="events")  # the sum of a number is no count
    varies = len(y) > 0 and bool(np.ptp(y) > 0)
    return not varies or bool(small_rows(counts).any()) or int(counts["units"].min()) < least_shown


def wrong_cuts(field: str, at: Sequence[float]) -> str | None:
    """Say how to mend the cuts of a field; None where they are right.

    Examples
    --------
    >>> wrong_cuts("hour", [6])
    'give two numbers or more, each larger than the one before'
    """
    round_the_clock = field in clocks
    if len(at) < 1 + round_the_clock or any(b <= a for a, b in pairwise(at)):
        return f"give {'two numbers or more' if round_the_clock else 'numbers'}, each larger than the one before"
    return None


def _known(frame: pd.DataFrame, adjusted: Sequence[str] | None) -> list[str]:
    return sorted(
        name for name in {*map(str, frame), *(adjusted or ())} if why_not(name, [*map(str, frame)], adjusted) is None
    )


def _wrong_cuts(frame: pd.DataFrame, fields: Sequence[str], cuts: Cuts) -> Iterator[tuple[str, str]]:
    for field, at in cuts.items():
        if field not in fields:
            yield f"cuts name '{field}', which is no field asked for", "name it among the fields, or take it out"
        elif field in frame and is_text(frame[field]):
            yield f"'{field}' holds text and cannot be cut", "take its cuts out"
        if mend := wrong_cuts(field, at):
            yield f"cuts of '{field}' are {list(at)}", mend


def _values(values: pd.Series, field: str, at: Sequence[float] | None) -> dict[str, Mask]:
    """Rows of each value, of a number between its cuts; yes and no in these words."""
    if at is None:
        yes_no = pd.api.types.is_bool_dtype(values) or (field in traits() and not is_text(values))
        return value_groups(values.astype("float64").map({1.0: "yes", 0.0: "no"}) if yes_no else values)
    number, known = values.to_numpy(float), values.notna().to_numpy(bool)
    ends = [f"{cut:g}" for cut in at]
    names = [f"{a} to below {b}" for a, b in pairwise(ends)]
    below = f"{ends[-1]} to below {ends[0]}" if field in clocks else f"below {ends[0]}"
    above = below if field in clocks else f"{ends[-1]} or more"
    place = np.searchsorted(at, number, side="right")
    texts = np.array([below, *names, above], object)[np.where(known, place, 0)]
    texts[~known] = no_value
    order = dict.fromkeys([below, *names, above, no_value])
    return {text: np.asarray(texts == text, bool) for text in order if (texts == text).any()}
