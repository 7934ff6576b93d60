"""What the time before the exposure says of officers' courses, group by group, and what it cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.clustered_sums import ClusteredSums
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.pretrend_power import pretrend
from coresponder_causal.core.verdict import as_change
from coresponder_causal.design.officer_spans import OfficerSpans

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
nominal = 0.05


def say_leads(
    d: OfficerDesign, spans: OfficerSpans, terms: pd.DataFrame, estimate: Array, found: ClusteredSums
) -> dict[str, object]:
    """Test the leads of each group jointly, and say which drift the test would have found.

    F at the mean of the leads' df, as one of them may be far smaller than the others. A steady drift of γ a period makes
    leads γ times the distance between the middles of the span and of the time before it.

    Parameters
    ----------
    d : OfficerDesign
    spans : OfficerSpans
    terms : DataFrame
        Of the result, with the leads last.
    estimate : ndarray, shape (k,)
    found : ClusteredSums

    Returns
    -------
    dict
        ``pre_p_value`` of all groups, or ``pre_p_value_<group>`` of each.
    """
    facts: dict[str, object] = {}
    if spans.leads.empty:
        note("no lead is shown: this design says nothing about courses before the exposure")
    first = len(terms) - len(spans.leads)
    for group in spans.groups:
        own = first + np.flatnonzero(spans.leads["group"] == group)
        if not len(own):
            continue
        vcov, df = found.vcov[np.ix_(own, own)], float(found.df[own].mean())
        distance = spans.leads["event_time"].to_numpy(float)[own - first] - spans.origin
        tested = pretrend(estimate[own], vcov, df, distance)
        p, name = tested.test.p_value, group if len(spans.groups) > 1 else ""
        facts["_".join(["pre_p_value", *([name] if name else [])])] = p
        say = doubt if p < nominal else note
        usual = as_change(tested.usual, "difference")
        say(
            f"{name + ': ' if name else ''}leads, jointly: F({tested.test.df_num}, {tested.test.df_den:.1f}) = "
            f"{tested.test.statistic:.2f}, p {p:.3f}; a steady drift of {usual} a {d.period_name[:-1]} would be found "
            "four times in five"
            + ("; courses differed before the exposure" if p < nominal else "; it does not show that courses are alike")
        )
    return facts
