"""Which narratives people are to code: calls drawn by lot, each with a known chance, within cells of what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.core.allocation import Allocation, added_variance, allocated, fewest
from coresponder_causal.core.choices import names_of, refuse_choice
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note

Wrong: TypeAlias = tuple[float, float]
Cell = Literal["machine", "arm", "month", "quarter", "year"]
periods: dict[str, str] = {"month": "M", "quarter": "Q", "year": "Y"}
usual_wrong: Wrong = (0.5, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NarrativeSample:
    """A drawn sample of calls whose narratives people code: made by `draw_narratives`, never by hand.

    Parameters
    ----------
    frame : DataFrame
        One row per call that has a narrative: ``call_id, machine`` (its code, missing where there is none), ``arm``,
        ``cell``, ``chance`` above 0 and ``drawn``.
    cells : DataFrame
        One row per cell: ``cell, calls, drawn, chance``.
    by : tuple of str
        What forms the cells.
    code : str
        Column of the narratives that is coded.
    allocation : str
    seed : int
        Seed of the lot.
    """

    frame: pd.DataFrame
    cells: pd.DataFrame
    by: tuple[str, ...]
    code: str
    allocation: str
    seed: int

    def __repr__(self) -> str:
        return f"NarrativeSample: {self.describe()}"

    def describe(self) -> str:
        """Return the sample in words."""
        chance, drawn = self.frame["chance"], int(self.frame["drawn"].sum())
        return (
            f"{drawn:,} of {len(self.frame):,} calls with a narrative drawn by lot (seed {self.seed}) in "
            f"{len(self.cells)} cells of {', '.join(self.by)}; the chance of a call was {chance.min():.3g} to "
            f"{chance.max():.3g} ({self.allocation})"
        )


def draw_narratives(
    narratives: pd.DataFrame,
    calls: pd.DataFrame,
    *,
    number: int,
    code: str = "crisis_coded",
    treatment: str = "attended",
    by: Sequence[Cell] | Cell = (),
    allocation: Allocation = "proportional",
    wrong: Wrong = usual_wrong,
    seed: int,
) -> NarrativeSample:
    """Draw calls by lot within cells; all narratives of a drawn call are coded.

    Not for picking telling examples: a sample that somebody chose stands for nothing but itself.

    Parameters
    ----------
    narratives : DataFrame
        The table "narratives"; ``code`` holds what a machine coded, where one did: a call is a yes if any is.
    calls : DataFrame
        The table "calls", with ``received_at``.
    number : int
        How many calls people can code.
    code : str
        Column of the narratives that is coded.
    treatment : str
        Column of the calls that says the arm.
    by : names among "machine", "arm", "month", "quarter", "year"
        What forms the cells; by default the machine's code, the arm, and the finest period in which each cell gets two.
    allocation : {"proportional", "optimum"}
        The same chance for all, or Neyman's for the difference of the arms: more where an arm has fewer calls and the
        machine errs more.
    wrong : pair of float
        Shares that are expected to be wrong of what the machine called yes, and no; for the optimum alone.
    seed : int
        Seed of the lot; state it.

    Returns
    -------
    NarrativeSample

    Raises
    ------
    DesignError
        Listing every broken rule: columns that are not there, no narrative with a call, a number that is too small for
        the cells or larger than the calls, unknown cells, shares outside 0 to 1.

    References
    ----------
    Neyman (1934), doi:10.2307/2342192; Egami, Hinck, Stewart & Wei (2023), doi:10.48550/arXiv.2306.04746.

    Examples
    --------
    >>> calls = pd.DataFrame({"call_id": list("abcdefgh"), "attended": [True, False] * 4,
    ...                       "received_at": pd.Timestamp("2021-03-01")})
    >>> told = pd.DataFrame({"call_id": list("abcdefgh"), "author": "o1", "text": "Calm.", "crisis_coded": [True] * 8})
    >>> sample = draw_narratives(told, calls, number=4, seed=1)
    >>> sample.frame["chance"].unique().tolist(), sample.by
    ([0.5], ('machine', 'arm', 'month'))
    """
    problems = Problems("the sample of narratives")
    asked = names_of(by)
    for name in asked:
        refuse_choice("by", name, Cell, problems)
    refuse_choice("allocation", allocation, Allocation, problems)
    if not all(0 < share <= 1 for share in wrong):
        problems.add(f"wrong={wrong} are no shares above 0", mend="expect some errors of the machine: (0.2, 0.05)")
    needed = (("narratives", narratives, ("call_id", "text")), ("calls", calls, ("call_id", treatment, "received_at")))
    for what, table, names in needed:
        if absent := [name for name in names if name not in table]:
            problems.add(f"the {what} have no column {', '.join(absent)}", mend="add it")
    problems.raise_if_any(DesignError)
    frame = _frame(narratives, calls, code, treatment)
    if not 1 <= number <= len(frame):
        raise DesignError(f"{number} of {len(frame)} calls with a narrative", mend="draw at least one, at most all")
    chosen = asked or _finest(frame, number)
    frame["cell"] = frame[list(chosen)].agg(" · ".join, axis=1)
    cells = _cells(frame, number, allocation, wrong)
    drawn = _drawn(frame, cells, seed)
    kept = frame[["call_id", "code", "arm", "cell"]].rename(columns={"code": "machine"})
    kept["chance"] = frame["cell"].map(cells.set_index("cell")["chance"]).to_numpy(float)
    return NarrativeSample(
        frame=kept.assign(drawn=drawn), cells=cells[["cell", "calls", "drawn", "chance"]], by=chosen, code=code,
        allocation=allocation, seed=seed,
    )  # fmt: skip


def _frame(narratives: pd.DataFrame, calls: pd.DataFrame, code: str, treatment: str) -> pd.DataFrame:
    """One row per call with a narrative: the machine's code, the arm and the periods, as words for the cells."""
    told = narratives[narratives["text"].notna()]
    if blank := len(narratives) - len(told):
        note(f"{blank:,} of {len(narratives):,} narratives have no text and are not drawn")
    by_machine = told.get("coded_by", pd.Series("machine", index=told.index)).fillna("machine").eq("machine")
    codes = told[code] if code in told else pd.Series(pd.NA, index=told.index)
    read = codes.where(by_machine).astype("boolean")
    machine = pd.DataFrame({"call_id": told["call_id"], "code": read}).groupby("call_id", sort=False)["code"].max()
    frame = calls[["call_id", treatment, "received_at"]].merge(machine.reset_index(), on="call_id")
    if lost := int((~told["call_id"].isin(calls["call_id"])).sum()):
        note(f"{lost:,} narratives are of no call in the table and are not drawn")
    known = frame[treatment].notna() & frame["received_at"].notna()
    if unknown := int((~known).sum()):
        note(f"{unknown:,} calls have no '{treatment}' or no time and are not drawn")
    frame = frame[known].reset_index(drop=True)
    if frame.empty:
        raise DesignError("no call has a narrative", mend="give the narratives of these calls")
    yes = {True: "yes", False: "no"}
    frame["machine"] = "machine " + frame["code"].map(yes).astype(object).fillna("blank")
    frame["arm"] = treatment.replace("_", " ") + " " + frame[treatment].astype(bool).map(yes)
    for name, letter in periods.items():
        frame[name] = frame["received_at"].dt.to_period(letter).astype(str)
    return frame


