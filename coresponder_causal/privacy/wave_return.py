"""What the employer gets of linked waves: mean changes of groups of eleven or more, and nothing of anybody.

A mean is returned if what leaves, with all that left before, tells by no combination of fewer than eleven persons; if
nobody's answer follows from how near it is to the end of the scale; and if it does not say that everybody who was
asked answered. Means and bounds are rounded; no smallest or largest answer, no number of persons and no level is
returned. One sign stands for all that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.data.instrument import instruments
from coresponder_causal.privacy.county_return import Key
from coresponder_causal.privacy.family import Earlier
from coresponder_causal.privacy.ledger import Ledger
from coresponder_causal.privacy.policy import usual_threshold
from coresponder_causal.privacy.wave_differencing import Member, fewest_told, member_marks
from coresponder_causal.privacy.wave_groups import waves_of
from coresponder_causal.privacy.wave_link import LinkedWaves
from coresponder_causal.privacy.wave_means import Scale, changes_of, judged, means_of

not_reported = "not reported at this n"
steps_of_scale = 40
most_groups = 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveReturn:
    """Mean changes that may leave.

    Parameters
    ----------
    between : tuple of int
        The waves.
    frame : DataFrame
        ``score, group, label, persons`` ("20 or more"), ``change, low, high`` (missing where not reported) and
        ``said``: "reported" or "not reported at this n". Bounds are missing too where they would tell how alike answers
        are.
    scales : mapping of str to (low, high)
        Ends of each score. Means are rounded to a fortieth of what lies between; bounds are rounded outwards.
    cells : mapping of str to list of Earlier
        For the ledger: it stays at the university.
    head : str
        Fingerprint of the ledger's last line when this was held against what left before.
    """

    between: tuple[int, int]
    frame: pd.DataFrame
    scales: Mapping[str, Scale]
    cells: Mapping[str, list[Earlier]]
    head: str

    def __repr__(self) -> str:
        shown = int(self.frame["said"].ne(not_reported).sum())
        return f"WaveReturn(waves {self.between[0]} and {self.between[1]}, {shown} of {len(self.frame)} means reported)"


def wave_return(
    linked: LinkedWaves,
    *,
    key: Key,
    ledger: Ledger,
    scores: Sequence[str] | None = None,
    by: Sequence[str] | None = None,
    between: tuple[int, int] | None = None,
    scales: Mapping[str, Scale] | None = None,
    level: float = 0.95,
) -> WaveReturn:
    """Compute the mean changes that the employer may see.

    Parameters
    ----------
    linked : LinkedWaves
    key : Key
        Of the university.
    ledger : Ledger
        What left before. Nothing is written to it: `record_return` does.
    scores : sequence of str, optional
        By default all that are there.
    by : sequence of str, optional
        Groupings, by default all. With each, everybody together is shown too.
    between : tuple of int, optional
        Two waves, by default those of the groups.
    scales : mapping of str to (low, high), optional
        Ends of scores; by default those of the own instruments.
    level : float
        Of the intervals, Student's with n - 1 degrees of freedom.

    Returns
    -------
    WaveReturn

    Raises
    ------
    DisclosureError
        Another key, unknown scores, groupings or waves, scores beyond their scale, or nothing that may leave.

    Notes
    -----
    Which means may be shown taken alone says `coresponder_causal.privacy.wave_means.judged`. What is hidden beside them
    is chosen so that fewest persons are lost, among all choices after which no combination of what left, earlier
    returns included, tells of fewer than 11 persons.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> key = Key(bytes(32), "example", "2026")
    >>> rng = np.random.default_rng(1)
    >>> people = pd.DataFrame({"person": [f"c{k}" for k in range(40)], "band": ["0"] * 20 + ["1 or more"] * 20})
    >>> rows = pd.concat([people.assign(wave=wave, stigma_score=rng.uniform(1, 5, 40)) for wave in (0, 1)])
    >>> asked = pd.DataFrame({"group": ["all"], "label": ["all"], "asked": [60]})
    >>> linked = LinkedWaves(key=key.id, person="officer", between=(0, 1), groups=("band",), scores=("stigma_score",),
    ...                      frame=rows, asked=asked)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = wave_return(linked, key=key, ledger=Ledger(Path(folder) / "left.jsonl"))
    >>> made.frame[["label", "persons", "said"]].values.tolist()
    [['all', '40 or more', 'reported'], ['0', '20 or more', 'reported'], ['1 or more', '20 or more', 'reported']]
    """
    waves = linked.between if between is None else between
    named = tuple(linked.scores if scores is None else scores)
    cuts = tuple(linked.groups if by is None else by)
    ends = {**_own_scales(linked.person), **(scales or {})}
    _refuse(linked, key, named, cuts, waves, ends)
    head, left = ledger.verify(), ledger.cells()
    frames, cells = [], {}
    for score in named:
        changes = changes_of(linked, score, waves)
        marks = member_marks(changes, key=key, score=score, between=waves)
        family = f"{waves_of[linked.person]}.{score}"
        before = [cell.span for cell in left.get(family, ())]
        rows = judged(means_of(changes, cuts, linked.asked), ends[score], level)
        shown = _chosen(rows, [_union(marks, codes) for codes in rows["codes"]], before)
        step = step_of(ends[score])
        frames.append(_told(rows, shown, step).assign(score=score))
        cells[family] = [
            Earlier(labels={}, span=_union(marks, codes), value=round(mean / step))
            for codes, mean in rows.loc[shown, ["codes", "mean"]].itertuples(index=False, name=None)
        ]
    frame = pd.concat(frames, ignore_index=True)[
        ["score", "group", "label", "persons", "change", "low", "high", "said"]
    ]
    if (frame["said"] == not_reported).all():
        raise DisclosureError(
            f"none of {len(frame)} means may be returned at this n, with what left before",
            mend="return fewer groupings, or wait for a wave with more answers",
        )
    chosen = {score: ends[score] for score in named}
    return WaveReturn(between=waves, frame=frame, scales=chosen, cells=cells, head=head)


def step_of(ends: Scale) -> float:
    """To what means on a scale are rounded."""
    return (ends[1] - ends[0]) / steps_of_scale


def record_return(returned: WaveReturn, ledger: Ledger, *, content: bytes, name: str) -> str:
    """Write down what leaves, before it leaves; return the fingerprint of the ledger's line.

    Parameters
    ----------
    returned : WaveReturn
    ledger : Ledger
        Where it is written down.
    content : bytes
        Of the file that leaves.
    name : str
        Of the file that leaves.

    Raises
    ------
    DisclosureError
        The ledger was changed, or another release was recorded since the means were chosen: choose them again.
    """
    if not ledger.path.exists():
        ledger.path.parent.mkdir(parents=True, exist_ok=True)
        ledger.path.touch(mode=0o600)
    return ledger.record(returned.cells, content=content, name=name, since=returned.head)


def _own_scales(person: str) -> dict[str, Scale]:
    own = instruments()["officer_wave" if person == "officer" else "staff_wave"]
    return {score.field: (score.low, score.high) for score in own.scores}


def _refuse(
    linked: LinkedWaves,
    key: Key,
    scores: Sequence[str],
    by: Sequence[str],
    waves: tuple[int, int],
    ends: Mapping[str, Scale],
) -> None:
    problems = Problems("the return of waves")
    if key.id != linked.key:
        problems.add(f"the waves were linked with the key {linked.key}, and this one is {key.id}", mend="use that key")
    if strange := [name for name in scores if name not in linked.scores] or not scores:
        problems.add(f"scores {strange} are not there", mend=f"choose from {', '.join(linked.scores) or 'none'}")
    if strange := [name for name in by if name not in linked.groups]:
        problems.add(f"groupings {strange} are not there", mend=f"choose from {', '.join(linked.groups)}")
    there = sorted(set(linked.frame["wave"].tolist()))
    if not waves[0] < waves[1] or not set(waves) <= set(there):
        problems.add(f"waves {waves[0]} and {waves[1]} of {there}", mend="name two that are there, the earlier first")
    for name in (name for name in scores if name in linked.scores):
        if name not in ends:
            problems.add(f"the scale of '{name}' is not known", mend="give its ends in scales")
        elif not linked.frame[name].dropna().between(*ends[name]).all():
            low, high = ends[name]
            problems.add(
                f"'{name}' goes beyond its scale from {low:g} to {high:g}", mend="correct scales or the scores"
            )
    problems.raise_if_any(DisclosureError)


def _chosen(rows: pd.DataFrame, members: list[Member], before: list[Member]) -> list[int]:
    """Places of the groups that are shown: those that fit, less as few persons as what left before and the rest ask."""

    def safe(shown: Sequence[int]) -> bool:
        told = [*dict.fromkeys([*before, *(members[place] for place in shown)])]
        return fewest_told(told, threshold=usual_threshold) >= usual_threshold

    able = [place for place, fits in enumerate(rows["fits"]) if fits and safe([place])]
    if len(able) > most_groups:
        raise DisclosureError(
            f"{len(able)} groups are too many to find what must stay hidden beside them", mend="name fewer in by"
        )
    sizes = rows["n"].to_list()
    for lost in sorted(_subsets(able), key=lambda some: (sum(sizes[place] for place in some), len(some), some)):
        shown = [place for place in able if place not in lost]
        if safe(shown):
            return shown
    return []


def _subsets(places: list[int]) -> Iterable[tuple[int, ...]]:
    return (some for many in range(len(places) + 1) for some in combinations(places, many))


def _told(rows: pd.DataFrame, shown: list[int], step: float) -> pd.DataFrame:
    """Write what is shown, rounded; the rest with one sign."""
    seen = pd.Series(rows.index.isin(shown), index=rows.index)
    return rows[["group", "label"]].assign(
        persons=rows["persons"].where(seen, ""),
        change=_in_steps((rows["mean"] / step).round(), step).where(seen),
        low=_in_steps(np.floor(rows["low"] / step), step).where(seen),
        high=_in_steps(np.ceil(rows["high"] / step), step).where(seen),
        said=np.where(seen, "reported", not_reported),
    )


def _in_steps(many: pd.Series, step: float) -> pd.Series:
    return (many * step).round(10) + 0.0  # no -0


def _union(marks: pd.Series, codes: tuple[str, ...]) -> Member:
    return frozenset().union(*marks.loc[list(codes)])
