"""Calls near the clock times at which the team comes on or goes off, and boundaries that are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.design.coverage import CoverageDesign

Boundary = Literal["opening", "closing"]
attended = "attended"
sides = ("outside, before", "inside, before", "outside, after", "inside, after")


def boundary_calls(d: CoverageDesign, boundary: Boundary, *, within: float) -> pd.DataFrame:
    """Return the calls of the treated city within some minutes of a boundary, with no other boundary between.

    Parameters
    ----------
    d : CoverageDesign
        Formed of the table of calls.
    boundary : {"opening", "closing"}
    within : float
        Minutes.

    Returns
    -------
    DataFrame
        ``y``, the outcome; ``attended`` where the calls say so; ``minutes`` from the boundary; ``inside``,
        ``after`` and ``planned``; ``week``; ``received``. Indexed as the design's calls. Calls of which the outcome or
        the attendance is not known are left out, and said.

    Raises
    ------
    DesignError
        A design of counts.

    Examples
    --------
    >>> hours = pd.date_range("2020-05-01 00:30", "2020-08-31 23:30", freq="h")
    >>> calls = pd.DataFrame({"call_id": range(len(hours)), "city": "Davis", "received_at": hours, "arrest": False})
    >>> calls.loc[::3, "arrest"] = True
    >>> days = pd.date_range("2020-07-01", "2020-08-31")
    >>> shifts = pd.DataFrame({"city": "Davis", "shift_start": days + pd.Timedelta("12h"), "planned_hours": 10})
    >>> shifts["shift_end"] = shifts["shift_start"] + pd.Timedelta("10h")
    >>> d = CoverageDesign.from_tables(calls, shifts, outcome="arrest", start="2020-07-01", exposure="calls")
    >>> near = boundary_calls(d, "opening", within=60)
    >>> near.groupby(["after", "inside"])["minutes"].agg(["size", "max"]).values.tolist()
    [[61.0, -30.0], [61.0, 30.0], [62.0, -30.0], [62.0, 30.0]]
    """
    if d.calls is None:
        raise DesignError("this design holds counts, not calls", mend="give from_tables the table of calls")
    other = "closing" if boundary == "opening" else "opening"
    reached = d.calls[f"minutes_from_{boundary}"].abs() < within
    calls = d.calls[reached & (d.calls["city"] == d.treated)]
    minutes, beside = (calls[f"minutes_from_{name}"].to_numpy(float) for name in (boundary, other))
    between = (np.sign(beside) == np.sign(minutes)) & (np.abs(beside) < np.abs(minutes))
    if crossed := int(between.sum()):
        note(f"{crossed} calls within {within:g} minutes lie beyond the {other} of covered hours and are left out")
    numbers = [str(d.outcome), *([attended] if attended in calls else [])]
    unknown = calls[numbers].isna().any(axis=1).to_numpy(bool)
    if unknown.any():
        doubt(
            f"{' or '.join(numbers)} of {int(unknown.sum())} calls near the {boundary} is not known: they are left out"
        )
    kept = calls[~between & ~unknown]
    at = kept[f"minutes_from_{boundary}"]
    rows = {"y": kept[str(d.outcome)].astype(float), "minutes": at, "inside": (at >= 0) == (boundary == "opening")}
    rows |= {attended: kept[attended].astype(float)} if attended in kept else {}
    when = kept[["after", "planned", "week"]].assign(received=kept["received_at"])
    return pd.DataFrame(rows).join(when)


def side_of(rows: pd.DataFrame) -> NDArray[np.intp]:
    """Give the number of the side of every call, in the order of ``sides``."""
    return np.asarray(2 * rows["after"] + rows["inside"], np.intp)


def made_up_boundary(d: CoverageDesign, boundary: Boundary, *, hours: float) -> CoverageDesign:
    """Move a boundary by some hours to a clock time at which the team neither comes on nor goes off.

    Parameters
    ----------
    d : CoverageDesign
        Formed of the table of calls.
    boundary : {"opening", "closing"}
    hours : float
        How much later the made-up boundary lies; negative: earlier.

    Returns
    -------
    CoverageDesign
        The calls of the class of hours in which it lies. Nobody's attendance hangs on it, so that the design does not
        say who was attended and the intention-to-treat effect is left.

    Examples
    --------
    >>> from coresponder_causal.validity.boundary_worlds import boundary_design
    >>> later = made_up_boundary(boundary_design(np.random.default_rng(1), calls=500), "opening", hours=3)
    >>> later.calls["covered"].all(), sorted(later.calls["hour"].unique())[0]
    (np.True_, np.int64(12))
    """
    if d.calls is None:
        raise DesignError("this design holds counts, not calls", mend="give from_tables the table of calls")
    name, other = (f"minutes_from_{word}" for word in (boundary, "closing" if boundary == "opening" else "opening"))
    calls = d.calls[d.calls["covered"] == ((hours > 0) == (boundary == "opening"))].reset_index(drop=True)
    calls[name], calls[other] = calls[name] - 60 * hours, np.inf
    return unattended(replace(d, calls=calls))


def unattended(d: CoverageDesign) -> CoverageDesign:
    """Return the design of calls that do not say who was attended."""
    return replace(d, calls=None if d.calls is None else d.calls.drop(columns=attended, errors="ignore"))
