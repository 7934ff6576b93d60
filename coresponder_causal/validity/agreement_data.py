"""The data sets that many programs are tried on, as our designs; read from the folder of reference numbers."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coresponder_causal.core.errors import DataError
from coresponder_causal.design import CallDesign, PanelDesign, SeriesDesign
from coresponder_causal.validity.safety_cities import Panel, first_panels

trainee_facts = ["age", "educ", "black", "married", "nodegree", "hisp", "re74"]
lalonde_facts = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
law, first_after, panels_shown = 170, 1989, 3


class Answer(NamedTuple):
    """Estimate and standard error; NaN where a program states none, or one that is drawn by lot."""

    estimate: float
    std_error: float


def answer(estimate: ArrayLike, std_error: ArrayLike = np.nan) -> Answer:
    """Make an answer of two numbers, or of the first of each.

    Examples
    --------
    >>> answer([2.0, 1.0])
    Answer(estimate=2.0, std_error=nan)
    """
    return Answer(*(float(np.atleast_1d(np.asarray(value, float))[0]) for value in (estimate, std_error)))


def golden() -> Path:
    """Return the folder that holds the data and the numbers of programs in R.

    Raises
    ------
    DataError
        Where it is not: name it in CORESPONDER_GOLDEN.
    """
    folder = Path(os.environ.get("CORESPONDER_GOLDEN", "../shared/golden"))
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder", mend="name that of the reference numbers in CORESPONDER_GOLDEN")
    return folder


@cache
def frame(name: str) -> pd.DataFrame:
    """Read a data set."""
    return pd.read_csv(golden() / "data" / f"{name}.csv")


@cache
def stored(name: str) -> dict[str, dict[str, object]]:
    """Read what a program in R found: ``packages`` and ``results``."""
    found: dict[str, dict[str, object]] = json.loads((golden() / f"{name}.json").read_text(encoding="utf-8"))
    return found


def counties() -> pd.DataFrame:
    """Teen employment and minimum wages, with the first year of a rise and whether it is past."""
    table = frame("mpdta").rename(columns={"first.treat": "first"})
    post = (table["first"] > 0) & (table["year"] >= table["first"])
    return table.assign(cohort=table["first"].where(table["first"] > 0), post=post.astype(int))


def county_design(*covariates: str) -> PanelDesign:
    """Counties, by the year of their first rise."""
    return PanelDesign.from_frame(
        counties(), outcome="lemp", unit="countyreal", time="year", cohort="cohort", covariates=covariates
    )


def trainees() -> pd.DataFrame:
    """Earnings of trainees and of people asked in a survey, 1975 and 1978."""
    table = frame("nsw_eval_cps_long")
    table = table[table["year"] != 1974]
    return table.assign(cohort=np.where(table["tr"] == 1, 1978.0, np.nan), first=np.where(table["tr"] == 1, 1978, 0))


def trainee_design(*covariates: str) -> PanelDesign:
    """Trainees, who start between the two years."""
    return PanelDesign.from_frame(
        trainees(), outcome="re", unit="id", time="year", cohort="cohort", covariates=covariates
    )


def lalonde() -> CallDesign:
    """LaLonde's people, each a call."""
    table = frame("matchit_lalonde")
    table = table.assign(call_id=range(len(table)))
    return CallDesign.from_frame(table, outcome="re78", treatment="treat", covariates=lalonde_facts)


def smoking() -> PanelDesign:
    """Packs of cigarettes per person, California among other states."""
    table = frame("california_prop99")
    return PanelDesign.from_frame(
        table, outcome="PacksPerCapita", unit="State", time="Year", treated="California", start=first_after
    )


def castle() -> pd.DataFrame:
    """Log homicides by state and year, with the first year of a castle law."""
    table = frame("bacon_castle")[["state", "year", "post", "l_homicide"]]
    first = table["state"].map(table[table["post"] == 1].groupby("state")["year"].min())
    return table.assign(cohort=first, first=first.fillna(0).astype(int))


def castle_design() -> PanelDesign:
    """States, by the first year of their law."""
    return PanelDesign.from_frame(castle(), outcome="l_homicide", unit="state", time="year", cohort="cohort")


def drivers() -> pd.DataFrame:
    """Drivers killed or hurt a month, and time before and since the law of seat belts."""
    table = frame("its_seatbelts")
    return table.assign(petrol=np.log(table["PetrolPrice"]), km=np.log(table["kms"]), y=np.log(table["drivers"]))


def driver_design() -> SeriesDesign:
    """Take the series, with the price of petrol and the distance driven."""
    return SeriesDesign.from_frame(
        drivers(), outcome="drivers", time="t", start=law, season=12, controls=["petrol", "km"]
    )


@cache
def cities() -> tuple[Panel, ...]:
    """Draw panels of a programme without effect, each of one city among ten."""
    return tuple(first_panels(panels_shown))


def city_design(number: int) -> PanelDesign:
    """Take a panel from the city's first whole month on, as every program is told."""
    frame = cities()[number].frame
    population = frame["calls"] / np.exp(frame["rate"])
    treated = frame.loc[frame["treated"] == 1, ["city", "first"]].iloc[0].astype(int)
    return PanelDesign.from_frame(
        frame.assign(population=population),
        outcome="calls",
        unit="city",
        time="month",
        treated=int(treated["city"]),
        start=int(treated["first"]),
        exposure="population",
    )
