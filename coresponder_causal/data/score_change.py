"""Scores of the same persons on two occasions: how well they agree, and who changed by more than chance makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.inference import critical, interval, wilson
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.reliability import absolute_agreement
from coresponder_causal.data.frames import to_pandas

Array = NDArray[np.float64]
fewest = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ScoreChange:
    """What `retest` or `reliable_change` found.

    Parameters
    ----------
    table : DataFrame
    notes : tuple of str
        Who was left out.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return str(self.table.to_string(index=False, float_format="{:.3f}".format))


def retest(
    waves: object,
    *,
    score: str,
    person: str,
    wave: str = "wave",
    between: tuple[object, object] = (0, 1),
    level: float = 0.95,
) -> ScoreChange:
    """Agreement of a score with itself on two occasions between which nothing should have changed it.

    Not to be used across the start of a programme: change then counts as error. Ask a part of the persons twice, two
    to four weeks apart, before it.

    Parameters
    ----------
    waves : DataFrame or Table
        One row per person and occasion.
    score, person, wave : str
        Columns.
    between : tuple
        The two occasions.
    level : float

    Returns
    -------
    ScoreChange
        One row: ``n_persons, icc, icc_low, icc_high`` (absolute agreement of single scores), ``standard_error`` (of
        measurement), ``detectable_change`` (a person's change that chance exceeds once in twenty), ``mean_change,
        mean_change_low, mean_change_high`` (what being asked before does, apart from anything else).

    Raises
    ------
    DataError
        Columns that are missing, a person with two rows on an occasion, or fewer than three persons on both.

    References
    ----------
    McGraw & Wong (1996), doi:10.1037/1082-989X.1.1.30; Weir (2005), J Strength Cond Res 19(1):231 (detectable change).

    Examples
    --------
    >>> frame = pd.DataFrame({"officer": list("abcdef") * 2, "wave": [0] * 6 + [1] * 6})
    >>> frame["y"] = [1.0, 2, 3, 4, 5, 3, 1.5, 2, 2.5, 4, 5, 3.5]
    >>> retest(frame, score="y", person="officer").table[["icc", "standard_error"]].round(2).values.tolist()
    [[0.97, 0.27]]
    """
    with collecting() as notes:
        both = _pairs(waves, score, person, wave, between)[list(between)].to_numpy(float)
    found = absolute_agreement(both, level)
    change = both[:, 1] - both[:, 0]
    error = change.std(ddof=1) / np.sqrt(len(change))
    low, high = interval(change.mean(), error, len(change) - 1, level)
    row = {
        "n_persons": len(both),
        "icc": found.coefficient.estimate,
        "icc_low": found.coefficient.low,
        "icc_high": found.coefficient.high,
        "standard_error": found.error,
        "detectable_change": float(critical(np.inf) * np.sqrt(2) * found.error),
        "mean_change": float(change.mean()),
        "mean_change_low": float(low),
        "mean_change_high": float(high),
    }
    return ScoreChange(table=pd.DataFrame([row]), notes=tuple(notes))