def _finest(frame: pd.DataFrame, number: int) -> tuple[str, ...]:
    """Machine, arm and the finest period whose cells can have two each, and of the larger ones no more than asked."""
    for period in (*periods, None):
        by = ("machine", "arm", period) if period else ("machine", "arm")
        if int(np.minimum(frame.groupby(list(by)).size(), fewest).sum()) <= number:
            break
    return by


def _cells(frame: pd.DataFrame, number: int, allocation: Allocation, wrong: Wrong) -> pd.DataFrame:
    """Count calls by cell, and how many of them are drawn."""
    each = frame["code"].map({True: wrong[0], False: wrong[1]}).astype(float).fillna(max(wrong))
    share = 1.0 / frame.groupby("arm")["arm"].transform("size")
    told = frame.assign(wrong=each, share=share).groupby("cell", sort=True)
    cells = told.agg(calls=("cell", "size"), wrong=("wrong", "mean"), share=("share", "sum")).reset_index()
    sizes = cells["calls"].to_numpy(np.int64)
    if number < (least := int(np.minimum(sizes, fewest).sum())):
        raise DesignError(f"{number} calls for {len(cells)} cells", mend=f"draw {least} or more, or fewer cells: by=")
    wanted = (cells["share"] * np.sqrt(cells["wrong"])).to_numpy(float)
    cells["drawn"] = allocated(wanted, sizes, number, allocation)
    cells["chance"] = cells["drawn"] / cells["calls"]
    cells["variance"] = added_variance(wanted, sizes, cells["drawn"].to_numpy(np.int64))
    return cells


def _drawn(frame: pd.DataFrame, cells: pd.DataFrame, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Draw without replacement within each cell, in the order of the cells' names."""
    rng, drawn = np.random.default_rng(seed), np.zeros(len(frame), bool)
    places = frame.groupby("cell").indices
    for cell, many in zip(cells["cell"], cells["drawn"], strict=True):
        drawn[rng.choice(np.sort(places[cell]), int(many), replace=False)] = True
    return drawn
