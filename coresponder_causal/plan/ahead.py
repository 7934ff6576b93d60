"""What a study's designs can find, and how often their methods err, before its outcomes are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.plan.assemble import Counts, counts
from coresponder_causal.plan.designs import Design, settings
from coresponder_causal.plan.study import Study
from coresponder_causal.report.specs import Spec
from coresponder_causal.report.tables import plain
from coresponder_causal.validity import Calibration, Power

Redrawn = SeriesDesign | PanelDesign | CoverageDesign
can_be_redrawn = ("hours", "cities", "series")


def designs_of(study: Study, tables: Mapping[str, pd.DataFrame], only: Sequence[str] = ()) -> dict[str, Redrawn]:
    """Form a study's designs of one city's counts without estimating anything.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables, as `read_tables` gives them.
    only : sequence of str
        Names of designs, by default all of hours, cities and series that the study runs: the others are not redrawn.

    Raises
    ------
    DataError
        If the study runs none of these designs, or not the one asked for.
    """
    there = [name for name in study.designs if name in can_be_redrawn]
    strangers = [name for name in only if name not in there]
    if strangers or not there:
        raise DataError(
            f"of hours, cities and series the study runs {', '.join(there) or 'none'}"
            + (f", not {', '.join(strangers)}" if strangers else ""),
            mend="name them in STUDY.toml: run = [...] in [designs]",
        )
    data = counts(study, tables)
    formed = {name: _formed(name, study, data) for name in dict.fromkeys(only or there)}
    return {name: design for name, design in formed.items() if isinstance(design, Redrawn)}


def _formed(name: str, study: Study, data: Counts) -> Design:
    outcome, options = next(study.asked(name))
    return settings()[name].form(study, data, outcome, options)


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
        f"{name}_power.csv": plain(found.curve, title=title),
        f"{name}_power_{found.period_name}.csv": plain(found.periods, title=f"{title}, {found.at:g} %"),
        f"{name}_power.svg": report.power_picture(found),
    }
    return [report.write(spec, out / file) for file, spec in specs.items()]


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
        f"{name}_calibration.csv": plain(found.table, title=title),
        f"{name}_noise.csv": plain(found.cities, title=f"Noise of the cities: {found.name}"),
        f"{name}_calibration.svg": report.calibration_picture(found),
    }
    return [report.write(spec, out / file) for file, spec in specs.items()]
