"""Designs drawn from the process of a cell: one design a replication, with the truth known.

Everything of a design but its outcome is the same in every replication of a cell, so it is formed and validated once
and given new outcomes; calls alone are formed anew, as their treatment is drawn too. Replications come in blocks with a
stream of their own: the first 400 of 4,000 are the 400.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design import (
    CallDesign,
    CoverageDesign,
    PanelDesign,
    SeriesDesign,
    SwitchbackDesign,
    match_cardinality,
    match_coarsened,
    match_full,
    match_nearest,
    match_optimal,
    subclassify,
    switchback_schedule,
    weight_balance,
    weight_propensity,
)
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.process import Process, ar1
from coresponder_causal.simulate.rates import expected_calls
from coresponder_causal.simulate.shocks import draw_shocks
from coresponder_causal.simulate.spells import spells
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.boundary_worlds import boundary_designs
from coresponder_causal.validity.call_worlds import instrument_designs
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.history_worlds import history_designs, mean_effect
from coresponder_causal.validity.hour_call_worlds import hour_call_designs
from coresponder_causal.validity.officer_worlds import officer_designs, officer_truth
from coresponder_causal.validity.partly_known_worlds import partly_known_designs
from coresponder_causal.validity.strata_worlds import strata_designs
from coresponder_causal.validity.vignette_worlds import vignette_designs
from coresponder_causal.validity.wave_worlds import wave_designs

Array = NDArray[np.float64]
block = 50
start = "2020-07-15"
treated_city = "city 00"
populations = {
    5: (54, 60, 72, 110, 200, 510),
    10: (54, 40, 48, 60, 66, 72, 88, 110, 150, 200, 510),
    15: (54, 30, 40, 45, 48, 60, 66, 72, 80, 88, 110, 150, 170, 200, 320, 510),
    25: (54, 30, 36, 40, 42, 45, 48, 52, 56, 60, 63, 66, 70, 72, 76, 80, 84, 88, 96, 110, 130, 150, 170, 200, 320, 510),
}
further_treated, months_apart = (60, 48, 72), 6
season_amplitude, dip = 0.10, -0.25
city_ar_sd, city_nugget_sd, series_sd = 0.10, 0.14, 0.15
half_day_sd, evening, weekend = 0.5, 0.3, -0.2  # log scale
recorded = 0.70  # share of incidents recorded in the treated city from the start on, in the world "funnel"
adopters_among_comparison, their_effect = 3, -0.4
before_share = 0.58
of_officers = ("officers", "officer_counts", "officer_dose")


def designs(cell: Cell, replications: int) -> Iterator[Design | CausalError]:
    """Draw designs from a cell.

    Parameters
    ----------
    cell : Cell
    replications : int
        Number of designs.

    Yields
    ------
    SeriesDesign, PanelDesign, CoverageDesign, CallDesign, CallInstrumentDesign, SwitchbackDesign, StrataDesign or
    PartlyKnownDesign, HistoryDesign, OfficerDesign, WaveDesign or VignetteDesign
        Each independent of the others; the n-th does not depend on how many are asked for. Where calls cannot be made
        comparable it is the error.

    Examples
    --------
    >>> cell = Cell(setting="series", periods=36, events=25, rho=0.5, nugget=0.3)
    >>> first, second = designs(cell, 2)
    >>> first.describe() == second.describe(), first.fingerprint == second.fingerprint
    (True, False)
    """
    draws: dict[str, Callable[[Cell, int], Iterator[Design | CausalError]]] = {
        "series": _series,
        "rare": _series,
        "city": _cities,
        "hours": _hours,
        "adopters": _adopters,
        "calls": _calls,
        "plain_calls": _calls,
        "instrument": partial(instrument_designs, block=block),
        "switchback": _switchback,
        "boundary": partial(boundary_designs, block=block),
        "hour_calls": partial(hour_call_designs, block=block),
        "strata": partial(strata_designs, block=block),
        **dict.fromkeys(
            ("partly_known", "double_sample", "linkage", "narrative"), partial(partly_known_designs, block=block)
        ),
        "history": partial(history_designs, block=block),
        **dict.fromkeys(of_officers, partial(officer_designs, block=block)),
        "vignettes": partial(vignette_designs, block=block),
        **dict.fromkeys(("waves", "ordinal_waves", "lost_waves"), partial(wave_designs, block=block)),
    }
    draw = draws[cell.setting]
    parts = (design for part in range(-(-replications // block)) for design in draw(cell, part))
    return islice(parts, replications)


def truth(cell: Cell, term: str, *, headline: bool) -> float | None:
    """Give the true value of a term in a cell, None where the cell does not say.

    Parameters
    ----------
    cell : Cell
    term : str
        Name of the term.
    headline : bool
        Whether it is the first of its result: that one is held against the effect of the cell, whatever its name.

    Examples
    --------
    >>> cell = Cell(setting="adopters", periods=12, effect=1.0, growth=0.25)
    >>> truth(cell, "mean_post", headline=True), truth(cell, "att", headline=True)
    (1.625, 1.0)
    """
    if cell.setting == "adopters" and term != "att":
        return float(_growing(cell).mean()) if headline or term == "overall" else None
    if cell.setting == "history" and term.startswith("mean"):
        return mean_effect(cell.effect)
    if cell.setting == "history" and not headline:
        return None if cell.effect or cell.world or term.startswith("kaplan_meier") else 0.0
    if cell.setting in of_officers:
        return officer_truth(cell, term, headline=headline)
    if (cell.setting, term) == ("hour_calls", "uncovered_hours"):
        return 0.0
    if cell.setting in ("instrument", "boundary") and term == "itt":
        return None if cell.effect else 0.0
    same = {("series", "level_change"), ("city", "level_change"), ("hours", "covered_within_city")}
    same |= {("hour_calls", "covered_hours")}
    return cell.effect if headline or (cell.setting, term) in same else None


def _series(cell: Cell, part: int) -> Iterator[Design]:
    """One city: an AR(1) process and independent shocks of deviation .15 together, counted."""
    periods, nugget = int(cell.periods or 0), float(cell.nugget or 0)
    before = round(before_share * periods)
    months = pd.period_range(end=pd.Period("2020-06", "M") + (periods - before), periods=periods, freq="M")
    shock = _pandemic(months) if cell.world == "pandemic" else 0.0
    dose = (np.arange(periods) >= before).astype(float)
    process = Process(
        log_mean=(np.log(float(cell.events or 0)) + _season(periods) + shock)[None],
        rho=np.array([cell.rho]),
        ar_sd=np.array([series_sd * np.sqrt(1 - nugget)]),
        nugget_sd=np.array([series_sd * np.sqrt(nugget)]),
        tau=np.zeros(1),
        step=np.zeros(periods),
        dose=dose,
        effect=cell.effect,
    )
    frame = pd.DataFrame({"city": treated_city, "month": months, "calls": np.arange(periods)})
    template = SeriesDesign.from_frame(frame, outcome="calls", time="month", start=months[before])
    return _filled(template, (counts[0] for counts in process.draw(block, seed=cell.seed, part=part)))


def _cities(cell: Cell, part: int) -> Iterator[Design]:
    """Treated cities among others that share season and a dip in 2020, each with shocks and a step of its own."""
    first, *others = populations[int(cell.comparison or 0)]
    k, periods = int(cell.treated or 1), int(cell.periods or 0)
    size = np.array([first, *further_treated[: k - 1], *others], float)
    months = pd.period_range(start=pd.Period("2020-07", "M") - round(before_share * periods), periods=periods, freq="M")
    starts = [pd.Timestamp(start) + pd.DateOffset(months=months_apart * number) for number in range(k)]
    post, *later = (_share_after(months, date) for date in starts)
    treated = np.arange(len(size)) < k
    noisier = np.where(treated, (cell.treated_noise or 1.0) * (2.0 if cell.world == "volatile" else 1.0), 1.0)
    wider = np.where(treated & (cell.world == "volatile"), 2.0, 1.0)
    shared = _season(periods) + dip * ((months.year == 2020) & (months.month >= 3) & (months.month <= 8))
    level = np.log(float(cell.events or 0) * size / size[0])
    if cell.world == "small city":
        level, shared = np.where(treated, np.log(2.0), np.log(40.0)), shared + np.log(0.5) * post
    log_mean = level[:, None] + shared
    for number, dose in enumerate(later, 1):
        log_mean[number] += cell.effect * dose
    if cell.world == "contaminated":
        log_mean[1 : 1 + adopters_among_comparison] += their_effect * post
    process = Process(
        log_mean=log_mean,
        rho=np.full(len(size), float(cell.rho or 0)),
        ar_sd=city_ar_sd * noisier,
        nugget_sd=np.full(len(size), city_nugget_sd),
        tau=float(cell.tau or 0) * wider,
        step=post,
        dose=post,
        effect=cell.effect + (np.log(recorded) if cell.world == "funnel" else 0.0),
    )
    template = _panel(size, months, starts)
    return _filled(template, (counts.ravel() for counts in process.draw(block, seed=cell.seed, part=part)))


def _panel(size: Array, months: pd.PeriodIndex, starts: list[pd.Timestamp]) -> PanelDesign:
    """Form the panel of cities, the first of them treated, whose counts are still to be drawn."""
    names = [f"city {number:02d}" for number in range(len(size))]
    frame = pd.DataFrame(
        {
            "city": np.repeat(names, len(months)),
            "month": np.tile(months, len(size)),
            "population": np.repeat(1000 * size, len(months)),
            "calls": np.arange(len(size) * len(months)),
        }
    )
    dates = dict(zip(names, (date.date().isoformat() for date in starts), strict=False))
    frame["first"] = frame["city"].map(dates)
    form = partial(PanelDesign.from_frame, frame, outcome="calls", unit="city", time="month", exposure="population")
    return form(treated=treated_city, start=start) if len(starts) == 1 else form(cohort="first")


def _share_after(months: pd.PeriodIndex, date: pd.Timestamp) -> Array:
    """Share of each month's days from a date on."""
    share = np.clip((months.end_time.normalize() - date).days + 1, 0, None) / months.days_in_month
    return np.asarray(np.minimum(share.to_numpy(float), 1.0))


