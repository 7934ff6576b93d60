"""Officers in time in small: volunteers with fewer events from the first, a roster, shocks that last."""

from __future__ import annotations

from collections.abc import Iterator

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design.officers import OfficerDesign
from coresponder_causal.simulate.officer_panel import base, officer_panel
from coresponder_causal.validity.cell import Cell

volunteers, squad_size = 0.3, 6  # share of officers who volunteer
calls = 25.0  # of an officer in a month
level, drift, shock_sd = -40.0, -3.0, 40.0  # events per 1,000 calls, and per 1,000 calls a month
log_level, log_drift, log_shock_sd, log_fall = -0.5, -0.02, 0.27, -0.5  # where all is moved by factors


def officer_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs; the exposure, or ten calls of it, moves events per 1,000 calls, or their log."""
    treated, comparison = int(cell.treated or 0), int(cell.comparison or 0)
    officers = treated + comparison
    factors = cell.setting == "officer_counts" or cell.world == "one factor for all"
    for number in range(block):
        frame = officer_panel(
            seed=cell.seed,
            part=part * block + number,
            officers=officers,
            months=int(cell.periods or 0),
            squads=max(2, officers // squad_size),
            calls=calls,
            effect=0.0 if cell.setting == "officer_dose" else cell.effect,
            per_call=cell.effect if cell.setting == "officer_dose" else 0.0,
            volunteers=volunteers,
            never=min(1.0, comparison / ((1 - volunteers) * officers)),
            level=log_level if factors else level,
            trend=(log_drift if factors else drift) if cell.world == "volunteers drift" else 0.0,
            rho=float(cell.rho or 0),
            shock_sd=log_shock_sd if factors else shock_sd,
            scale="ratio" if factors else "difference",
            rate=base if cell.events is None else 1000 * cell.events / calls,
            fall=log_fall if factors else 0.0,
        ).frame
        try:
            with quietly():
                yield OfficerDesign.from_frame(
                    frame,
                    outcome="force",
                    dose="calls_together",
                    exposure="calls",
                    squad="squad",
                    volunteered="volunteered",
                    assigned="rostered",
                )
        except CausalError as error:
            yield error


def officer_truth(cell: Cell, term: str, *, headline: bool) -> float | None:
    """Give the true value of a term: the effect is the same for all, and in proportion to the dose where it is one.

    Examples
    --------
    >>> cell = Cell(setting="officers", treated=30, comparison=12, periods=36, rho=0.5, effect=-30)
    >>> [officer_truth(cell, term, headline=False) for term in ("assigned", "volunteers_less_assigned")]
    [-30, 0.0]
    """
    if term in ("volunteers_less_assigned", "bend"):
        return 0.0
    return cell.effect if headline or term in ("volunteers", "assigned") else None
