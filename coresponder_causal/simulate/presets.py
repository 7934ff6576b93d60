"""Named worlds: each teaches one mistake, and what to do instead."""

from dataclasses import dataclass, field, replace
from math import log
from typing import Any, Literal, get_args

import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.config import WorldConfig

Preset = Literal[
    "west_sac_like",
    "null",
    "covid_heavy",
    "funnel_only",
    "selective_dispatch",
    "capacity_loss",
    "contaminated_donor",
    "withdrawal",
    "staggered_consortium",
    "riding_along",
    "biased_labels",
]
"""Names of the worlds that `world` knows."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a named world is made of and what it teaches.

    Parameters
    ----------
    world : str
        What is special in it.
    mistake : str
        The mistake that it punishes.
    instead : str
        What to do.
    changes : dict
        Fields of `WorldConfig` that make it.
    """

    world: str
    mistake: str
    instead: str
    changes: dict[str, Any] = field(default_factory=dict)


LESSONS: dict[Preset, Lesson] = {
    "west_sac_like": Lesson(
        "A programme prevents calls in the hours it covers, and fewer in the others; how attended calls end changes.",
        "A comparison of the city with itself takes the months of 2020 for the programme's.",
        "Compare hours and cities, and say how far cities drift apart without a programme.",
    ),
    "null": Lesson(
        "The same shocks, and no effect of any kind.",
        "A method that finds something here finds it everywhere.",
        "Run the analysis on this world before the outcomes are seen.",
        {
            "effect": 0.0,
            "spillover": 0.0,
            "city_effect": None,
            "attendance": 0.0,
            "reporting": 0.0,
            "posts_effect": 0.0,
            "posts_load": 0.0,
            "adopters": 0,
            "officer_effect": 0.0,
        },
    ),
    "covid_heavy": Lesson(
        "COVID halves the calls of the average city, cities differ in it, and it fades over two years.",
        "A step or a pulse in the city's own series is to take COVID out of the effect.",
        "Let comparison cities carry it, and show how the estimate moves with the months that are left out.",
        {"covid_amplitude": -0.70, "covid_loading_sd": 0.50, "covid_hours": 0.40, "covid_months": 28},
    ),
    "funnel_only": Lesson(
        "Nothing that happens changes; the team goes to every call it can and files few reports.",
        "Fewer recorded incidents are taken for fewer incidents.",
        "Follow the funnel from calls to reports stage by stage, and take what no report can change as the outcome.",
        {
            "effect": 0.0,
            "spillover": 0.0,
            "city_effect": None,
            "attendance": 0.0,
            "posts_effect": 0.0,
            "posts_load": 0.0,
            "officer_effect": 0.0,
            "selection": 0.0,
            "sent": 4.0,
            "elsewhere": -6.0,
            "absence": 0.0,
            "reporting": -6.0,
        },
    ),
    "selective_dispatch": Lesson(
        "The team is sent to the severest calls, and severity stands in no table.",
        "Attended calls are compared with like calls that were not attended.",
        "Use who was on duty instead of who came, and say how strong a hidden cause would have to be.",
        {"selection": 2.0},
    ),
    "capacity_loss": Lesson(
        "The posts that paid for the programme are missed: more calls, busier patrol, longer waits.",
        "The change in the city is taken for the effect of the co-responders.",
        "Say that the city shows the bundle; the hours covered show the co-responders.",
        {"posts_effect": 0.15, "posts_load": 0.35},
    ),
    "contaminated_donor": Lesson(
        "Three comparison cities start a programme of their own in 2021.",
        "They stay among the comparison cities and hide the effect.",
        "Keep a register of programmes, and leave such cities out from their start on.",
        {"adopters": 3, "adopter_effect": log(0.70), "adoption_waves": 1},
    ),
    "withdrawal": Lesson(
        "The programme ends with 2021, a year before the data do.",
        "One average over all months since the start dilutes the effect with months without a programme.",
        "Give the dose, or end the study with the programme and show the months after it apart.",
        {"months_running": 18},
    ),
    "staggered_consortium": Lesson(
        "Forty cities; twenty of them start programmes on four later dates, and their effects grow for a year.",
        "One on-off regression lets cities that started earlier stand for those that did not.",
        "Estimate each group of cities against those not yet or never treated, then average.",
        {"n_comparison": 39, "adopters": 20, "adopter_effect": log(0.70), "adoption_waves": 4},
    ),
    "riding_along": Lesson(
        "Officers who ride with the team learn to arrest and hold less; the skilled ones volunteer.",
        "Officers who rode are compared with officers who did not.",
        "Compare officers with themselves, on calls without the team, and ask the roster rather than the volunteers.",
        {"officer_effect": 1.0, "officer_sd": 1.0, "officer_selection": 1.5},
    ),
    "biased_labels": Lesson(
        "What strangers report is sooner written as a disturbance if the person is not perceived as white.",
        "The type that was written is taken for what happened, and adjusted for.",
        "Compare calls about the same problem and home, and let call takers, who are drawn by chance, speak.",
        {"label_error": 0.10, "label_bias": 0.15},
    ),
}


def presets() -> pd.DataFrame:
    """List the named worlds.

    Returns
    -------
    pandas.DataFrame
        name, world (what is special in it), mistake (that it punishes), instead (what to do).

    Examples
    --------
    >>> presets().name.tolist()[:3]
    ['west_sac_like', 'null', 'covid_heavy']
    """
    told = [(name, lesson.world, lesson.mistake, lesson.instead) for name, lesson in LESSONS.items()]
    return pd.DataFrame(told, columns=["name", "world", "mistake", "instead"], dtype="str")


def preset_config(preset: Preset, config: WorldConfig) -> WorldConfig:
    """Turn a configuration into that of a named world.

    Parameters
    ----------
    preset : str
        Name from `presets`.
    config : WorldConfig
        The configuration to start from; what makes the named world is changed.

    Returns
    -------
    WorldConfig
        The configuration of the named world.

    Raises
    ------
    DesignError
        If the name is not known. Mend: use one of the names listed.

    Examples
    --------
    >>> preset_config("null", WorldConfig(tau=0.2)).effect
    0.0
    """
    if preset not in LESSONS:
        known = ", ".join(repr(name) for name in get_args(Preset))
        raise DesignError(f"preset {preset!r} is not known", mend=f"use one of {known}")
    return replace(config, **LESSONS[preset].changes)
