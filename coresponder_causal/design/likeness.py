"""What makes two calls alike enough to be matched: a score or covariates, and the limits a pair must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.covariate_distance import rank_coordinates, scaled_coordinates, whitener
from coresponder_causal.core.errors import Problems
from coresponder_causal.core.links import step
from coresponder_causal.core.matching_rows import Units
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.covariates import as_numbers, is_text, labels, refuse_late

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Score = Literal["logit", "probability"]
Distance = Literal["logit", "probability", "mahalanobis", "robust_mahalanobis", "scaled_euclidean"]
Width = Literal["sd", "raw"]
Discard = Literal["none", "treated", "control", "both"]
decimals = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Options that say which calls are alike, as `match_nearest` describes them."""

    distance: Distance
    mahalanobis_on: tuple[str, ...]
    caliper: float | None
    caliper_in: Width
    calipers: Mapping[str, float]
    calipers_in: Width
    antiexact: tuple[str, ...]
    discard: Discard

    def refuse(self, c: CallDesign, problems: Problems) -> None:
        """Note every option that does not exist or that the design cannot fulfil."""
        hints = {"distance": Distance, "caliper_in": Width, "calipers_in": Width, "discard": Discard}
        for name, hint in hints.items():
            refuse_choice(name, getattr(self, name), hint, problems)
        if self.caliper is not None and not _positive(self.caliper):
            problems.add(f"caliper={self.caliper!r} is not a distance", mend="give a positive number, or None for none")
        for name, width in self.calipers.items():
            if name not in c.covariates or is_text(c.source[name]):
                problems.add(f"calipers name '{name}', no covariate of numbers", mend="name covariates of numbers")
            if not _positive(width):
                problems.add(f"the caliper of '{name}' is {width!r}, not a width", mend="give a positive number")
        if strangers := [name for name in self.mahalanobis_on if name not in c.covariates]:
            problems.add(f"mahalanobis_on has no covariate: {', '.join(strangers)}", mend="name some of the covariates")
        if self.mahalanobis_on and self.distance not in get_args(Score):
            problems.add(
                f"mahalanobis_on stands beside distance='{self.distance}', which takes all covariates",
                mend="leave it out, or take distance='logit', on which order and caliper then go",
            )
        _refuse_apart(c, self.antiexact, problems)


class Alike(NamedTuple):
    """Calls as units to be matched, their score, and the largest distance and differences of a pair."""

    units: Units
    score: Array
    width: float
    widths: Array


def _positive(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _refuse_apart(c: CallDesign, antiexact: Sequence[str], problems: Problems) -> None:
    if missing := [name for name in antiexact if name not in c.source]:
        problems.add(f"antiexact has no column of the design: {', '.join(missing)}", mend="name columns it has")
    if torn := [name for name in antiexact if name in c.equal_in]:
        problems.add(f"calls would be equal and different in {', '.join(torn)}", mend="take it out of antiexact")
    others = [name for name in antiexact if name not in c.covariates]
    refuse_late(others, problems, treatment=c.treatment, graph=c.graph)


def score_of(c: CallDesign, distance: Distance) -> Array:
    """Score by which calls choose or are compared: the probability of treatment if it is asked for, else its log odds.

    Returns
    -------
    ndarray, shape (n,)
    """
    fit = c.propensity()
    return fit.probability if distance == "probability" else fit.linear


def in_support(score: Array, treated: Flags, discard: Discard) -> Flags:
    """Keep the calls whose score, to nine decimals, lies in the range that the other kind of call has.

    Parameters
    ----------
    score : ndarray, shape (n,)
    treated : ndarray of bool, shape (n,)
    discard : {"none", "treated", "control", "both"}
        Kind of call that may be left out.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> in_support(np.array([0.1, 0.6, 0.5, 0.9]), np.array([False, False, True, True]), "both").tolist()
    [False, True, True, False]
    """
    kept, score = np.ones(len(score), bool), np.round(score, decimals)
    for arm, name in ((treated, "treated"), (~treated, "control")):
        if discard in (name, "both"):
            others = score[~arm]
            kept &= ~arm | ((score >= others.min()) & (score <= others.max()))
    return kept


def likeness(distance: Distance, caliper: float | None = None, mahalanobis_on: tuple[str, ...] = ()) -> Likeness:
    """Say which calls are alike: by one distance, within a caliper in its standard deviations."""
    return Likeness(
        distance=distance,
        mahalanobis_on=mahalanobis_on,
        caliper=caliper,
        caliper_in="sd",
        calipers={},
        calipers_in="raw",
        antiexact=(),
        discard="none",
    )


def alike(c: CallDesign, score: Array, kept: Flags, how: Likeness) -> Alike:
    """Bring calls into the coordinates and limits by which they are matched.

    Parameters
    ----------
    c : CallDesign
    score : ndarray, shape (n,)
        Log odds or probability of treatment.
    kept : ndarray of bool, shape (n,)
        Calls whose spread is the unit.
    how : Likeness

    Returns
    -------
    Alike
        The score counts billionths of its standard deviation in whole numbers, whose differences are exact; scores
        that are the same to nine decimals in all calls are 0.
    """
    unit = float(score[kept].std(ddof=1)) / 10**decimals
    score = np.round(score / unit) if unit > 10.0 ** (-2 * decimals) else np.zeros(len(score))
    points = _points(c, kept, how)
    widest = np.inf if how.caliper is None else float(how.caliper)
    reach = widest / unit if how.caliper_in == "raw" else widest * 10**decimals
    near = [c.source[name].to_numpy(float) for name in how.calipers]
    widths = [
        width * (float(values[kept].std(ddof=1)) if how.calipers_in == "sd" else 1.0)
        for values, width in zip(near, how.calipers.values(), strict=True)
    ]
    if how.mahalanobis_on and how.caliper is not None:
        near, widths = [score, *near], [reach, *widths]
    apart = [pd.factorize(labels(c.source[name]))[0] for name in how.antiexact]
    units = Units(
        points=score[:, None] if points is None else points,
        near=np.column_stack(near) if near else np.empty((len(score), 0)),
        apart=np.column_stack(apart) if apart else np.empty((len(score), 0), np.int64),
    )
    width = reach if points is None else np.inf if how.mahalanobis_on else widest
    return Alike(units, score, width, np.array(widths))


def in_deviations(c: CallDesign, how: Likeness) -> tuple[Array, float]:
    """Coordinates of all calls in standard deviations, shape (n, q), and the largest distance of a pair in them."""
    by = alike(c, score_of(c, how.distance), np.ones(len(c.source), bool), how)
    scale = step if how.distance in get_args(Score) and not how.mahalanobis_on else 1.0
    return by.units.points * scale, by.width * scale


def _points(c: CallDesign, kept: Flags, how: Likeness) -> Array | None:
    """Coordinates of covariates, NaN where a call is not kept; None where the score alone counts."""
    if how.mahalanobis_on:
        matrix = as_numbers(c.source, how.mahalanobis_on, reference_levels=False).to_numpy(float)
    elif how.distance in get_args(Score):
        return None
    else:
        matrix = c.covariate_frame(reference_levels=how.distance != "mahalanobis").to_numpy(float)
    own, treated = matrix[kept], c.treated[kept]
    own = own[:, np.ptp(own, axis=0) > 0]
    if how.distance == "robust_mahalanobis":
        found = rank_coordinates(own)
    elif how.distance == "scaled_euclidean":
        found = scaled_coordinates(own, treated)
    else:
        found = own @ whitener(own, treated)
    points = np.full((len(matrix), found.shape[1]), np.nan)
    points[kept] = np.round(found, decimals)
    return points
