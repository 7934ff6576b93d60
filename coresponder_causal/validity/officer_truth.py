"""What officers learnt over the very months that a design uses: the truth beside an estimate of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.design.officer_rows import officer_rows
from coresponder_causal.design.officer_words import everyone
from coresponder_causal.design.officers import OfficerDesign


def learnt(d: OfficerDesign, untaught: OfficerDesign) -> pd.DataFrame:
    """Compare the exposed officer-months of a design with the same months had no officer learnt anything.

    Parameters
    ----------
    d : OfficerDesign
        As observed.
    untaught : OfficerDesign
        Formed in the same way of the same calls as they would have ended, see `FullTruth.untaught`.

    Returns
    -------
    DataFrame
        One row for all exposed officers and each group of them: ``group, officers, calls, events, untaught, effect``
        (per ``per`` calls) and ``ratio``, over the exposed officer-months that can be imputed.

    Raises
    ------
    DesignError
        If both designs do not have the same officer-months and calls.

    Examples
    --------
    >>> rows = [(o, t, 4 + o % 2 - (o < 8 and t > 3), 20, 3 * max(0, t - 3) * (o < 8))
    ...         for o in range(16) for t in range(8)]
    >>> frame = pd.DataFrame(rows, columns=["officer", "month", "force", "calls", "beside"])
    >>> d, untaught = (OfficerDesign.from_frame(made, outcome="force", dose="beside", exposure="calls")
    ...                for made in (frame, frame.assign(force=4 + frame["officer"] % 2)))
    >>> learnt(d, untaught)[["effect", "ratio"]].iloc[0].to_dict()
    {'effect': -50.0, 'ratio': 0.777...}
    """
    same = [d.officer, d.time, d.dose, *([] if d.exposure is None else [d.exposure])]
    if not d.source[same].equals(untaught.source[same]):
        raise DesignError("the designs are not of the same officer-months", mend="form both with the same options")
    with quietly(), collecting():
        rows = officer_rows(d)
    kept = rows.kept[rows.exposed]
    group = rows.group[rows.exposed]
    counts = {
        "calls": d.calls()[kept],
        "events": d.source[str(d.outcome)].to_numpy(float)[kept],
        "untaught": untaught.source[str(untaught.outcome)].to_numpy(float)[kept],
    }
    made = pd.DataFrame(counts).assign(officer=d.source[d.officer].to_numpy()[kept])
    parts = {everyone: made, **{name: made[group == name] for name in np.unique(group) if name != everyone}}
    found = pd.DataFrame(
        {"group": list(parts), "officers": [part["officer"].nunique() for part in parts.values()]}
        | {name: [float(part[name].sum()) for part in parts.values()] for name in counts}
    )
    return found.assign(
        effect=d.per * (found["events"] - found["untaught"]) / found["calls"], ratio=found["events"] / found["untaught"]
    )