def _hours(cell: Cell, part: int) -> Iterator[Design]:
    """Covered and uncovered hours of the cities of a `simulate.world`, whose sums over hours are drawn at once."""
    config = WorldConfig(
        n_comparison=int(cell.comparison or 0),
        monthly_calls=float(cell.events or 0),
        tau_hours=float(cell.tau or 0),
        effect=0.0,
        spillover=0.0,
    )
    study = world("null", seed=cell.seed % 1000, config=config)
    template = CoverageDesign.from_tables(study.hours, study.tables["schedule"], outcome="calls", start=start)
    places = _class_places(template, study.hours["city"].drop_duplicates().tolist())
    for number in range(block):
        rng = stream(cell.seed, Tier.PROCESS, part * block + number)
        expected = expected_calls(config, draw_shocks(config, int(rng.integers(2**31)))).expected
        expected[0, spells().post] *= np.exp(cell.effect * template.covered)
        by_month = np.add.reduceat(expected, spells().first_of_month, axis=1)
        covered = by_month[:, :, template.covered].sum(axis=2)
        counts = rng.poisson(np.stack([by_month.sum(axis=2) - covered, covered], axis=2)).ravel()
        yield replace(template, source=template.source.assign(calls=counts[places]))


def _class_places(template: CoverageDesign, cities: list[str]) -> NDArray[np.int64]:
    """Where each row of the design stands in an array of cities × months × (uncovered, covered)."""
    city = template.source["city"].map({name: number for number, name in enumerate(cities)}).to_numpy(int)
    month = template.axis.positions - template.months.min()
    return np.asarray((city * len(template.months) + month) * 2 + template.source["covered"].to_numpy(int))


