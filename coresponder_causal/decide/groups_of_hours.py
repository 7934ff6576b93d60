"""Effects of being on duty in groups of calls: a triple difference in each, and their contrasts by week and city.

Each group's calls are compared as `did_triple` compares all: covered with uncovered hours, before and after, here and
in other cities. θ_jg is the change of city j in group g. A contrast w of groups is Σ_g w_g θ_jg in every city, with the
errors Σ_g w_g e_jtg of the same weeks: what moves all groups alike, in a week or in a city, drops out, and how far
cities drift apart in that very contrast is measured between the comparison cities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.drdid import Method
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.prediction import predict_effects
from coresponder_causal.core.result import Result
from coresponder_causal.core.triple import Changes
from coresponder_causal.decide.group_rows import (
    Contrasted,
    Cuts,
    Estimates,
    Grouped,
    Mask,
    group_rows,
    say_recorded,
    too_small,
)
from coresponder_causal.design.call_estimates import counts_behind
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_changes import (
    calls_with_outcome,
    changes_of,
    cities_of,
    estimand_of_calls,
    refuse_few,
)

Array = NDArray[np.float64]


def groups_of_hours(
    d: CoverageDesign, fields: Sequence[str], cuts: Cuts, method: Method
) -> tuple[Estimates, Grouped, pd.DataFrame]:
    """Estimate the intention to treat of all calls and of every group; see `subgroups`.

    Returns
    -------
    Estimates, Grouped, DataFrame
        The last counts what stands behind each group in the treated city.
    """
    calls = calls_with_outcome(d, "subgroups")
    own = calls["city"].eq(d.treated).to_numpy(bool)
    cells = _cells(calls)
    grouped = group_rows(
        calls,
        fields,
        cuts,
        adjusted=None,
        is_small=lambda rows: _is_small(d, calls, [own & rows & c for c in cells.values()]),
    )
    say_recorded(calls, fields, {name: own & rows for name, rows in cells.items()})
    there = _with_every_cell(d, calls, grouped, list(cells.values()))
    refuse_few(len(cities_of(d, calls[there])) - 1, predicted=True)
    with collecting() as said:
        found = [_changes(d, calls[there & rows], term, method) for term, rows in grouped.terms.items()]
    if said:
        note(f"{len(said)} remarks on single groups and classes of hours, such as: {said[0]}")
    effects = np.stack([each.change @ [-1.0, 1.0] for each in found], axis=1)
    errors = _on_the_same_weeks(found)
    week, after = found[0].week.astype(float), found[0].after

    def contrasted(weights: Array) -> Contrasted:
        one = predict_effects(effects @ weights, errors @ weights, after, week)
        return Contrasted(one.effect, float(np.sqrt(one.variance)), one.df)

    def together(weights: Array) -> float:
        each = [contrasted(row) for row in weights]
        p = [float(inference.p_value(one.estimate / one.std_error, one.df)) for one in each]
        return float(np.min(inference.holm(np.array(p))))

    before = own & calls["covered"].to_numpy(bool) & ~calls["after"].to_numpy(bool)
    counts = _counts(d, calls, {term: own & rows for term, rows in grouped.terms.items()})
    result = _result(d, calls[there], [contrasted(row) for row in np.eye(len(found))], counts)
    without = float(calls.loc[before, str(d.outcome)].mean())
    return Estimates(result, contrasted, together, without), grouped, counts


def _cells(calls: pd.DataFrame) -> dict[str, Mask]:
    """Tell calls apart by covered and uncovered hours, before and after."""
    covered, after = (calls[name].to_numpy(bool) for name in ("covered", "after"))
    return {
        "covered hours after the start": covered & after,
        "covered hours before it": covered & ~after,
        "uncovered hours after it": ~covered & after,
        "uncovered hours before it": ~covered & ~after,
    }


def _counts(d: CoverageDesign, calls: pd.DataFrame, terms: dict[str, Mask]) -> pd.DataFrame:
    persons = None if d.person is None else pd.Index(calls[d.person])
    return counts_behind(calls[str(d.outcome)].to_numpy(float), persons, terms)


def _is_small(d: CoverageDesign, calls: pd.DataFrame, parts: list[Mask]) -> bool:
    y = calls.loc[np.any(parts, axis=0), str(d.outcome)].to_numpy(float)
    return too_small(y, _counts(d, calls, {str(k): rows for k, rows in enumerate(parts)}))


def _with_every_cell(d: CoverageDesign, calls: pd.DataFrame, grouped: Grouped, cells: list[Mask]) -> Mask:
    """Keep the cities with calls of every group in every cell; others are said."""
    place, cities = pd.factorize(calls["city"])
    least = [np.bincount(place[rows & cell], minlength=len(cities)) for rows in grouped.rows.values() for cell in cells]
    kept = np.min(least, axis=0) > 0
    if lost := [str(city) for city, stays in zip(cities, kept, strict=True) if not stays and city != d.treated]:
        note(f"{len(lost)} comparison cities lack calls of a group and are left out: {', '.join(sorted(lost))}")
    return np.asarray(kept[place], bool)


def _changes(d: CoverageDesign, calls: pd.DataFrame, term: str, method: Method) -> Changes:
    try:
        return changes_of(d, calls, method=method)
    except EstimationError as error:
        raise EstimationError(f"{term}: {error.what}", mend=error.mend) from error


def _on_the_same_weeks(found: Sequence[Changes]) -> Array:
    """Errors of all groups on the weeks of all calls, shape (T, 1 + m, K); weeks without a call have none."""
    whole = found[0]
    many = np.where(whole.after, whole.after.sum(), (~whole.after).sum())
    errors = np.zeros((*whole.errors.shape[:2], len(found)))
    for k, each in enumerate(found):
        at = np.searchsorted(whole.week, each.week)
        own = np.where(each.after, each.after.sum(), (~each.after).sum())
        errors[at, :, k] = (each.errors @ [-1.0, 1.0]) * (many[at] / own)[:, None]
    return errors


def _result(d: CoverageDesign, calls: pd.DataFrame, each: Sequence[Contrasted], counts: pd.DataFrame) -> Result:
    y = calls[str(d.outcome)].to_numpy(float)
    about = {
        "city": d.treated,
        "start": d.start,
        "yes_or_no": bool(np.isin(y, [0.0, 1.0]).all()),
        "outcome_unit": f"{str(d.outcome).replace('_', ' ')} per call",
        "m": calls["city"].nunique() - 1,
    }
    return Result(
        method="did_triple",
        estimand=estimand_of_calls(d, calls),
        terms=counts[["term"]],
        estimate=np.array([one.estimate for one in each]),
        vcov=np.where(np.eye(len(each)) == 1, [one.std_error**2 for one in each], np.nan),
        df=np.array([one.df for one in each]),
        scale="difference",
        support=counts,
        n_obs=len(calls),
        n_units=calls["city"].nunique(),
        extra=Facts(about),
    )
