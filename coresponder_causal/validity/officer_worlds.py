"""Officers in time in small: volunteers with fewer events from the first, a roster, shocks that last."""

from __future__ import annotations

from collections.abc import Iterator

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design.officers import OfficerDesign
from coresponder_causal.simulate.officer_panel import officer_panel
from coresponder_causal.validity.cells import Cell

volunteers, level, drift = 0.3, -40.0, -3.0  # share; events per 1,000 calls, and per 1,000 calls a month
shock_sd, squad_size = 40.0, 6


def officer_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs of a cell; the exposure, or ten calls of it, moves events per 1,000 calls."""
    treated, comparison = int(cell.treated or 0), int(cell.comparison or 0)
    officers = treated + comparison
    for number in range(block):
        frame = officer_panel(
            seed=cell.seed,
            part=part * block + number,
            officers=officers,
            months=int(cell.periods or 0),
            squads=max(2, officers // squad_size),
            effect=cell.effect if cell.setting == "officers" else 0.0,
            per_call=cell.effect if cell.setting == "officer_dose" else 0.0,
            volunteers=volunteers,
            never=min(1.0, comparison / ((1 - volunteers) * officers)),
            level=level,
            trend=drift if cell.world == "volunteers drift" else 0.0,
            rho=float(cell.rho or 0),
            shock_sd=shock_sd,
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