def _adopters(cell: Cell, part: int) -> Iterator[Design]:
    """Units of which some start together in the middle; AR(1) errors of deviation one."""
    treated, units, periods = int(cell.treated or 0), int(cell.treated or 0) + int(cell.comparison or 0), cell.periods
    half = int(periods or 0) // 2
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), 2 * half),
            "t": np.tile(np.arange(1, 2 * half + 1), units),
            "y": np.arange(2.0 * units * half),
        }
    )
    template = PanelDesign.from_frame(
        frame, outcome="y", unit="unit", time="t", treated=list(range(treated)), start=half + 1, season=None
    )
    rng = stream(cell.seed, Tier.PROCESS, part)
    values = ar1(rng.standard_normal((block, units, 2 * half)), float(cell.rho or 0), 1.0)
    values += rng.standard_normal((block, units, 1)) + rng.standard_normal((block, 1, 2 * half))
    values[:, :treated, half:] += _growing(cell)
    return _filled(template, (drawn.ravel() for drawn in values))


def _growing(cell: Cell) -> Array:
    """Effect by period from the start on."""
    return np.asarray(cell.effect * (1 + float(cell.growth or 0) * np.arange(int(cell.periods or 0) // 2)), float)


def _calls(cell: Cell, part: int) -> Iterator[Design | CausalError]:
    """Draw calls of persons who call again; the team goes by severity and night, in one world by what is hidden too."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    for _ in range(block):
        frame = _call_frame(cell, rng)
        yield _adjusted(frame, cell)


def _call_frame(cell: Cell, rng: np.random.Generator) -> pd.DataFrame:
    n, share = int(cell.calls or 0), float(cell.share or 0)
    person = rng.integers(0, n // 2, n)
    severity, night, hidden = rng.normal(size=n), rng.random(n) < 0.4, rng.normal(size=n)
    own = 0.4 * rng.normal(size=n // 2)[person]
    odds = 0.8 * severity + 0.5 * night + (0.8 * hidden if cell.world == "hidden severity" else 0.0)
    middle = brentq(lambda shift: float((1 / (1 + np.exp(-odds - shift))).mean()) - share, -20.0, 20.0)
    attended = rng.random(n) < 1 / (1 + np.exp(-odds - middle))
    minutes = 0.5 * severity + 0.3 * night + 0.5 * hidden + own + rng.normal(size=n)
    if cell.world == "off duty":
        on_duty = rng.random(n) < 0.5
        attended &= on_duty
        minutes -= 0.5 * ~on_duty
    minutes += cell.effect * attended
    return pd.DataFrame(
        {"person": person, "severity": severity, "night": night, "attended": attended, "minutes": minutes}
    )


def _adjusted(frame: pd.DataFrame, cell: Cell) -> Design | CausalError:
    """Form the design and make it comparable where the cell says how; an error is returned, for the study to count."""
    adjust: dict[str, Callable[[CallDesign], CallDesign]] = {
        "match_nearest": partial(match_nearest, caliper=0.2),
        "match_nearest replace": partial(match_nearest, caliper=0.2, replace=True),
        "match_optimal": partial(match_optimal, caliper=0.2),
        "match_full": match_full,
        "match_coarsened": match_coarsened,
        "match_cardinality": match_cardinality,
        "subclassify": subclassify,
        "weight_propensity att": partial(weight_propensity, scheme="att"),
        "weight_propensity overlap": partial(weight_propensity, scheme="overlap"),
        "weight_propensity ate": partial(weight_propensity, scheme="ate"),
        "weight_propensity atc": partial(weight_propensity, scheme="atc"),
        "weight_propensity matching": partial(weight_propensity, scheme="matching"),
        "weight_propensity att boosted": partial(weight_propensity, scheme="att", model="boosted"),
        "weight_balance att": weight_balance,
        "weight_balance atc": partial(weight_balance, contrast="ATC"),
        "weight_balance entropy ate": partial(weight_balance, contrast="ATE"),
        "weight_balance cbps ate": partial(weight_balance, method="cbps", contrast="ATE"),
        "weight_balance tilting ate": partial(weight_balance, method="tilting", contrast="ATE"),
    }
    try:
        with quietly():
            design = CallDesign.from_frame(
                frame, outcome="minutes", treatment="attended", covariates=["severity", "night"], person="person"
            )
            return adjust[cell.adjustment](design) if cell.adjustment else design
    except CausalError as error:
        return error


def _switchback(cell: Cell, part: int) -> Iterator[Design]:
    """Half-days of one city, a new plan drawn each time; evenings are busier, weekends quieter, some half-days both."""
    weeks = int(cell.periods or 0)
    for number in range(block):
        rng = stream(cell.seed, Tier.PROCESS, part * block + number)
        plan = switchback_schedule(weeks=weeks, start="2021-01-04", city=treated_city, seed=int(rng.integers(2**31)))
        slot = np.arange(plan.law.slots)
        profile = np.exp(evening * (slot % 2) + weekend * (slot >= 10))
        expected = np.tile(float(cell.events or 0) * profile / profile.sum(), weeks)
        if cell.rho:
            shocks = ar1(rng.standard_normal(len(expected)), float(cell.rho), half_day_sd)
            expected = expected * np.exp(shocks - half_day_sd**2 / 2)
        counts = rng.poisson(expected * np.exp(cell.effect * plan.covered.ravel()))
        frame = pd.DataFrame({"shift_start": plan.starts, "calls": counts})
        yield SwitchbackDesign.from_tables(frame, plan, outcome="calls")


def _filled(template: PanelDesign | SeriesDesign, draws: Iterator[Array]) -> Iterator[Design]:
    """Give the template each draw as its outcome; formed with 0, 1, 2, … it knows where each value belongs."""
    outcome = str(template.outcome)
    places = template.source[outcome].to_numpy(int)
    for values in draws:
        yield replace(template, source=template.source.assign(**{outcome: values[places]}))


def _season(periods: int) -> Array:
    return np.asarray(season_amplitude * np.sin(2 * np.pi * np.arange(periods) / 12))


def _pandemic(months: pd.PeriodIndex) -> Array:
    """Log change of calls: −.5 in March 2020, fading in a straight line over fifteen months."""
    since = (months.year - 2020) * 12 + months.month - 3
    return np.asarray(np.where(since >= 0, -0.5 * np.maximum(0.0, 1 - since / 15), 0.0))
