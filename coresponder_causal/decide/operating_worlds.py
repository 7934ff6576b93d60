"""The decision rule on simulated cities: what it says where the truth is known, with real designs and estimators."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from coresponder_causal import estimate
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.data import panel
from coresponder_causal.decide.assumptions import Funnel
from coresponder_causal.decide.evidence import evidence
from coresponder_causal.decide.rule import Rule, verdicts
from coresponder_causal.decide.verdict import judge_outcome
from coresponder_causal.design import CoverageDesign, PanelDesign
from coresponder_causal.simulate import world
from coresponder_causal.simulate.presets import Preset

start, city = "2020-07-15", "West Sacramento"


def verdicts_in_worlds(
    preset: Preset,
    seeds: Iterable[int],
    *,
    outcome: str,
    funnel: Funnel = "unknown",
    rule: Rule | None = None,
) -> pd.DataFrame:
    """Judge one outcome in worlds of one kind by covered hours and by other cities.

    No checks are made, so that none takes a design out.

    Parameters
    ----------
    preset : str
        Name of the kind of world.
    seeds : iterable of int
    outcome : str
        "calls", or a yes-or-no field of calls.
    funnel : {"upstream", "recording", "unknown"}
    rule : Rule, optional

    Returns
    -------
    DataFrame
        One row per world: ``seed, verdict, naive`` (what the rule would say if sharing a record did not matter), and
        the log ratio of each method.
    """
    rows = []
    for seed in seeds:
        found = _results(preset, seed, outcome)
        seen = evidence(found, rule=rule)
        ours = judge_outcome(seen, outcome, funnel=funnel)
        naive = judge_outcome(seen, outcome, funnel="upstream")
        rows.append(
            {"seed": seed, "verdict": ours.verdict, "naive": naive.verdict}
            | {result.method: float(result.estimate[0]) for result in found}
        )
    return pd.DataFrame(rows)


def supported(said: pd.Series) -> float:
    """Share of verdicts that support a change."""
    return float(said.isin(verdicts[:2]).mean())


def _results(preset: Preset, seed: int, outcome: str) -> list[Result]:
    """Results of covered hours and of other cities in one world."""
    tables = world(preset, seed=seed).tables
    calls = tables["calls"]
    monthly = panel(calls, unit="city", period="month", cities=tables["cities"])
    with quietly():
        hours = CoverageDesign.from_tables(calls, tables["schedule"], outcome=outcome, start=start)
        cities = PanelDesign.from_frame(
            monthly, outcome=outcome, unit="city", time="month", treated=city, start=start, exposure="population"
        )
        return [estimate.call_coverage(hours), estimate.did_prediction_interval(cities)]
