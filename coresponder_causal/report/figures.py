"""Pictures of results before they are drawn: which numbers, which words."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import critical, interval
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report import words
from coresponder_causal.report.bias_pictures import contour, growing_bias
from coresponder_causal.report.boundary_picture import at_boundary
from coresponder_causal.report.check_pictures import breaks, common_support, placebos, residuals, sums_of_calls
from coresponder_causal.report.donor_picture import donor_weights
from coresponder_causal.report.incidence_picture import after_calls
from coresponder_causal.report.instrument_pictures import gap_over_time, team_came
from coresponder_causal.report.officer_picture import groups_over_time, of_groups
from coresponder_causal.report.rows import across, events, love
from coresponder_causal.report.sensitive import as_its_items
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.specification_picture import specifications
from coresponder_causal.report.specs import Picture
from coresponder_causal.report.time_axis import positions, years
from coresponder_causal.report.tipping_picture import tipping
from coresponder_causal.report.wave_picture import over_waves

own_picture = {
    "balance": love,
    "break_date": breaks,
    "displacement": sums_of_calls,
    "honest": growing_bias,
    "marginal_sensitivity": growing_bias,
    "overlap": common_support,
    "placebo_treatment": placebos,
    "residual_autocorrelation": residuals,
    "robustness_value": contour,
    "rosenbaum": growing_bias,
    "specification_curve": specifications,
    "tipping_point": tipping,
}
of_synthetic = ("synth_augmented", "synth_control", "synth_did")
along_other_cities = ("did_gap", "its_conformal", *of_synthetic)
day = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")


@as_its_items
def figure(*items: Result | CheckResult, kind: Literal["path", "forest", "donors"] | None = None) -> Picture:
    """Picture of a result, its course in time or its cities side by side; of several results; or behind a check.

    Parameters
    ----------
    *items : Result or CheckResult
        One of either; or several results, whose headlines are drawn below each other.
    kind : {"path", "forest", "donors"}, optional
        ``"path"``: observed against expected, period by period. ``"forest"``: the treated city's change beside that of
        each comparison city. ``"donors"``: the weights of a synthetic control. Default: cities where the result has
        them, else the effects by time since the start where it has one for each and is of no synthetic control, else
        the path. Of calls by an instrument how often it brought the team, or as ``"path"`` how covered hours moved
        against the others by half-year. A check has one picture only: the love plot of balance, the histograms of
        overlap, else its estimates.

    Returns
    -------
    Picture
        ``data`` of a path: ``path`` (time, position, observed, counterfactual, low, high, after, and fitted where the
        result has it); of a forest: ``cities`` (city, role, effect, low, high) and, of a result, ``range`` (low, high),
        on its own scale.

    Raises
    ------
    EstimationError
        If the result carries neither, the check no estimates, or several items are not all results; show them with
        ``report.table``.
    """
    results = [item for item in items if isinstance(item, Result)]
    if len(items) > 1 and len(results) == len(items):
        return across(results)
    if len(items) != 1:
        raise EstimationError(
            f"a figure shows results or one check, not {len(items) - len(results)} checks and {len(results)} results",
            mend="draw each check alone",
        )
    (result,) = items
    if isinstance(result, CheckResult):
        return (own_picture.get(result.check, _estimates) if len(result.table) else _estimates)(result)
    if kind == "donors":
        return donor_weights(_weighted(result))
    if kind is None and of_groups(result):
        return groups_over_time(result)
    synthetic = result.method in of_synthetic and result.path is not None
    if kind is None and result.cities is None and _by_time_since_start(result) and not synthetic:
        return events(result)
    if result.method == "wave_change":
        return over_waves(result)
    if "boundary" in result.extra:
        return at_boundary(result)
    if "followed_days" in result.extra:
        return after_calls(result)
    if "shares" in result.extra:
        return _by_instrument(result, kind)
    chosen = kind or ("forest" if result.cities is not None else "path")
    if chosen == "forest":
        return _forest(result, _needed(result, "cities"))
    return _path(result, _needed(result, "path"))


def pictures(result: Result) -> tuple[Picture, ...]:
    """Every picture a result can give: by time since the start, its course in time, its cities where compared.

    Parameters
    ----------
    result : Result

    Returns
    -------
    tuple of Picture
    """
    if "boundary" in result.extra or "followed_days" in result.extra or result.method == "wave_change":
        return (figure(result),)
    if "shares" in result.extra:
        return (team_came(result), *((gap_over_time(result),) if "gap_course" in result.extra else ()))
    if of_groups(result):
        return (groups_over_time(result),)
    made = [events(result)] if _by_time_since_start(result) else []
    made += [] if result.path is None else [figure(result, kind="path")]
    made += [donor_weights(result)] if "donors" in result.extra else []
    compared = result.cities is not None and result.cities["role"].eq("comparison").any()
    return (*made, figure(result, kind="forest")) if compared else tuple(made)


def _by_time_since_start(result: Result) -> bool:
    """Whether the result has one term for each time since the start, and not one for each cohort too."""
    return "event_time" in result.terms and "cohort" not in result.terms


def _weighted(result: Result) -> Result:
    if "donors" not in result.extra:
        raise EstimationError(f"{result.method} carries no weights of donors", mend="draw it without kind=")
    return result


def _by_instrument(result: Result, kind: Literal["path", "forest", "donors"] | None) -> Picture:
    if kind is None:
        return team_came(result)
    if kind == "forest" or "gap_course" not in result.extra:
        raise EstimationError(f"{result.method} carries no such picture", mend="draw it without kind=")
    return gap_over_time(result)


def _needed(result: Result, name: Literal["cities", "path"]) -> pd.DataFrame:
    frame = result.cities if name == "cities" else result.path
    if frame is None:
        mend = "show it with report.table"
        if "cohort" in result.terms:
            mend = "average it: aggregate(result, by='event_time')"
        raise EstimationError(f"{result.method} carries no {name} to draw", mend=mend)
    return frame


def _path(result: Result, path: pd.DataFrame) -> Picture:
    """One city in time, or its ratio to the comparison cities where there are any."""
    gap = result.cities is not None
    position = positions(path["time"])
    start = _start(result, path, position)
    drawn = [name for name in ("time", "observed", "counterfactual", "low", "high", "fitted") if name in path]
    data = path[drawn].assign(position=position, after=position >= (np.inf if start is None else start))
    whole = _whole_from(result, path, position)
    top, cut = _top(data)
    cut_said = " The band is cut where it leaves the picture." if cut and not gap else ""
    city, outcome = words.city(result), words.outcome(result)
    over = "over" if result.scale == "log_ratio" else "less"
    hours = f", covered {over} other hours," if "triple_difference" in result.terms["term"].tolist() else ""
    along = gap or result.method in along_other_cities
    versus = f"{hours} against the comparison cities" if along else ""
    said = str(result.extra.get("start", ""))
    return Picture(
        title=f"{city}{versus}: {outcome}, observed and expected",
        caption=_path_caption(result, gap, fitted="fitted" in path, phased=whole is not None) + cut_said,
        alt=_path_alt(result, data, gap),
        kind="gap" if gap else "series",
        data={"path": data},
        labels=Facts(
            {
                "y": _path_axis(result, gap),
                "even": float(result.scale == "log_ratio"),
                "start": start,
                "start_label": f"start: {words.dates(said)}" if said else "start",
                "whole": whole,
                "top": top,
                "calendar": not pd.api.types.is_numeric_dtype(path["time"]),
            }
        ),
        support=path[["time", "events"]] if "events" in path else smallest(result.support),
    )


def _top(data: pd.DataFrame) -> tuple[float, bool]:
    """Return where the axis of counts ends, at most at three times the largest course, and whether the band is cut."""
    courses = [name for name in ("observed", "counterfactual", "fitted") if name in data]
    largest, band = float(np.nanmax(data[courses].to_numpy(float))), float(np.nanmax([0.0, *data["high"]]))
    return (3 * largest, True) if band > 3 * largest else (1.06 * max(largest, band), False)


def _path_axis(result: Result, gap: bool) -> str:
    if not gap:
        return words.capital(words.unit(result))
    if result.scale == "log_ratio":
        return "Ratio to comparison cities (before: 1)"
    return f"{words.capital(words.unit(result))} (before: 0)"


def _path_caption(result: Result, gap: bool, *, fitted: bool, phased: bool) -> str:
    dots = "the city over the mean of the comparison cities, 1 as before the start" if gap else "what was observed"
    if gap and result.scale == "difference":
        dots = "four weeks of the city less those of the comparison cities, 0 as before the start"
    band = (
        "where the city's mean would lie nineteen times in twenty without the programme" if gap else "its 95 % interval"
    )
    single = result.method in ("its_conformal", "its_structural", *of_synthetic)
    course, after = "the course of the time before the start", "it is carried forward"
    if result.method in along_other_cities:
        course = "the synthetic control" if result.method in of_synthetic else "the comparison cities' course"
    if result.method == "its_arima" and not fitted:  # differences leave no course but the observed one
        single, course, after = True, "the observed course", "the effect is taken out of it"
    banded = result.path is not None and result.path["low"].notna().any()
    width = f" Band: {band}{', for each period by itself' if single else '; single periods scatter more widely'}."
    return (
        f"Dots: {dots}. {'Grey line: the fitted course. Dashed' if fitted else 'Line'}: {course}"
        f"{', carried forward' if fitted else f', dashed where {after}'}."
        f"{width if banded else ''}"
        f"{' Shaded grey: the programme was not yet whole.' if phased else ''}"
    )


def _path_alt(result: Result, data: pd.DataFrame, gap: bool) -> str:
    after = data[data["after"]]
    observed, expected = after["observed"].mean(), after["counterfactual"].mean()
    to = "ratio to" if result.scale == "log_ratio" else "difference from"
    what = f"its {to} the comparison cities" if gap else words.outcome(result)
    means = f"On average after the start: observed {words.number(observed)}, expected {words.number(expected)}."
    first, last = data["time"].iloc[0], data["time"].iloc[-1]
    return (
        f"Course of {what} in {words.city(result)} from {first} to {last}, and the line expected without it. "
        f"{means if len(after) else ''} {finding(result).text}"
    )


def _forest(result: Result, cities: pd.DataFrame) -> Picture:
    """One row per city, the treated city first and with the headline's interval."""
    treated = cities["role"].eq("treated")
    ordered = pd.concat([cities[treated], cities[~treated].sort_values("effect")], ignore_index=True)
    low, high = interval(ordered["effect"], ordered["std_error"], ordered["df"])
    rows = ordered[["city", "role", "effect"]].assign(low=low, high=high)
    headline = result.tidy().iloc[0]
    own = rows["role"].eq("treated")
    half = float(critical(result.df[0])) * float(headline["std_error"])  # of the prediction, also where ranks decide
    rows.loc[own, ["effect", "low", "high"]] = headline["estimate"] + np.array([0, -half, half])
    outcome = words.outcome(result)
    if {"triple_difference", "covered_within_city"} & set(result.terms["term"]):
        outcome += f" in covered {'over' if result.scale == 'log_ratio' else 'less'} other hours"
    as_large = int((rows.loc[~own, "effect"].abs() >= abs(float(headline["estimate"]))).sum())
    return Picture(
        title=f"Change of {outcome} in each city against the comparison cities' mean",
        caption=(
            "Points: change of each city. Bars of comparison cities: 95 % interval of that city alone. Bar of the city "
            "with the programme: 95 % prediction interval of the finding. Shaded: where that city would land nineteen "
            "times in twenty if the programme changed nothing."
        ),
        alt=(
            f"One row per city. {finding(result).text} Of {int((~own).sum())} comparison cities, {as_large} changed by "
            "as much or more in either direction."
        ),
        kind="forest",
        data={"cities": rows, "range": pd.DataFrame({"low": [-half], "high": [half]})},
        labels=Facts(
            {
                "x": f"Change of {outcome}" + ("" if result.scale == "log_ratio" else f", {words.unit(result)}"),
                "range": "expected range without the programme",
                "percent": result.scale == "log_ratio",
            }
        ),
        support=cities[["city", "events"]] if "events" in cities else smallest(result.support),
    )


