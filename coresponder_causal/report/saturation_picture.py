"""How new codes ran out over interviews, and how far that hangs on the order they came in, as a picture."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.qualitative import Saturation
from coresponder_causal.report.specs import Picture


def saturation_picture(found: Saturation) -> Picture:
    """Draw codes heard so far, those each interview added, the band of other orders, and where saturation was reached.

    Parameters
    ----------
    found : Saturation

    Returns
    -------
    Picture
        ``data["course"]``: ``interview, new, codes, share, codes_low, codes_high``.
    """
    base, run = found.base, found.run
    return Picture(
        title="How new codes ran out",
        caption=f"Line: codes heard so far; bars: new ones. Band: 95 % of random orders of these interviews. {found} "
        "It is of these people and these codes, and says nothing of whom nobody asked.",
        alt=f"Codes heard so far by interview, with the new ones as bars. {found}",
        kind="saturation",
        data={"course": found.course},
        labels=Facts({"at": found.at, "run": run, "base": base, "x": "Interviews held", "y": "Codes"}),
        support=pd.DataFrame({"persons": [float(len(found.course))]}),
    )
