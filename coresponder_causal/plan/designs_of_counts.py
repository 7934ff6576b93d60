"""How a study's counts become designs: one city, cities beside each other, or that start at different times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import note
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.plan.designs_of_calls import Options

if TYPE_CHECKING:
    from coresponder_causal.plan.assemble import Counts
    from coresponder_causal.plan.study import Study


comparison = "comparison cities"


def covered_hours(study: Study, data: Counts, outcome: str, _: Options) -> CoverageDesign:
    """Form the counts of all cities by hour of the week, with the hours of the team."""
    doses: dict[str | None, Literal["planned_hours", "delivered_hours"]] = {
        "planned_hours": "planned_hours",
        "delivered_hours": "delivered_hours",
    }
    return CoverageDesign.from_tables(
        data.hourly,
        data.schedule,
        outcome=outcome,
        treated=str(study.city),
        start=study.start,
        start_between=study.start_between,
        dose=doses.get(study.dose),
    )


def cities_beside(study: Study, data: Counts, outcome: str, options: Options) -> PanelDesign:
    """Form the panel of the cities that may be compared: all, or those of the donor pool."""
    if data.pool is None:
        return every_city(study, data.monthly, outcome, options)
    adopters = (study.donors or {}).get("adopters", "leave out")
    return data.pool.apply(every_city(study, data.whole, outcome, options), adopters=adopters)


def every_city(study: Study, monthly: pd.DataFrame, outcome: str, options: Options) -> PanelDesign:
    """Form the panel of all cities of a frame."""
    return PanelDesign.from_frame(
        monthly,
        outcome=outcome,
        unit="city",
        time="month",
        treated=study.city,
        start=study.start,
        start_between=study.start_between,
        exposure=_exposure(monthly),
        dose=study.dose,
        covariates=options.get("covariates", ()),
    )


def adopters_by_start(study: Study, data: Counts, outcome: str, options: Options) -> PanelDesign:
    """Cities by the month in which their programme started, as counts or, where populations are known, rates."""
    _refuse_ended(data.adopters)
    return PanelDesign.from_frame(
        _per_thousand(data.adopters, outcome),
        outcome=outcome,
        unit="city",
        time="month",
        cohort="first_programme",
        covariates=options.get("covariates", ()),
    )


def adopters_by_month(study: Study, data: Counts, outcome: str, _: Options) -> PanelDesign:
    """Cities by the months in which their programmes ran, as counts or, where populations are known, rates."""
    frame = _per_thousand(data.adopters, outcome)
    return PanelDesign.from_frame(frame, outcome=outcome, unit="city", time="month", path="programme_runs")


def _per_thousand(frame: pd.DataFrame, outcome: str) -> pd.DataFrame:
    if not _exposure(frame):
        return frame
    note(f"'{outcome}' is a month's number per 1,000 residents")
    return frame.assign(**{outcome: 1000 * frame[outcome] / frame["population"]})


def _refuse_ended(frame: pd.DataFrame) -> None:
    """Refuse programmes that did not run on from their start: what they leave behind is no effect of having one."""
    ended = frame["programme_runs"].eq(0) & (frame["month"] >= frame["first_programme"])
    if ended.any():
        names = ", ".join(sorted(frame.loc[ended, "city"].astype(str).unique()))
        raise DesignError(
            f"the programme paused or ended within the months in {names}",
            mend="ask for the design 'switching', or leave these cities out of the tables",
        )


def few_adopters_by_start(study: Study, data: Counts, outcome: str, _: Options) -> PanelDesign:
    """Cities by the month in which their programme started, as counts."""
    _refuse_ended(data.adopters)
    return PanelDesign.from_frame(
        data.adopters,
        outcome=outcome,
        unit="city",
        time="month",
        cohort="first_programme",
        exposure=_exposure(data.adopters),
    )


def series_alone(study: Study, data: Counts, outcome: str, options: Options) -> SeriesDesign:
    """Form the series of the city of the programme."""
    return _one_city(study, data, outcome, options, data.monthly[data.monthly["city"] == study.city])


def series_with_others(study: Study, data: Counts, outcome: str, options: Options) -> SeriesDesign:
    """One city with the mean log rate of the comparison cities that have every month beside it, where there are any."""
    monthly = data.monthly
    people = np.asarray(monthly["population"] if _exposure(monthly) else np.ones(len(monthly)), float)
    rates = log_rate(np.asarray(monthly[outcome], float), people)
    wide = monthly.assign(rate=rates).pivot(index="month", columns="city", values="rate")
    others = wide.drop(columns=str(study.city)).dropna(axis=1)
    mine = monthly[monthly["city"] == study.city]
    if others.empty:
        return _one_city(study, data, outcome, options, mine)
    note(f"the forecast is told by the mean log rate of {others.shape[1]} comparison cities")
    told = mine.assign(**{comparison: mine["month"].map(others.mean(axis=1))})
    return _one_city(study, data, outcome, options, told, controls=(comparison,))


def _one_city(
    study: Study, data: Counts, outcome: str, options: Options, frame: pd.DataFrame, controls: tuple[str, ...] = ()
) -> SeriesDesign:
    return SeriesDesign.from_frame(
        frame,
        outcome=outcome,
        time="month",
        start=study.start,
        start_between=study.start_between,
        exposure=_exposure(data.monthly),
        dose=study.dose,
        full_dose=options.get("full_dose"),
        phase_in=options.get("phase_in", 0),
        phase_in_as=options.get("phase_in_as", "ramp"),
        exclude=options.get("exclude", ()),
        breaks=data.breaks,
        holidays=options.get("holidays", ()),
        covid=options.get("covid", "none"),
        controls=controls,
        city=str(study.city),
    )


def _exposure(monthly: pd.DataFrame) -> str | None:
    return "population" if monthly["population"].notna().any() else None