def reliable_change(
    waves: object,
    *,
    score: str,
    person: str,
    reliability: float | tuple[float, float, float],
    wave: str = "wave",
    between: tuple[object, object] = (0, 1),
    group: str | None = None,
    spread: float | None = None,
    level: float = 0.95,
) -> ScoreChange:
    """Count the persons whose score rose, or fell, by more than the score's own error explains.

    A change is beyond chance where it exceeds t · s · √(2(1 − r)), s the spread of scores before and r their
    reliability. Not to be read as an effect: persons far from the middle return towards it, and being asked again
    moves scores; the share that chance alone makes stands beside. Compare groups by `estimate.wave_change`.

    Parameters
    ----------
    waves : DataFrame or Table
        One row per person and wave.
    score, person, wave : str
        Columns.
    reliability : float, or (estimate, low, high)
        r, of a retest or `reliability`; with its bounds the counts are also made at both.
    between : tuple
        The wave before and the wave after.
    group : str, optional
        Column, such as the exposure, within whose levels to count; the level of the wave after.
    spread : float, optional
        s; by default the standard deviation before, of all persons.
    level : float
        Of the change, and of the bounds of the shares.

    Returns
    -------
    ScoreChange
        One row per group: ``group, n_persons, least_change, rose, same, fell`` (persons), ``rose_share, rose_low,
        rose_high, fell_share, fell_low, fell_high, by_chance`` (share that moves either way where nobody changed), and
        ``rose_at_low, fell_at_low, rose_at_high, fell_at_high`` (persons, at the bounds of r).

    Raises
    ------
    DataError
        As `retest`; a reliability that is no share in order; a spread that is not positive.

    References
    ----------
    Jacobson & Truax (1991), doi:10.1037/0022-006X.59.1.12.

    Examples
    --------
    >>> frame = pd.DataFrame({"officer": [1, 2, 3, 4] * 2, "wave": [0] * 4 + [1] * 4})
    >>> frame["y"] = [2.0, 3, 4, 3, 4.5, 3, 4, 2.5]
    >>> found = reliable_change(frame, score="y", person="officer", reliability=0.8)
    >>> found.table[["least_change", "rose", "same", "fell"]].round(2).values.tolist()
    [[1.01, 1.0, 3.0, 0.0]]
    """
    r = (reliability,) * 3 if isinstance(reliability, (int, float)) else tuple(reliability)
    with collecting() as notes:
        both = _pairs(waves, score, person, wave, between, group)
    before = both[between[0]].to_numpy(float)
    s = float(before.std(ddof=1)) if spread is None else spread
    problems = Problems("reliable change")
    if not (len(r) == 3 and 0 <= r[1] <= r[0] <= r[2] < 1):
        problems.add(f"reliability={reliability!r}", mend="give a share below 1, or (estimate, low, high)")
    if not s > 0:
        problems.add(f"scores before vary by {s:g}", mend="give spread=, of a larger group")
    problems.raise_if_any(DataError)
    least = [float(critical(np.inf, level) * s * np.sqrt(2 * (1 - value))) for value in r]
    parts = [("all", both)] if group is None else list(both.groupby(group, sort=True))
    change = {str(label): (part[between[1]] - part[between[0]]).to_numpy(float) for label, part in parts}
    rows = [{"group": label} | _counts(moved, least, level) for label, moved in change.items()]
    return ScoreChange(table=pd.DataFrame(rows), notes=tuple(notes))


def _counts(change: Array, least: list[float], level: float) -> dict[str, float]:
    """Persons and shares of one group; ``least``: changes beyond chance at r and at its bounds."""
    n, tiny = len(change), 1e-9
    rose, fell = ([int((sign * change > cut + tiny).sum()) for cut in least] for sign in (1, -1))
    row: dict[str, float] = {"n_persons": n, "least_change": least[0]}
    row |= {"rose": rose[0], "same": n - rose[0] - fell[0], "fell": fell[0]}
    for name, count in (("rose", rose[0]), ("fell", fell[0])):
        low, high = wilson(count, n, level)
        row |= {f"{name}_share": count / n, f"{name}_low": float(low), f"{name}_high": float(high)}
    row |= {"by_chance": 1 - level, "rose_at_low": rose[1], "fell_at_low": fell[1]}
    return row | {"rose_at_high": rose[2], "fell_at_high": fell[2]}


def _pairs(
    waves: object, score: str, person: str, wave: str, between: tuple[object, object], group: str | None = None
) -> pd.DataFrame:
    """One row per person with a score on both occasions: a column for each, and the group at the second."""
    frame = to_pandas(waves)
    problems = Problems("scores of two occasions")
    for name in (score, person, wave, *([group] if group else [])):
        if name not in frame:
            problems.add(f"column '{name}' is missing", mend="name a column of the waves")
    problems.raise_if_any(DataError)
    held = frame[frame[wave].isin(between)]
    doubled = held[held.duplicated([person, wave], keep=False)]
    if len(doubled):
        problems.add(f"{len(doubled)} rows share person and wave", mend="keep one of each", rows=doubled.index)
        problems.raise_if_any(DataError)
    wide = held.pivot(index=person, columns=wave, values=score).reindex(columns=list(between))
    kept = wide.dropna()
    if lost := len(wide) - len(kept):
        note(f"{lost} of {len(wide)} persons lack a score on one of the two occasions and are left out")
    if len(kept) < fewest:
        raise DataError(f"{len(kept)} persons have '{score}' on both occasions", mend=f"bring {fewest} or more")
    if group is None:
        return kept
    later = held[held[wave] == between[1]].set_index(person)[group]
    return kept.assign(**{group: later.reindex(kept.index)})
