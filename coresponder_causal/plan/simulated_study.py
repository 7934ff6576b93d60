"""A named world as a study of its own: every table, answers item by item, drawn cases, and what is asked of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal.core.folders import write_together
from coresponder_causal.plan.run import refuse_filled
from coresponder_causal.simulate import World, world
from coresponder_causal.simulate.presets import LESSONS, Preset
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.vignette_worlds import answers

items_of = {"officer_wave": "officer_items", "staff_wave": "staff_items"}
cases_name = "cases"
cases_drawn, cases_effect = 6, 0.3
words = {"appearance": ("tidy", "unkempt"), "call": ("noise", "threats", "wandering")}

study_text = """\
# A simulated city: {world}
# What it punishes: {mistake}
# What to do instead: {instead}
# Run it with:  coresponder-causal evaluate STUDY.toml

[study]
title = "The simulated world {preset}"
sensitive = false
simulated = true
seed = {seed}

[tables]
{tables}

[treated]
city = "West Sacramento"
start = "2020-07-15"

[outcomes]
primary = "calls"
controls = ["burglary", "traffic_collision"]

[designs]
run = ["cities", "calls"]

[calls]
outcomes = ["arrest"]
covariates = ["initial_type", "priority", "caller_type", "prior_contacts", "patrol_load", "hour"]
{further}"""

further_text = """
[fairness]                       # are people treated alike, whoever they seem to be?
groups = { perceived_race = "white", unhoused = "no" }
outcomes = ["arrest", "force"]
allowable = ["hour"]             # groups may differ in it without that being counted

[first_calls]                    # how well the type written agrees with what was found, and what callers tell
met_by = ["priority", "hour"]    # what decided, beside the type, where somebody went
by = ["caller_type"]
[[officers]]                     # what officers do on calls without the team, once they have worked beside it
outcome = "arrest"
doses = ["linear", "log"]        # the change with how often an officer worked beside the team, in these forms
peers = "adjusted"               # beside the plain estimate, one that allows for squad mates
as_intended = true               # and the effect of being rostered
inference = "permutation"        # and exchanges of exposure within squads
covariates = ["crisis_training_hours"]

[[officers]]
outcome = "hold"

[[waves]]                        # what officers say, wave by wave
who = "officer"
scores = ["stigma_score", "social_distance_score", "self_efficacy_score", "vignette_score", "burnout_score"]
exposure = "any"                 # 1 from the first call beside the team on; "calls": tens of such calls
group = "volunteered"            # volunteers and assigned officers apart
items = "officer_items.csv"      # answers item by item, for the reliability of the scores
ordinal = ["stigma_1"]           # answers of which only the order counts
bounds = ["lee", "worst case"]   # whatever those who did not answer would have said

[[waves]]                        # staff: nothing to hold it against, so it is described
who = "staff"
scores = ["role_clarity_score", "empowerment_score", "burnout_score", "turnover_intention_score", "culture_score"]
items = "staff_items.csv"

[vignettes]                      # described cases whose features were drawn by lot
cases = "cases.csv"
outcomes = ["force"]
factors = ["appearance", "call"]
person = "person"
"""


def write_simulated(preset: Preset, folder: Path, *, seed: int = 1, force: bool = False) -> list[Path]:
    """Write a named world's tables and a study of them: groups, first calls, officers, waves and drawn cases.

    Parameters
    ----------
    preset : str
        Name from `simulate.presets`.
    folder : Path
        A folder that holds files is refused without ``force``; other files in it stay.
    seed : int
    force : bool

    Returns
    -------
    list of Path
        The files written, the study first.

    Raises
    ------
    DesignError
        A name or a seed that `simulate.world` refuses.
    """
    drawn = world(preset, seed=seed)
    refuse_filled(folder, force=force)
    tables = simulated_tables(drawn)
    files = {f"{name}.csv": table.to_csv(index=False) for name, table in tables.items()}
    further = {**{items_of[name]: items for name, items in drawn.answers.items()}, cases_name: _cases(drawn)}
    files |= {f"{name}.csv": table.to_csv(index=False) for name, table in further.items()}
    lesson = LESSONS[preset]
    text = study_text.format(
        preset=preset,
        world=lesson.world,
        mistake=lesson.mistake,
        instead=lesson.instead,
        seed=seed,
        tables="\n".join(f'{name} = "{name}.csv"' for name in tables),
        further=further_text,
    )
    return write_together(folder, {name: content.encode() for name, content in ({"STUDY.toml": text} | files).items()})


def simulated_tables(drawn: World) -> dict[str, pd.DataFrame]:
    """Make every table of a world: calls and outcomes of the treated city with all that is known, others monthly.

    Parameters
    ----------
    drawn : World
    """
    own = {"calls": lambda: drawn.first_calls, "outcomes": lambda: drawn.detailed_outcomes}
    tables = {name: own[name]() if name in own else drawn.tables[name] for name in drawn.tables}
    keys = ["city", "month", "series"]
    tables["control_series"] = tables["control_series"].groupby(keys)["count"].sum().reset_index()
    return tables


def _cases(drawn: World) -> pd.DataFrame:
    """Draw cases for as many persons as there are officers, who answer them under codes of their own."""
    rng = stream(drawn.seed, Tier.ATTITUDES, len(words))
    frame = answers(rng, len(drawn.tables["officers"]), cases_drawn, cases_effect)
    named = {name: frame[name].map(dict(enumerate(levels))) for name, levels in words.items()}
    return frame.assign(person=[f"P{number:03d}" for number in frame["person"]], **named)
