"""What a study found of those who work beside the team, as the report takes it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.decide.at_this_n import AtThisN
from coresponder_causal.design import OfficerDesign, VignetteDesign, WaveDesign
from coresponder_causal.design.officer_power import Detectable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfficersFound:
    """One outcome of officers' calls without the team.

    Parameters
    ----------
    design : OfficerDesign
    detectable : Detectable or None
        What could be found; None where it cannot be told.
    baseline : DataFrame
        Volunteers, assigned and never exposed officers before; see `officer_baseline`.
    results : tuple of Result
        The mean effect first; none where nothing could be estimated.
    checks : tuple of CheckResult
        Of the first result.
    verdict : str or None
        What the first interval says of a change that matters.
    matters : float
        That change, in the unit of the rate.
    refused : tuple of str
        What could not be estimated, and why.
    """

    design: OfficerDesign
    detectable: Detectable | None
    baseline: pd.DataFrame
    results: tuple[Result, ...]
    checks: tuple[CheckResult, ...]
    verdict: AtThisN | None
    matters: float
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreFound:
    """One score, or one answer of which only the order counts.

    Parameters
    ----------
    design : WaveDesign
    results : tuple of Result
        The change within persons first, then by group; or the odds.
    detectable : float
        Change per unit of exposure that would be found four times in five.
    spread : float
        Standard deviation of first scores.
    answered : Result or None
        Difference in change from the first to the last wave, of those who answered both.
    lee, worst : Result or None
        The same among those who would answer either way, and whatever those who did not answer would have said.
    checks : tuple of CheckResult
        Of the first result.
    verdict : str or None
    matters : float
        Smallest change that matters, in units of the score.
    refused : tuple of str
    """

    design: WaveDesign
    results: tuple[Result, ...]
    detectable: float = float("nan")
    spread: float = float("nan")
    answered: Result | None = None
    lee: Result | None = None
    worst: Result | None = None
    checks: tuple[CheckResult, ...] = ()
    verdict: AtThisN | None = None
    matters: float = float("nan")
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WavesFound:
    """Scores of officers or of staff.

    Parameters
    ----------
    who : {"officer", "staff"}
    scores : tuple of ScoreFound
        Scores held against an exposure; none where the waves are only described.
    courses : DataFrame
        ``score, wave, persons, mean, low, high``.
    moved : DataFrame
        ``score, persons, change, low, high, matters, verdict`` from the first to the last wave, of the same persons.
    reliability : DataFrame or None
        See `data.reliability`.
    ordinal : tuple of ScoreFound
    remarks, refused : tuple of str
    """

    who: str
    scores: tuple[ScoreFound, ...]
    courses: pd.DataFrame
    moved: pd.DataFrame
    reliability: pd.DataFrame | None = None
    ordinal: tuple[ScoreFound, ...] = ()
    remarks: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VignettesFound:
    """Answers to drawn cases, one outcome.

    Parameters
    ----------
    design : VignetteDesign
    result : Result or None
    checks : tuple of CheckResult
    refused : tuple of str
    """

    design: VignetteDesign
    result: Result | None
    checks: tuple[CheckResult, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workforce:
    """All that a study found of those who work beside the team, in the order of its blocks."""

    officers: tuple[OfficersFound, ...] = ()
    waves: tuple[WavesFound, ...] = ()
    vignettes: tuple[VignettesFound, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        """Every result."""
        scores = [score for one in self.waves for score in (*one.scores, *one.ordinal)]
        return (
            *(result for one in self.officers for result in one.results),
            *(result for one in scores for result in (*one.results, one.lee, one.worst) if result is not None),
            *(one.result for one in self.vignettes if one.result is not None),
        )
