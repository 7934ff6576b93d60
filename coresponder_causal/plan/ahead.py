"""What a study's designs can find, and how often their methods err, before its outcomes are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.plan.assemble import Counts, counts
from coresponder_causal.plan.designs import after_calls, like_calls, settings, some_known, stated_options
from coresponder_causal.plan.reading import unguarded
from coresponder_causal.plan.study import Study
from coresponder_causal.privacy import inside
from coresponder_causal.report.specs import Spec
from coresponder_causal.report.tables import plain
from coresponder_causal.validity import Calibration, Power
from coresponder_causal.validity.layout import blinded

Formed = SeriesDesign | PanelDesign | CoverageDesign
why_not = {
    "triple": ("its calls are compared one by one", "ask for hours, which compares their counts"),
    **dict.fromkeys(
        (*like_calls, *after_calls, *some_known, "strata"),
        (
            "which calls the team attends is not redrawn",
            "evaluate the study: its result says how far an interval of such calls held where the truth is known",
        ),
    ),
    "instrument": (
        "what moves the chance of the team is not redrawn",
        "read docs/call_designs.md, where a town of known truth is redrawn",
    ),
    "boundary": (
        "calls around the hours of the team are not redrawn",
        "ask for hours, or read docs/call_designs.md, where a town of known truth is redrawn",
    ),
    "switchback": ("its plan is drawn by lot", "coresponder-causal switchback --calls says what a trial can find"),
    "two_way": (
        "it compares rates in levels, in which a change in percent is none",
        "ask for cities; validity.calibrate(design, methods=['did_two_way']) judges its log rates",
    ),
    "adopters": (
        "the process of one treated city is fitted, and several start",
        "ask for cities; coresponder-causal validity run --methods did_group_time measures several starts",
    ),
    **dict.fromkeys(
        ("imputation", "interaction", "stacked", "switching"),
        (
            "the process of one treated city is fitted, and several start",
            "ask for cities; docs/methods.md says how often each of these methods errs with several",
        ),
    ),
    "synthetic_adopters": (
        "the process of one treated city is fitted, and several start",
        "ask for cities; docs/methods.md says how far an interval of synthetic controls held",
    ),
    "few_adopters": (
        "the process of one treated city is fitted, and several start",
        "ask for cities; docs/cities.md says how often its tests err with several",
    ),
}
"""Designs that are not redrawn: why, and what to do instead."""


class Redrawn(NamedTuple):
    """A design that is redrawn, with the method that reads it.

    Parameters
    ----------
    design : SeriesDesign, PanelDesign or CoverageDesign
    method : str
        Name of the estimator.
    options : mapping
        Its options, as the study states them.
    """

    design: Formed
    method: str
    options: Mapping[str, Any]


def designs_of(study: Study, tables: Mapping[str, pd.DataFrame], only: Sequence[str] = ()) -> dict[str, Redrawn]:
    """Form a study's designs of one city's counts without estimating anything.

    Of a design with several outcomes or sets of options the first is redrawn.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables, as `read_tables` gives them.
    only : sequence of str
        Names of designs, by default all that the study runs and that are designs of counts of one city in time.

    Raises
    ------
    DataError
        If the study runs none of these designs, or one is asked for that it does not run or that is not redrawn: why
        not, and what to do instead.
    """
    strangers = [name for name in only if name not in study.designs]
    if strangers:
        raise DataError(
            f"the study runs {', '.join(study.designs) or 'no design'}, not {', '.join(strangers)}",
            mend="name them in STUDY.toml: run = [...] in [designs]",
        )
    named = tuple(dict.fromkeys(only or study.designs))
    there = [name for name in named if name not in why_not]
    if not there or (only and len(there) < len(named)):
        raise _refusal([name for name in named if name in why_not])
    data = counts(study, tables)
    return {name: _formed(name, study, data) for name in there}


def designs_ahead(study: Study, only: Sequence[str] = ()) -> dict[str, Redrawn]:
    """Form a study's designs from its files, their outcomes missing from the start on.

    So they can be redrawn before the plan of the study is frozen.

    Parameters
    ----------
    study : Study
    only : sequence of str
        As in `designs_of`.
    """
    found = designs_of(study, unguarded(study)[0], only)
    return {name: one._replace(design=blinded(one.design)) for name, one in found.items()}


def left_out(study: Study) -> str:
    """Say which of a study's designs are not redrawn, and why; nothing where all are.

    Parameters
    ----------
    study : Study
    """
    said = [f"{name}: {why_not[name][0]}" for name in study.designs if name in why_not]
    return f"Not redrawn: {'; '.join(said)}." if said else ""


def _refusal(names: Sequence[str]) -> DataError:
    """Say why designs are not redrawn, and what to do instead."""
    if not names:
        return DataError("the study runs no design", mend="name some in STUDY.toml: run = [...] in [designs]")
    why, instead = zip(*(why_not[name] for name in names), strict=True)
    said = "; ".join(f"'{name}' is not redrawn: {text}" for name, text in zip(names, why, strict=True))
    return DataError(said, mend="; ".join(dict.fromkeys(instead)))


def _formed(name: str, study: Study, data: Counts) -> Redrawn:
    outcome, options = next(study.asked(name))
    setting = settings()[name]
    design = setting.form(study, data, outcome, options)
    assert isinstance(design, Formed)  # the others are in why_not
    return Redrawn(design, setting.estimator.__name__, stated_options(name, options))


def write_power(name: str, found: Power, out: Path) -> list[Path]:
    """Write the power of a design: its curve and its lengths of time as tables, and the picture of both.

    Parameters
    ----------
    name : str
        Name of the design.
    found : Power
    out : Path
        Folder.

    Returns
    -------
    list of Path
    """
    title = f"Power: {found.name}"
    specs: dict[str, Spec] = {
        f"{name}_power.csv": plain(found.curve, title=title, support=found.support),
        f"{name}_power_{found.period_name}.csv": plain(
            found.periods, title=f"{title}, {found.at:g} %", support=found.support
        ),
        f"{name}_power.svg": report.power_picture(found),
    }
    return report.write_all({out / file: spec for file, spec in specs.items()}, policy=inside, into=out)


def write_calibration(name: str, found: Calibration, out: Path) -> list[Path]:
    """Write how often a design's methods err: the table, the cities' noise, and the picture.

    Parameters
    ----------
    name : str
        Name of the design.
    found : Calibration
    out : Path
        Folder.

    Returns
    -------
    list of Path
    """
    title = f"Calibration: {found.name}"
    specs: dict[str, Spec] = {
        f"{name}_calibration.csv": plain(found.table, title=title, support=found.support),
        f"{name}_noise.csv": plain(found.cities, title=f"Noise of the cities: {found.name}", support=found.support),
        f"{name}_calibration.svg": report.calibration_picture(found),
    }
    return report.write_all({out / file: spec for file, spec in specs.items()}, policy=inside, into=out)
