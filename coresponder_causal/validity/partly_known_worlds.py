"""Calls after which persons engage in care or not, as far as it becomes known: asked once or twice, linked, or read.

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
from coresponder_causal.validity.cell import Cell

Array = NDArray[np.float64]
known_odds = {"four in five known": 1.2, "half known": -0.2}
drawn_share = {"a quarter drawn": 0.25, "half drawn": 0.5}
missed_links = {"one link in ten missed": 0.1, "one link in five missed": 0.2}
false_links, better, reviewed_share = 0.04, 0.08, 0.3
coded_share = {"a tenth coded": 0.1, "a quarter coded": 0.25}
told, mistaken = (0.80, 0.92), (0.05, 0.12)  # share of true and of other narratives that the machine codes yes, by arm
at_night = 1.5  # times the chance of other calls to be coded by hand
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
    if cell.setting == "narrative":
        return _coded(rng, frame, coded_share[kind])
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


def _coded(rng: np.random.Generator, frame: pd.DataFrame, share: float) -> PartlyKnownDesign:
    """Let a machine code that is wrong more often of the treated, and hands code a sample, more at night."""
    times = np.where(frame["night"], at_night, 1.0)
    frame["chance"] = share * times / times.mean()
    frame["machine"] = machine_coded(rng, frame)
    frame["by_hand"] = frame["engaged"].where(rng.random(len(frame)) < frame["chance"])
    return _formed(frame, outcome="machine", reviewed="by_hand", chance="chance")


def machine_coded(rng: np.random.Generator, frame: pd.DataFrame) -> Array:
    """Code of a machine that says yes too often, and more so of the treated."""
    arm, truly = frame["attended"].to_numpy(int), frame["engaged"].to_numpy(bool)
    says_yes = np.where(truly, np.take(told, arm), np.take(mistaken, arm))
    return np.asarray(rng.random(len(frame)) < says_yes, float)


def _formed(
    frame: pd.DataFrame,
    *,
    outcome: str = "engaged",
    drawn: str | None = None,
    reviewed: str | None = None,
    chance: str | None = None,
) -> PartlyKnownDesign:
    plain = CallDesign.from_frame(
        frame, outcome=None, treatment="attended", covariates=["severity", "night"], person="person"
    )
    weighted = weight_propensity(plain, scheme="overlap")
    return PartlyKnownDesign.from_calls(weighted, outcome=outcome, drawn=drawn, reviewed=reviewed, chance=chance)
