"""Levers of the evidence: by how much the interval of an answer would shrink, as a share of its length today.

The half length of an interval is t · SE. What a change does to the standard error follows from the variance of the
design: of time, of cities, of a second sample or of a lot.

Reference: Neyman (1938), doi:10.1080/01621459.1938.10503378 (a second sample).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import chi_square_quantile, critical
from coresponder_causal.core.result import Result
from coresponder_causal.decide.converted import Bounds
from coresponder_causal.decide.improve import Lever
from coresponder_causal.design.double_sampling import double_sampling
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.validity import SwitchbackPower


class Precision(NamedTuple):
    """A standard error and its degrees of freedom."""

    error: float
    df: float = float("inf")

    @property
    def half(self) -> float:
        """Half the length of the 95 % interval."""
        return float(critical(self.df)) * self.error


def lever_narrower(
    *,
    what: str,
    outcome: str,
    now: Precision,
    then: Precision,
    least: Precision,
    most: Precision,
    formula: str,
    assumes: str,
    fall: float = float("nan"),
    said: str = "",
    support: Mapping[str, float] | None = None,
) -> Lever:
    """Compare the interval that a design would have with the one that it has.

    Parameters
    ----------
    what, outcome, formula, assumes, said, support
        As of `Lever`.
    now, then : Precision
        Today, and after the change.
    least, most : Precision
        After the change where what is not known is at its ends.
    fall : float
        Fall in percent that the answer finds four times in five today, negative; what it would then be is said.

    Raises
    ------
    DesignError
        If the interval of today has no length.

    Examples
    --------
    >>> lever_narrower(what="ask more", outcome="calls", now=Precision(0.2), then=Precision(0.1), least=Precision(0.05),
    ...                most=Precision(0.2), formula="1/√n", assumes="all alike", fall=-36.0).said
    'it would find a fall of 20 % four times in five, where today it is 36 %'
    """
    if not (np.isfinite(now.half) and now.half > 0):
        raise DesignError(f"the interval of {outcome} has no length today", mend="give a finite standard error over 0")
    ratio, *ends = (one.half / now.half for one in (then, least, most))
    falls = ""
    if np.isfinite(fall):
        then_found = -100 * float(np.expm1(ratio * np.log1p(fall / 100)))
        falls = f"it would find a fall of {then_found:.0f} % four times in five, where today it is {-fall:.0f} %"
    return Lever(
        what=what,
        currency="interval",
        outcome=outcome,
        gain=Bounds(ratio, min(ends), max(ends)),
        formula=formula,
        assumes=assumes,
        said="; ".join(filter(None, (falls, said))),
        support=support or {},
    )


def lever_by_lot(
    now: Precision,
    found: SwitchbackPower,
    *,
    weeks: int,
    outcome: str,
    fall: float = float("nan"),
    support: Mapping[str, float] | None = None,
) -> Lever:
    """Draw by lot for so many weeks which half-days the team covers.

    Parameters
    ----------
    now : Precision
        Of the log ratio that answers today.
    found : SwitchbackPower
        With a row for these weeks.
    weeks : int
    outcome, fall, support
        As of `lever_narrower`.

    Raises
    ------
    DesignError
        If ``found`` has no such row.

    Notes
    -----
    The error of the trial is the spread of redrawn weeks of the past; how well W of them show it is taken to be as for
    a standard deviation of W normal values: from s √((W − 1)/χ²_{.975}) to s √((W − 1)/χ²_{.025}).
    """
    row = found.table[found.table["weeks"].eq(weeks)]
    if row.empty:
        raise DesignError(f"nothing was drawn for {weeks} weeks", mend=f"give weeks={weeks} to switchback_power")
    error, df = float(row["std_error"].iloc[0]), found.weeks_before - 1
    least, most = (error * float(np.sqrt(df / chi_square_quantile(p, df))) for p in (0.975, 0.025))
    return lever_narrower(
        what=f"draw the half-days of {weeks} weeks by lot",
        outcome=outcome,
        now=now,
        then=Precision(error),
        least=Precision(least),
        most=Precision(most),
        formula=f"spread of the log ratio in redrawn trials, from {found.weeks_before} past weeks, over that of today",
        assumes="weeks to come vary as past ones did, and what the team does in one half-day does not last into the "
        "next; it answers for the half-days in the lot, not for the programme as a whole",
        fall=fall,
        said=f"about {row['events'].iloc[0]:,.0f} events in the trial",
        support=support,
    )


def lever_second_sample(result: Result, design: PartlyKnownDesign, *, share: float = 0.1, seed: int = 1) -> Lever:
    """Search thoroughly for a share, drawn by lot, of those whose outcome is missing.

    Parameters
    ----------
    result : Result
        Bounds of the difference, whatever the missing outcomes are.
    design : PartlyKnownDesign
        That they were made from.
    share : float
        Of the missing that is followed up.
    seed : int

    Raises
    ------
    DesignError
        As of `double_sampling`, or if the outcome is not yes or no.

    Notes
    -----
    The variance afterwards is Σ S_a²/n_a + Σ W_h² S_h² (1/m_h − 1/M_h), see `double_sampling`; the spread S_h among
    the missing is not known, and lies between 0 and ½.
    """
    if not design.yes_or_no:
        raise DesignError(f"'{design.outcome}' is not yes or no", mend="plan it by design.double_sampling")
    many = int((~design.seen()).sum())
    sample = double_sampling(design, number=max(round(share * many), 1), seed=seed)
    cells = sample.cells
    added = cells["share"] ** 2 * (1 / cells["drawn"] - 1 / cells["lost"])
    found_anyway = sample.std_error**2 - float((added * cells["spread"] ** 2).sum())
    row = result.tidy().iloc[0]
    least, most = (float(np.sqrt(found_anyway + spread**2 * added.sum())) for spread in (0.0, 0.5))
    outcome = str(design.outcome)
    return lever_narrower(
        what=f"search for {100 * share:g} % of the missing outcomes by lot",
        outcome=outcome,
        now=Precision((row["conf_high"] - row["conf_low"]) / 2 / float(critical(np.inf))),
        then=Precision(sample.std_error),
        least=Precision(least),
        most=Precision(most),
        formula="interval with the second sample over the interval of what the difference can be without it",
        assumes="all who are drawn are found",
        said=f"{int(cells['drawn'].sum())} of {many} are searched for",
        support={"calls": float(many)},
    )
