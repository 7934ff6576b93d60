"""Which counts a city can publish, and how often: before any is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from scipy.special import bdtr, pdtr

from coresponder_causal import report
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.privacy import inside
from coresponder_causal.privacy.policy import usual_threshold
from coresponder_causal.report.specs import Column, Table, of_nobody

Period: TypeAlias = Literal["month", "quarter", "half-year", "year"]
months_in: dict[str, int] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
usual_hidden = 0.05
usual_shares = {"arrest": 0.10, "hold": 0.09, "emergency department": 0.10, "with the team": 0.08, "force": 0.007}
no_period = "none"


def publication_schedule(
    monthly_volume: float,
    shares: Mapping[str, float] | None = None,
    *,
    periods: Sequence[Period] = get_args(Period),
    most_hidden: float = usual_hidden,
    threshold: int = usual_threshold,
    volume: Literal["fixed", "random"] = "random",
) -> Table:
    """Say for each cell in which share of periods it would have to be hidden, and how often it can be published.

    A cell is small where it, or what it leaves of the whole, lies between 1 and the threshold less one.

    Parameters
    ----------
    monthly_volume : float
        Calls a month.
    shares : mapping of str to float, optional
        Share of calls in each cell; by default of the simulated city.
    periods : sequence of {"month", "quarter", "half-year", "year"}
    most_hidden : float
        Share of periods that may be hidden in what is recommended.
    threshold : int
        Least count that is shown, besides zero.
    volume : {"random", "fixed"}
        Calls scattered around the number given (cells are Poisson), or just as given (cells are binomial).

    Returns
    -------
    Table
        ``cell, share, expected`` (a month), the share hidden by period in percent, ``recommended``: the shortest period
        of which no more is hidden than may be. Cells hidden besides, so that sums give nothing away, are not in it.

    Raises
    ------
    DesignError
        Shares outside 0 to 1, a volume that is not positive, unknown periods: the message lists all.

    Examples
    --------
    >>> made = publication_schedule(80, {"arrest": 0.10})
    >>> made.frame[["month", "quarter", "recommended"]].round(1).values.tolist()
    [[81.6, 0.1, 'quarter']]
    """
    asked = dict(usual_shares if shares is None else shares)
    _require(monthly_volume, asked, periods, most_hidden, threshold)
    rows = []
    for cell, share in asked.items():
        hidden = {
            period: _chance_small(monthly_volume * months_in[period], share, threshold, volume) for period in periods
        }
        ordered = sorted(periods, key=months_in.__getitem__)
        fits = next((period for period in ordered if hidden[period] <= most_hidden), no_period)
        percents = {period: 100 * chance for period, chance in hidden.items()}
        about = {"cell": cell, "share": 100 * share, "expected": monthly_volume * share}
        rows.append(about | percents | {"recommended": fits})
    columns = (
        Column("cell", "Cell"),
        Column("share", "Percent of calls", "number"),
        Column("expected", "Expected a month", "number"),
        *(Column(period, f"Hidden by {period}, percent", "number") for period in periods),
        Column("recommended", "Publish by"),
    )
    note = (
        f"At {monthly_volume:g} calls a month. Hidden: chance that the cell, or the rest of the calls, lies between 1 "
        f"and {threshold - 1}. Publish by: the shortest period of which at most {100 * most_hidden:g} % are "
        "hidden. Cells that must be hidden besides, so that sums do not give these away, come on top; and a period "
        "once published binds: longer ones then follow from it."
    )
    return Table(
        title="What can be published, and how often",
        frame=pd.DataFrame(rows),
        columns=columns,
        note=note,
        support=of_nobody,
    )


def shares_of(given: Sequence[str] | None) -> dict[str, float] | None:
    """Read cells and their shares as the command line gives them.

    Parameters
    ----------
    given : sequence of str, optional
        Each "cell=share".

    Returns
    -------
    dict or None

    Raises
    ------
    DesignError
        One that is written otherwise.

    Examples
    --------
    >>> shares_of(["arrest=0.10"])
    {'arrest': 0.1}
    """
    if not given:
        return None
    try:
        pairs = [text.rsplit("=", 1) for text in given]
        return {cell: float(share) for cell, share in pairs}
    except ValueError as error:
        raise DesignError("a share is not written as cell=share", mend="write e.g. --share arrest=0.10") from error


def write_publication(schedule: Table, out: Path) -> list[Path]:
    """Write a schedule as a page and as a table.

    Parameters
    ----------
    schedule : Table
    out : Path
        Folder.

    Returns
    -------
    list of Path
    """
    files = {out / "publication.html": schedule, out / "publication.csv": schedule}
    return report.write_all(files, policy=inside, into=out)


def _require(
    volume: float, shares: Mapping[str, float], periods: Sequence[str], most_hidden: float, threshold: int
) -> None:
    problems = Problems("the schedule asked for")
    if not (np.isfinite(volume) and volume > 0):
        problems.add(f"{volume:g} calls a month", mend="give a number over 0")
    outside = [cell for cell, share in shares.items() if not 0 <= share <= 1]
    if outside or not shares:
        problems.add(f"{len(outside)} of {len(shares)} shares are no shares", mend="give each cell one from 0 to 1")
    if strangers := [period for period in periods if period not in months_in]:
        problems.add(f"unknown periods {', '.join(strangers)}", mend=f"choose from {', '.join(months_in)}")
    if not periods:
        problems.add("no period", mend=f"choose from {', '.join(months_in)}")
    if not 0 <= most_hidden < 1 or threshold < 2:
        problems.add("most_hidden or the threshold is out of range", mend="give a share under 1, and 2 or more")
    problems.raise_if_any(DesignError)


def _chance_small(calls: float, share: float, threshold: int, volume: str) -> float:
    """Chance that a cell or its complement is over zero and under the threshold."""
    top = threshold - 1
    if volume == "random":
        one, other = (float(pdtr(top, calls * part) - pdtr(0, calls * part)) for part in (share, 1 - share))
        return 1 - (1 - one) * (1 - other)
    whole = round(calls)
    own = float(bdtr(min(top, whole), whole, share) - bdtr(0, whole, share))
    first = max(whole - top, threshold)  # from here on the rest is small, and the cell itself not counted yet
    return own + (float(bdtr(whole - 1, whole, share) - bdtr(first - 1, whole, share)) if first < whole else 0.0)
