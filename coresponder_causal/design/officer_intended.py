"""The dose that the roster intended in the place of the one that came about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.design.officer_rules import first_exposed, with_peers

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign


def intended_of(d: OfficerDesign) -> OfficerDesign:
    """Give the design by the roster, see `OfficerDesign.as_intended`."""
    if d.assigned is None:
        raise DesignError("the design has no roster", mend="give assigned=, the cumulative dose that it intended")
    if not (d.source[d.assigned] > 0).any():
        raise DesignError("the roster sent nobody", mend="take the design as it is: nothing was drawn")
    source, chose = d.source, np.zeros(len(d.source), bool)
    with collecting() as said:
        if not d.planned:
            doubt(
                "of the roster only shifts that took place are known: who was drawn and did not ride counts as not "
                "drawn; give the roster as planned"
            )
        if d.squad is not None:
            source = with_peers(source, d.axis, d.officer, d.squad, d.assigned)
        if d.volunteered is not None:
            chose = source[d.officer].map(d.volunteered).eq(True).to_numpy(bool)
            note(f"{int(d.volunteered.eq(True).sum())} volunteers left out: the roster did not draw them")
    source, axis = source[~chose].reset_index(drop=True), replace(d.axis, positions=d.axis.positions[~chose])
    return replace(
        d,
        source=source,
        axis=axis,
        dose=d.assigned,
        first=first_exposed(source, axis, d.officer, d.assigned),
        volunteered=None,
        intended=True,
        notes=(*d.notes, *said),
    )
