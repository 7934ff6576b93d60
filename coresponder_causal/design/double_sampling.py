"""Whom to look for again, or which narratives people are to read: a sample, drawn by lot, that stands for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.allocation import Allocation, added_variance, allocated, fewest
from coresponder_causal.core.errors import DesignError
from coresponder_causal.design.call_rules import call_id
from coresponder_causal.design.covariates import labels
from coresponder_causal.design.partly_known import PartlyKnownDesign

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DoubleSample:
    """A drawn sample: made by `double_sampling`, never by hand.

    Parameters
    ----------
    cells : DataFrame
        One row per arm and stratum: ``treated, stratum, lost`` (of narratives all), ``spread`` (expected standard
        deviation of the outcome, or size of the machine's errors), ``drawn, chance``.
    frame : DataFrame
        One row per call that could be drawn, in the order of the calls: its ``call_id`` (or ``row``), ``chance`` and
        ``drawn``; nothing else of it. Joined to the calls these are ``chance=`` and ``drawn=`` of `PartlyKnownDesign`.
    std_error : float
        Expected standard error of the difference of means when all that were drawn are found.
    seed : int
        Seed of the draw.
    """

    cells: pd.DataFrame
    frame: pd.DataFrame
    std_error: float
    seed: int

    def __repr__(self) -> str:
        return f"DoubleSample: {self.describe()}"

    def describe(self) -> str:
        """Return the sample in words."""
        drawn, lost = int(self.cells["drawn"].sum()), int(self.cells["lost"].sum())
        expected = f"expected standard error {self.std_error:.3g}"
        return f"{drawn} of {lost} calls drawn in {len(self.cells)} cells of arm and stratum, {expected}"


def double_sampling(
    d: PartlyKnownDesign,
    *,
    number: int | None = None,
    std_error: float | None = None,
    allocation: Allocation = "optimum",
    stratum: str | None = None,
    wrong: float | None = None,
    seed: int,
) -> DoubleSample:
    """Draw calls without an outcome for intensive follow-up, or narratives for people to code, within arms and strata.

    Parameters
    ----------
    d : PartlyKnownDesign
        With the outcome as far as it is known, or as a machine coded it of every call.
    number : int, optional
        How many can be followed up.
    std_error : float, optional
        Standard error of the difference of means that is wanted instead; gives the number.
    allocation : {"optimum", "proportional"}
        More where more are lost and outcomes vary more (Neyman), or the same share of every cell. The spread is that of
        the known outcomes of the cell, of yes and no at least that of one in ten.
    stratum : str, optional
        Column of the calls, known before dispatch, within whose levels to draw.
    wrong : float, optional
        Share of the narratives that the machine is expected to code wrongly. Given, it is narratives that are drawn,
        among all calls, and the sample's frame serves `call_narrative`.
    seed : int
        Seed of the draw.

    Returns
    -------
    DoubleSample

    Raises
    ------
    DesignError
        Neither or both of ``number`` and ``std_error``, fewer than two for a cell, nothing lost, a standard error that
        no follow-up can bring, or ``wrong`` that is no share or beside calls that the machine did not code.

    References
    ----------
    Neyman (1938), doi:10.1080/01621459.1938.10503378 (double sampling); Hansen & Hurwitz (1946),
    doi:10.1080/01621459.1946.10501894.

    Notes
    -----
    Var = Σ_a S_a²/n_a + Σ_h W_h² S_h² (1/m_h − 1/M_h), with W_h = M_h/n_a the share of arm a lost in cell h and m_h of
    its M_h drawn; the optimum has m_h ∝ W_h S_h. Of narratives all are lost, S_h² is the mean square of the machine's
    errors, and S_a² the variance of its codes. Weights of a comparison are not looked at: plan with the calls as they
    came.

    Examples
    --------
    >>> from coresponder_causal.design import CallDesign
    >>> engaged = [1, 0, None] * 20 + [0, 0, 0, 1, 1, None] * 10
    >>> frame = pd.DataFrame({"attended": [1] * 60 + [0] * 60, "engaged": engaged})
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    >>> d = PartlyKnownDesign.from_calls(plain, outcome="engaged")
    >>> double_sampling(d, number=12, seed=1).cells["drawn"].tolist()
    [4, 8]
    """
    if d.outcome is None:
        raise DesignError("the outcome is not named", mend="name it: d.with_outcome('…')")
    strata, lost = _strata(d, stratum), _lost(d, wrong)
    cells = _cells(d, strata, lost, wrong)
    if not len(cells):
        raise DesignError("the outcome of every call is known", mend="there is nobody to follow up")
    _refuse_size(d, cells, number, std_error)
    room = -1.0 if std_error is None else std_error**2 - _first(d)
    wanted, sizes = _wanted(cells)
    cells["drawn"] = allocated(wanted, sizes, np.inf if number is None else number, allocation, room=room)
    cells["chance"] = cells["drawn"] / cells["lost"]
    reached = float(np.sqrt(_first(d) + added_variance(wanted, sizes, cells["drawn"].to_numpy(np.int64))))
    return DoubleSample(cells=cells, frame=_drawn(d, strata, lost, cells, seed), std_error=reached, seed=seed)


def _strata(d: PartlyKnownDesign, stratum: str | None) -> NDArray[np.object_]:
    if stratum is None:
        return np.full(len(d.source), "all", dtype=object)
    if stratum not in d.source:
        raise DesignError(f"column '{stratum}' is missing", mend="name a column of the calls")
    return labels(d.source[stratum])


def _lost(d: PartlyKnownDesign, wrong: float | None) -> Flags:
    """Whether each call can be drawn: those without an outcome, or all that a machine coded; shape (n,)."""
    if wrong is None:
        return ~d.seen()
    if not 0 < wrong <= 1:
        raise DesignError(
            f"wrong={wrong!r} is no share above 0", mend="expect some errors of the machine: 0.1 for a tenth"
        )
    if blank := int((~d.seen()).sum()):
        raise DesignError(f"the machine coded nothing of {blank} calls", mend="let it code every narrative")
    return np.ones(len(d.source), bool)


def _cells(d: PartlyKnownDesign, strata: NDArray[np.object_], lost: Flags, wrong: float | None) -> pd.DataFrame:
    """One row per arm and stratum with lost calls: how many, which share of the arm, and the spread of the outcome."""
    frame = pd.DataFrame({"treated": d.calls.treated, "stratum": strata, "y": d.values(), "lost": lost, "size": 1})
    floor = 0.3 if d.yes_or_no else 0.0
    rows = []
    for (treated, level), cell in frame.groupby(["treated", "stratum"], sort=True):
        own = cell["y"].std(ddof=0) if cell["y"].notna().sum() > 1 else 0.0
        arm = frame.loc[frame["treated"] == treated]
        spread = max(float(own) or float(arm["y"].std(ddof=0)), floor) if wrong is None else float(np.sqrt(wrong))
        many = int(cell["lost"].sum())
        rows.append({"treated": treated, "stratum": level, "lost": many, "share": many / len(arm), "spread": spread})
    cells = pd.DataFrame(rows)
    return cells[cells["lost"] > 0].reset_index(drop=True)


def _first(d: PartlyKnownDesign) -> float:
    """Variance that is left when everybody is found."""
    y, treated = d.values(), d.calls.treated
    return float(sum(np.nanvar(y[arm]) / arm.sum() for arm in (treated, ~treated)))


def _wanted(cells: pd.DataFrame) -> tuple[Array, NDArray[np.int64]]:
    """W_h S_h and M_h of every cell."""
    return (cells["share"] * cells["spread"]).to_numpy(float), cells["lost"].to_numpy(np.int64)


def _refuse_size(d: PartlyKnownDesign, cells: pd.DataFrame, number: int | None, std_error: float | None) -> None:
    """Refuse a size that is not stated, too small, or that cannot bring the standard error."""
    if (number is None) == (std_error is None):
        raise DesignError("give number= or std_error=, one of them", mend="say how many can be followed up")
    least = int(np.minimum(fewest, cells["lost"]).sum())
    if number is not None and number < least:
        raise DesignError(
            f"{number} calls for {len(cells)} cells of arm and stratum", mend=f"draw {least} or more, or merge strata"
        )
    if std_error is not None and std_error**2 <= _first(d):
        raise DesignError(
            f"the standard error is {np.sqrt(_first(d)):.3g} even if everybody is found", mend="ask for a larger one"
        )


def _drawn(
    d: PartlyKnownDesign, strata: NDArray[np.object_], lost: Flags, cells: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Draw without replacement within each cell."""
    rng = np.random.default_rng(seed)
    chance, chosen = np.zeros(len(d.source)), np.zeros(len(d.source), bool)
    for cell in cells.to_dict("records"):
        rows = np.flatnonzero(lost & (d.calls.treated == cell["treated"]) & (strata == cell["stratum"]))
        chance[rows] = cell["chance"]
        chosen[rng.choice(rows, int(cell["drawn"]), replace=False)] = True
    named = call_id if call_id in d.source else "row"
    return pd.DataFrame({named: d.calls.calls, "chance": chance, "drawn": chosen})[lost].reset_index(drop=True)