def _estimates(check: CheckResult) -> Picture:
    """One row per estimate behind a check, with its 95 % interval where the check gives it."""
    table, name = check.table, check.check.replace("_", " ")
    if "estimate" not in table:
        raise EstimationError(f"the check {name} has no estimates to draw", mend="show it with report.table")
    table = table[table["estimate"].notna()]
    percent = bool(len(table)) and "scale" in table and table["scale"].eq("log_ratio").all()
    low = high = table["estimate"]
    if {"conf_low", "conf_high"} <= set(table):
        low, high = table["conf_low"], table["conf_high"]
    elif {"std_error", "df"} <= set(table):
        low, high = (pd.Series(bound) for bound in interval(table["estimate"], table["std_error"], table["df"]))
    rows = pd.DataFrame({"city": table.iloc[:, 0].astype(str), "effect": table["estimate"], "low": low, "high": high})
    return Picture(
        title=f"{words.capital(name)}: {check.verdict}",
        caption=f"{check.assumption} {check.sentence}",
        alt=f"One row per estimate of the check {name}. {check.sentence}",
        kind="forest",
        data={"cities": rows.assign(role=table.get("role", "comparison"))},
        labels=Facts({"x": "Change" if percent else "Estimate, on the scale of the method", "percent": percent}),
        support=check.support,
    )


def _whole_from(result: Result, path: pd.DataFrame, position: np.ndarray) -> float | None:
    """Where the phase-in ends on the axis of positions, for results that had one."""
    whole = position[path["dose"].ge(1)] if result.extra.number("phase_in") > 0 else np.empty(0)
    return float(whole.min() - np.median(np.diff(position)) / 2) if len(whole) else None


def _start(result: Result, path: pd.DataFrame, position: np.ndarray) -> float | None:
    """Where the start falls on the axis of positions: its date, or half a step before the first treated period."""
    dates = day.search(str(result.extra.get("start", "")))
    if dates and not pd.api.types.is_numeric_dtype(path["time"]):
        return float(years(pd.Series(pd.to_datetime([dates[0]])))[0])
    step = float(np.median(np.diff(position))) if len(position) > 1 else 1.0
    if "dose" in path and path["dose"].gt(0).any():
        return float(position[path["dose"].gt(0)].min()) - step / 2
    number = str(result.extra.get("start", ""))
    return float(number) - step / 2 if number.isdigit() else None
