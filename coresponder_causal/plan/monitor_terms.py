"""What is fixed at the first run of monitoring: months, metrics, run length and the calendar of looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.decide.confirmatory_looks import look_calendar
from coresponder_causal.plan.describe import City
from coresponder_causal.plan.monitored_metrics import Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is fixed at the first run.

    Parameters
    ----------
    since : str, optional
        First month that is monitored; by default the month of the programme's start.
    metrics : tuple of str
        Metrics charted, e.g. "M15" or "M01 per 1000 residents"; by default those of `monitored_metrics.usual` that
        have events enough.
    without : tuple of str
        Months left out, e.g. "2020-04".
    run_length : int
        Months in which all charts together give one false alarm, or fewer.
    confirm : str, optional
        The metric whose effect is looked at.
    looks : tuple of int
        Months after the start at which it is.
    """

    since: str | None = None
    metrics: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    run_length: int = 60
    confirm: str | None = None
    looks: tuple[int, ...] = ()


def fixed_terms(found: City, terms: Terms, states: Sequence[Mapping[str, Any]]) -> Terms:
    """Fill what was not asked from the first run, else from the programme.

    Parameters
    ----------
    found : City
    terms : Terms
        As asked.
    states : sequence of mapping
        Of the history, the oldest first.

    Raises
    ------
    DataError
        Listing what is missing: a first month, a start for the looks, looks without their metric.
    """
    first = states[0]["terms"] if states else {}
    asked = {name: value for name, value in asdict(terms).items() if value != Terms.__dataclass_fields__[name].default}
    kept: dict[str, Any] = {
        name: tuple(v) if isinstance(v := first[name], list) else v for name in asdict(terms) if name in first
    }
    made = Terms(**(kept | asked))
    since = made.since or (None if found.start is None else str(pd.Timestamp(found.start).to_period("M")))
    problems = Problems("this monitoring")
    if since is None:
        problems.add("neither a start nor a first month is known", mend="give --start or --since")
    if bool(made.looks) != bool(made.confirm):
        problems.add("looks and the metric they confirm go together", mend="give --looks and --confirm, or neither")
    if made.looks and found.start is None:
        problems.add("looks are counted from a start, and none is known", mend="give --start")
    problems.raise_if_any(DataError)
    return replace(made, since=since)


def calendar_of(found: City, terms: Terms, chosen: Mapping[str, Chosen]) -> pd.DataFrame:
    """Lay the looks on the calendar; no rows where none are asked.

    Raises
    ------
    DataError
        The metric that they confirm is not charted.
    """
    if not terms.looks:
        return pd.DataFrame()
    if terms.confirm not in chosen:
        raise DataError(f"--confirm {terms.confirm} is not charted", mend=f"take one of {', '.join(chosen)}")
    return look_calendar(str(found.start), terms.looks)


def months_of_looks(text: str | None) -> tuple[int, ...]:
    """Read the months of looks.

    Parameters
    ----------
    text : str, optional
        Whole numbers with commas between them; none where it is left out.

    Examples
    --------
    >>> months_of_looks("6, 12,24"), months_of_looks(None)
    ((6, 12, 24), ())
    """
    try:
        return () if text is None else tuple(int(part) for part in text.split(","))
    except ValueError:
        raise DataError(f"--looks {text!r} are no months", mend="write 6,12,24") from None
