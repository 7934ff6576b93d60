"""Calls after which persons engage in care or not, as far as it becomes known: by asking, by asking again, by links.

The treatment adds the same to everybody's chance, and makes knowing likelier for everybody: whose outcome is known is
then another matter than what it is, and the effect is the same among all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design import CallDesign, PartlyKnownDesign, weight_propensity
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.cells import Cell

Array = NDArray[np.float64]
known_odds = {"four in five known": 1.2, "half known": -0.2}
drawn_share = {"a quarter drawn": 0.25, "half drawn": 0.5}
missed_links = {"one link in ten missed": 0.1, "one link in five missed": 0.2}
false_links, better, reviewed_share = 0.04, 0.08, 0.3
Loss = Literal["hidden", "recorded"]


def partly_known_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs of a cell; its ``adjustment`` says how much becomes known."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    kind = str(cell.adjustment)
    for _ in range(block):
        frame = engaged(rng, int(cell.calls or 0), float(cell.share or 0), cell.effect)
        try:
            with quietly():
                yield _known(rng, frame, cell, kind)
        except CausalError as error:
            yield error


def engaged(rng: np.random.Generator, n: int, share: float, effect: float) -> pd.DataFrame:
    """Draw calls of persons who call again, who was attended, and whether the person engages: by chance and ``effect``.

    Examples
    --------
    >>> list(engaged(np.random.default_rng(1), 4, 0.4, 0.1))
    ['person', 'severity', 'night', 'hidden', 'attended', 'engaged']
    """
    person = rng.integers(0, n // 2, n)
    severity, night = rng.normal(size=n), rng.random(n) < 0.4
    hidden = (rng.normal(size=n // 2)[person] + rng.normal(size=n)) / np.sqrt(2)
    odds = 0.8 * severity + 0.5 * night
    middle = brentq(lambda shift: float(expit(odds + shift).mean()) - share, -20.0, 20.0)
    attended = rng.random(n) < expit(odds + middle)
    chance = np.clip(0.4 + 0.08 * severity - 0.05 * night + 0.1 * hidden, 0.02, 0.88)
    return pd.DataFrame(
        {
            "person": person,
            "severity": severity,
            "night": night,
            "hidden": hidden,
            "attended": attended,
            "engaged": (rng.random(n) < chance + effect * attended).astype(float),
        }
    )


def lost(rng: np.random.Generator, frame: pd.DataFrame, odds: float, *, by: Loss) -> NDArray[np.bool_]:
    """Whose outcome stays unknown: likelier at night, with severity, without the team, then also by what is hidden."""
    seen = odds + 0.4 * frame["attended"] - 0.4 * frame["severity"] - 0.3 * frame["night"]
    if by == "hidden":
        seen -= 3.5 * expit(2 * frame["hidden"]) * ~frame["attended"]
    return np.asarray(rng.random(len(frame)) >= expit(seen))


def _known(rng: np.random.Generator, frame: pd.DataFrame, cell: Cell, kind: str) -> PartlyKnownDesign:
    """Make known what the setting makes known."""
    by: Loss = "hidden" if cell.setting == "double_sample" or cell.world else "recorded"
    if cell.setting == "linkage":
        return _linked(rng, frame, missed_links[kind], better if cell.world == "one arm linked better" else 0.0)
    gone = lost(rng, frame, known_odds.get(kind, 0.4), by=by)
    if cell.setting == "partly_known":
        return _formed(frame.assign(engaged=frame["engaged"].mask(gone)))
    frame["drawn"] = gone & (rng.random(len(frame)) < drawn_share[kind])
    return _formed(frame.assign(engaged=frame["engaged"].mask(gone & ~frame["drawn"])), drawn="drawn")


def _linked(rng: np.random.Generator, frame: pd.DataFrame, missed: float, more: float) -> PartlyKnownDesign:
    """Link with errors, and review a sample by hand."""
    truly, n = frame["engaged"].to_numpy(bool), len(frame)
    found = rng.random(n) >= missed - more * frame["attended"].to_numpy(float)
    frame["linked"] = np.where(truly, found, rng.random(n) < false_links).astype(float)
    frame["truly"] = frame["engaged"].where(rng.random(n) < reviewed_share)
    return _formed(frame, outcome="linked", reviewed="truly")


def _formed(
    frame: pd.DataFrame, *, outcome: str = "engaged", drawn: str | None = None, reviewed: str | None = None
) -> PartlyKnownDesign:
    plain = CallDesign.from_frame(
        frame, outcome=None, treatment="attended", covariates=["severity", "night"], person="person"
    )
    weighted = weight_propensity(plain, scheme="overlap")
    return PartlyKnownDesign.from_calls(weighted, outcome=outcome, drawn=drawn, reviewed=reviewed)
