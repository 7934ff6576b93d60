"""The embedded study: a simulated city whose truth is known, run through the same corridor as any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from coresponder_causal.data import validate
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.simulate import World, world

tables_used = ("calls", "cities", "schedule", "control_series", "programmes", "breaks")


def embedded_study(*, seed: int = 1) -> tuple[Study, dict[str, pd.DataFrame], World]:
    """Return the embedded study, its tables in the dictionary's schema, and the world behind them.

    Parameters
    ----------
    seed : int
        Seed of the world.
    """
    known = ["initial_type", "priority", "caller_type", "prior_contacts", "patrol_load", "hour"]
    ways = ({"adjust": "match_nearest"}, {"adjust": "weight_propensity", "scheme": "att"})
    moved = ("coverage_post", "team_free")
    simulated = world("west_sac_like", seed=seed)
    tables = {name: validate(simulated.tables[name], table=name) for name in tables_used}
    study = Study(
        title="A simulated city like West Sacramento",
        tables={name: Source(path=Path(f"simulated/{name}")) for name in tables_used},
        designs=("hours", "cities", "two_way", "series", "calls", "instrument"),
        options={
            "two_way": ({"log": True, "inference": "permutation"},),
            "calls": tuple({"outcomes": ["arrest"], "covariates": known} | way for way in ways),
            "instrument": tuple({"outcomes": ["arrest"], "covariates": known[:5], "instrument": by} for by in moved),
        },
        city="West Sacramento",
        start="2020-07-15",
        primary="calls",
        controls=("burglary", "traffic_collision"),
        sensitive=False,
        seed=seed,
    )
    return study, tables, simulated


def truths(simulated: World) -> Mapping[str, float]:
    """Return the true effects of the embedded study by method and term, each on the scale of its method.

    Parameters
    ----------
    simulated : World
    """
    truth = simulated.truth
    return {
        "call_difference.effect": truth.att_log_ratio,
        "call_iv.att": truth.att,
        "call_coverage.triple_difference": truth.hours_log_ratio,
        "call_coverage.covered_within_city": truth.hours_log_ratio,
        "did_prediction_interval.mean_post": truth.city_log_ratio,
        "did_two_way.mean_post": truth.city_log_ratio,
        "its_segmented.mean_post": truth.city_log_ratio,
    }
