"""After how many interviews little that is new was heard, and how far that hangs on the order they came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import names_of
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.matrices import code_matrix

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Saturation:
    """How new information ran out.

    Parameters
    ----------
    at : int or None
        Interviews before the first run that brought little that is new; None where no run did.
    base, run : int
        Interviews of the base and of a run.
    threshold : float
        Largest share of new codes, of those of the base, that is little.
    course : DataFrame
        One row for each interview in its order: ``interview`` (its number), ``new`` codes, ``codes`` so far, ``share``
        of new codes of the run that ends there, and what 95 % of orders have: ``codes_low, codes_high``.
    orders : DataFrame
        One row for each shuffled order: ``at``, NaN where it was not reached.
    notes : tuple of str
    """

    at: int | None
    base: int
    run: int
    threshold: float
    course: pd.DataFrame
    orders: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def reached(self) -> float:
        """Share of orders in which saturation was reached."""
        return float(self.orders["at"].notna().mean())

    @property
    def band(self) -> tuple[float, float]:
        """Where saturation falls in 95 % of orders; infinite where it was not reached."""
        low, high = np.quantile(self.orders["at"].fillna(np.inf), (0.025, 0.975), method="inverted_cdf")
        return float(low), float(high)

    def __str__(self) -> str:
        codes, many = int(self.course["codes"].iloc[-1]), len(self.course)
        said = f"not reached in {many}" if self.at is None else f"reached at {self.at}+{self.run}"
        ends = " to ".join("never" if np.isinf(end) else f"{end:.0f}" for end in self.band)
        return (
            f"Saturation was {said} interviews ({codes} codes; base {self.base}, run {self.run}, at most "
            f"{100 * self.threshold:g} % new); in 95 % of orders {ends}, reached in {100 * self.reached:.0f} % of them."
        )


def saturation(
    coded: Coded,
    *,
    cases: Sequence[str] | None = None,
    base: int = 4,
    run: int = 2,
    threshold: float = 0.05,
    coder: str | None = None,
    roll_up: bool = False,
    shuffles: int = 1000,
    seed: int = 1,
) -> Saturation:
    """Say when interviews stopped to bring new codes.

    The codes of the first ``base`` interviews are what is new is measured by. A run is ``run`` interviews in a row; the
    first is the one after the base, the next begins one interview later. Saturation is reached at n interviews if the
    run that follows them, the first to do so, has at most ``threshold`` of the base's codes that were not heard before;
    it is written n+run.

    Not for codes that were written down before the interviews: a fixed codebook saturates by itself. It speaks of codes
    and not of what they mean, and of the people who were asked: each group of stakeholders has its own.

    Parameters
    ----------
    coded : Coded
    cases : sequence of str, optional
        Interviews in the order they were held, of one group if need be; by default all in the order of the project.
    base : int
        Interviews of the base, 4 to 6 in the paper.
    run : int
        Interviews of a run, 2 or 3 in the paper.
    threshold : float
        0.05, or 0 for nothing new at all.
    coder : str, optional
        Whose codes to take; by default everybody's.
    roll_up : bool
        A text has a code that stands above one it was given.
    shuffles, seed : int
        Orders drawn at random: order is chance, unless later interviews were chosen by what earlier ones said.

    Returns
    -------
    Saturation

    Raises
    ------
    DataError
        Listing every broken rule: too few interviews for base and run, names that are not there or come twice, numbers
        out of range, a base without a code.

    References
    ----------
    Guest, Namey & Chen (2020), doi:10.1371/journal.pone.0232076.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> told = ["ab", "bc", "a", "cd", "d", "a", "b"]
    >>> found = saturation(Coded(
    ...     codes=tuple(Code(name=name) for name in "abcd"),
    ...     sources=tuple(Source(name=f"I{i}", text="words") for i in range(7)),
    ...     segments=tuple(Segment(source=f"I{i}", start=0, end=5, code=c) for i, own in enumerate(told) for c in own),
    ... ))
    >>> found.at, found.course["codes"].tolist()
    (4, [2, 3, 3, 4, 4, 4, 4])
    """
    with collecting() as notes:
        heard = _heard(coded, cases, coder, roll_up)
        _require(heard, base, run, threshold, shuffles)
        many = len(heard)
        rng = np.random.default_rng(seed)
        order = np.vstack([np.arange(many), rng.permuted(np.tile(np.arange(many), (shuffles, 1)), axis=1)])
        new = np.array([np.bincount(_first(heard[own]), minlength=many)[:many] for own in order], float)
        codes = new.cumsum(axis=1)
        share, at = _runs(new, codes[:, base - 1], base, run, threshold)
        low, high = np.quantile(codes[1:], (0.025, 0.975), axis=0)
        _say(heard, at[1:])
    course = pd.DataFrame(
        {
            "interview": np.arange(1, many + 1),
            "new": new[0].astype(int),
            "codes": codes[0].astype(int),
            "share": share[0],
            "codes_low": low,
            "codes_high": high,
        }
    )
    return Saturation(
        at=None if np.isnan(at[0]) else int(at[0]),
        base=base,
        run=run,
        threshold=threshold,
        course=course,
        orders=pd.DataFrame({"at": at[1:]}),
        notes=tuple(notes),
    )


def _heard(coded: Coded, cases: Sequence[str] | None, coder: str | None, roll_up: bool) -> Flags:
    """Which interview, in order, had which code, of the codes that any had."""
    counts = code_matrix(coded, coder=coder, roll_up=roll_up)
    if cases is not None:
        asked, problems = list(names_of(cases)), Problems("saturation")
        if lost := len(set(asked) - set(counts.columns)):
            problems.add(f"{lost} of cases= are not there", mend="take names of cases of the project")
        if twice := len(asked) - len(set(asked)):
            problems.add(f"{twice} of cases= come twice", mend="name each once")
        problems.raise_if_any(DataError)
        counts = counts[asked]
    else:
        note("interviews are taken in the order of the project: cases= gives the order in which they were held")
    found = counts.to_numpy().T > 0
    return np.asarray(found[:, found.any(axis=0)], bool)


def _require(heard: Flags, base: int, run: int, threshold: float, shuffles: int) -> None:
    """Refuse what has no saturation."""
    problems = Problems("saturation")
    if base < 1 or run < 1:
        problems.add(f"base={base}, run={run}", mend="give whole numbers from 1, e.g. 4 and 2")
    if shuffles < 1:
        problems.add(f"shuffles={shuffles}", mend="give 1 or more, e.g. 1000")
    if not 0 <= threshold < 1:
        problems.add(f"threshold={threshold}", mend="give a share below 1, e.g. 0.05")
    if len(heard) < base + run:
        problems.add(
            f"{len(heard)} interviews are fewer than {base} + {run}", mend="hold more, or lower base= and run="
        )
    elif not heard[: max(base, 1)].any():
        problems.add(f"the first {base} interviews have no code", mend="code them, or raise base=")
    problems.raise_if_any(DataError)


def _first(heard: Flags) -> NDArray[np.intp]:
    """Interview in which each code was heard first."""
    return np.asarray(heard.argmax(axis=0), np.intp)


def _runs(new: Array, found: Array, base: int, run: int, threshold: float) -> tuple[Array, Array]:
    """Share of new codes of the run that ends at each interview, and interviews before the first with little."""
    sums = np.lib.stride_tricks.sliding_window_view(new[:, base:], run, axis=1).sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(found[:, None] > 0, sums / found[:, None], np.inf)
    little = share <= threshold + 1e-12
    at = np.where(little.any(axis=1), base + little.argmax(axis=1), np.nan)
    return np.pad(share, ((0, 0), (base + run - 1, 0)), constant_values=np.nan), np.asarray(at, float)


def _say(heard: Flags, at: Array) -> None:
    """Say which interviews had no code, and that orders differ."""
    if silent := int((~heard.any(axis=1)).sum()):
        note(f"{silent} of {len(heard)} interviews have no code: they count as interviews that brought nothing new")
    if missed := int(np.isnan(at).sum()):
        note(f"in {missed} of {len(at)} shuffled orders saturation was not reached")
