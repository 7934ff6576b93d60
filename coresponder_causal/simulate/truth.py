"""What a simulated study knows and a real one does not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from coresponder_causal.simulate.adoption import adopter_effects
from coresponder_causal.simulate.cities import Cities
from coresponder_causal.simulate.columns import months, strings, text
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.effects import DutyPlay, call_effects, outcome_ratios
from coresponder_causal.simulate.full import Full
from coresponder_causal.simulate.rates import WORLDS, Rates, WorldName
from coresponder_causal.simulate.spells import COVERED, HOURS_OF_WEEK, MONTHS, spells
from coresponder_causal.simulate.streams import Floats
from coresponder_causal.simulate.truth_full import FullTruth


@dataclass(frozen=True, eq=False)
class Truth:
    """True effects of the changed programme in the treated city; all logs are natural.

    Four worlds share their shocks and their calls: "none", in which the earlier small dose goes on; "bundle", the
    changed programme paid for by vacant officer posts, which is the observed study; "co_responder" and "fewer_posts",
    in which only one half of the bundle comes. Write μ1 for expected calls in the bundle and μ0 in none. Sums run from
    15 July 2020 to the end of 2022.

    Parameters
    ----------
    city_log_ratio : float
        log(Σ μ1 / Σ μ0) over all hours: the average over the whole period, the months of small dose included.
    effect_at_full_dose : float
        Mean over the months at full dose of log(μ1 / μ0) over all hours; NaN if there is none.
    covered_log_ratio, uncovered_log_ratio : float
        log(Σ μ1 / Σ μ0) over the 70 hours of the full schedule (direct), and over the other 98 (spillover).
    hours_log_ratio : float
        Covered minus uncovered log ratio: what a comparison of hours, before and after, across cities is after.
    averted_calls : float
        Σ (μ0 − μ1).
    tau : float
        Standard deviation between cities of the structural step.
    city_path : pandas.DataFrame
        One row per month: month, mu0, mu1 (expected calls of the whole month).
    contrasts : pandas.DataFrame
        Log ratios of expected calls to those in none: world, all_hours, covered, uncovered. Any two worlds are
        compared by the difference of their rows; those of co_responder and fewer_posts add up to that of the bundle.
    hours_of_week : pandas.DataFrame
        The same for each of the 168 hours: hour_of_week, covered, bundle, co_responder, fewer_posts.
    city_effects : pandas.DataFrame
        Effect of its own programme on each city's expected calls: city, month, log_ratio.
    play : callable
        Gives the treated city's calls in a world.
    full : FullTruth
        Truths of the full tier: officers, volunteers.

    Examples
    --------
    >>> from coresponder_causal.simulate import WorldConfig, world
    >>> truth = world(seed=1, config=WorldConfig(city_effect=-0.25, posts_effect=0.1)).truth
    >>> round(truth.city_log_ratio, 10), abs(truth.hours_log_ratio) < 1e-10
    (-0.15, True)
    >>> truth.contrasts.round(2).set_index("world").all_hours.to_dict()
    {'bundle': -0.15, 'co_responder': -0.25, 'fewer_posts': 0.1}
    """

    city_log_ratio: float
    effect_at_full_dose: float
    covered_log_ratio: float
    uncovered_log_ratio: float
    hours_log_ratio: float
    averted_calls: float
    tau: float
    city_path: pd.DataFrame
    contrasts: pd.DataFrame
    hours_of_week: pd.DataFrame
    city_effects: pd.DataFrame
    play: Callable[[WorldName], DutyPlay] = field(repr=False)
    full: FullTruth = field(repr=False)

    @cached_property
    def att(self) -> float:
        """Mean change of arrest through the team's presence, over all calls it attended; NaN if there is none.

        Asking for it makes the calls.
        """
        without, with_team = self._attended_arrests
        return with_team - without

    @cached_property
    def att_log_ratio(self) -> float:
        """Log ratio of the same means: arrests of attended calls with the team to those without it."""
        without, with_team = self._attended_arrests
        return float(np.log(with_team / without)) if without > 0 and with_team > 0 else float("nan")

    @cached_property
    def _attended_arrests(self) -> tuple[float, float]:
        """Share of attended calls that end in an arrest, had the team not come and as it came."""
        played = self.play("bundle").play
        attended, endings = played.sent.attended, played.endings
        if not attended.any():
            return float("nan"), float("nan")
        return float(endings.without["arrest"][attended].mean()), float(endings.with_team["arrest"][attended].mean())

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Mean changes of call outcomes through the team, since the start; asking for them makes the calls.

        One row per estimand, outcome and group: estimand, outcome, group, calls, recorded, true. The estimand "att"
        averages over attended calls; "itt_delivered" and "itt_planned" over the calls received in delivered and in
        planned shifts, the shift block, against no team on duty. `true` is the change of what happened, `recorded` of
        what the records show: of the incident and of the report filed on it, of the link to care and of the county's
        record of it, of the crisis told and of the one flagged. Groups are all calls, covered and uncovered hours, day
        (06:00 to 18:00) and evening, and the initial types.
        """
        return call_effects(self.play("bundle"))

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Log ratios of the calls, since the start, that had an outcome in each world to those in none.

        One row per world and outcome: world, outcome, calls, recorded, true. These are ratios of counts of the very
        calls of the worlds, not of expected calls; NaN where a count is zero. Asking for them makes the calls.
        """
        return outcome_ratios(self.play)


def true_effects(
    rates: Rates, config: WorldConfig, cities: Cities, play: Callable[[WorldName], DutyPlay], full: Full
) -> Truth:
    """Read the true effects off the expected calls.

    Parameters
    ----------
    rates : Rates
        Expected calls in all worlds.
    config : WorldConfig
        Its `tau` and its adopters.
    cities : Cities
        Names of the cities.
    play : callable
        Gives the treated city's calls in a world.
    full : Full
        The full tier.

    Returns
    -------
    Truth
        True effects in the treated city.
    """
    cut = spells()
    mu = {world: rates.without * np.exp(rates.log_effects[world]) for world in WORLDS}
    path = {world: np.add.reduceat(mu[world].sum(axis=1), cut.first_of_month) for world in ("none", "bundle")}
    post = {world: of_world[cut.post] for world, of_world in mu.items()}
    at_full = np.log(mu["bundle"].sum(axis=1) / mu["none"].sum(axis=1))[(rates.dose == 1) & cut.post]
    contrasts = _contrasts(post)
    total, covered, uncovered = contrasts[["all_hours", "covered", "uncovered"]].to_numpy()[0].tolist()
    return Truth(
        city_log_ratio=total,
        effect_at_full_dose=float(at_full.mean()) if len(at_full) else float("nan"),
        covered_log_ratio=covered,
        uncovered_log_ratio=uncovered,
        hours_log_ratio=covered - uncovered,
        averted_calls=float((post["none"] - post["bundle"]).sum()),
        tau=float(config.tau),
        city_path=pd.DataFrame({"month": months(np.arange(len(MONTHS))), "mu0": path["none"], "mu1": path["bundle"]}),
        contrasts=contrasts,
        hours_of_week=_hours_of_week(post),
        city_effects=_city_effects(np.log(path["bundle"] / path["none"]), config, cities),
        play=play,
        full=FullTruth(full),
    )


def _contrasts(post: dict[WorldName, Floats]) -> pd.DataFrame:
    """Log ratios to the world without the programme, over all, covered and uncovered hours."""
    parts = {"all_hours": np.ones_like(COVERED), "covered": COVERED, "uncovered": ~COVERED}
    others = [world for world in WORLDS if world != "none"]
    ratios = {
        name: [float(np.log(post[world][:, part].sum() / post["none"][:, part].sum())) for world in others]
        for name, part in parts.items()
    }
    return pd.DataFrame({"world": strings(others), **ratios})


def _hours_of_week(post: dict[WorldName, Floats]) -> pd.DataFrame:
    """Log ratios to the world without the programme in each hour of the week."""
    by_hour = {
        world: np.log(mu.sum(axis=0) / post["none"].sum(axis=0)) for world, mu in post.items() if world != "none"
    }
    made = pd.DataFrame({"hour_of_week": np.arange(HOURS_OF_WEEK), "covered": COVERED})
    return made.assign(**{str(world): ratio for world, ratio in by_hour.items()})


def _city_effects(treated: Floats, config: WorldConfig, cities: Cities) -> pd.DataFrame:
    """Effect of each city's own programme by month."""
    effects = adopter_effects(config)
    effects[0] = treated
    city, month = (axis.ravel() for axis in np.indices(effects.shape))
    return pd.DataFrame({"city": text(cities.names, city), "month": months(month), "log_ratio": effects.ravel()})
