"""What every method for one series in time reports: one set of terms, one path, one way of counting averted events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import note
from coresponder_causal.core.result import Result
from coresponder_causal.core.serial_noise import root
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]
Single = NDArray[np.float32]
F = TypeVar("F", np.float32, np.float64)
Link = Literal["log", "identity"]
default_horizons = {"M": (6, 12, 24), "W": (26, 52, 104)}  # half a year, one year, two
draws = 5_000
_largest_log = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One series as it was observed, and the start in it.

    Parameters
    ----------
    city, outcome, treatment, start : str
        Whose course, of what, what started, and when: in words.
    periods : Index, length n
        Labels of the periods.
    positions : ndarray, shape (n,)
        Their integer positions, increasing; a gap is a period left out.
    start_position : int
        First position that the start touches.
    dose : ndarray, shape (n,)
        0 before the start, 1 at full dose.
    counts, exposure : ndarray, shape (n,)
        Observed events (or what takes their place) and their denominator.
    freq, period_name : str
        Kind of period as in `data.periods.TimeAxis`, and its plural.
    phase_in : int
        Periods from the start on in which the programme was not yet whole.
    """

    city: str
    outcome: str
    treatment: str
    start: str
    periods: pd.Index
    positions: Array
    start_position: int
    dose: Array
    counts: Array
    exposure: Array
    freq: str
    period_name: str
    phase_in: int = 0

    @property
    def after(self) -> NDArray[np.bool_]:
        """Periods from the start on, shape (n,)."""
        return np.asarray(self.positions >= self.start_position)

    def facts(self) -> dict[str, object]:
        """Give what every result for a series says of it in ``extra``."""
        per = "per period" if self.freq == "int" else f"a {self.period_name[:-1]}"
        return {
            "city": self.city,
            "start": self.start,
            "mean_events": float(self.counts.mean()),
            "outcome_unit": f"{self.outcome} {per}",
            "n_before": int((~self.after).sum()),
            "n_after": int(self.after.sum()),
            "phase_in": self.phase_in,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesFit:
    """A linear predictor for the series, with the programme and without it.

    Parameters
    ----------
    matrix, without : ndarray, shape (n, k)
        Regressors as they were, and with the programme taken out: g(E[y_t] / unit_t) = matrix_t β.
    beta : ndarray, shape (k,)
    vcov : ndarray, shape (k, k)
    df : float
        Degrees of freedom; with a ``record`` their ceiling.
    link : {"log", "identity"}
        Whether the predictor is of the log rate, or of the count at mean exposure.
    named : mapping of str to ndarray, shape (k,)
        Contrasts with a name of their own, ``level_change`` and, where the slope may change, ``slope_change``.
    record : VarianceRecord, optional
        Gives every contrast its own Satterthwaite df.
    noise : callable, optional
        From independent normal draws, shape (n_after, draws), to the errors of the periods after the start on the scale
        of the link, as counting noise and persistence make them. Needed for the interval of ``averted_predicted``.
    own_course : bool
        Whether the predictor with the programme is a fitted course; False where it is the observed one, which `path`
        then does not repeat.
    """

    matrix: Array
    without: Array
    beta: Array
    vcov: Array
    df: float
    link: Link
    named: Mapping[str, Array]
    record: VarianceRecord | None = None
    noise: Callable[[Single], Single] | None = None
    own_course: bool = True

    def df_of(self, contrast: Array) -> float:
        """Degrees of freedom of a contrast of β, shape (k,)."""
        return self.df if self.record is None else self.record.df(contrast, self.vcov)


def series_result(
    course: Course,
    fit: SeriesFit,
    *,
    method: str,
    facts: Mapping[str, object],
    contrast: str = "change against the city's own course",
    horizons: tuple[int, ...] | None = None,
    seed: int = 1,
) -> Result:
    """Report a fitted series: the terms, the path and the facts that all methods for a series share.

    Parameters
    ----------
    course : Course
    fit : SeriesFit
    method : str
        Name of the estimator.
    facts : mapping
        What the method adds to ``extra``: its options, ``interval``, and where it has them ``rho, nugget, rho_upper``.
    contrast : str
        The estimand's contrast in words.
    horizons : tuple of int, optional
        Periods after the start at which the effect is reported; default 6, 12, 24 months or 26, 52, 104 weeks. Those
        beyond the data are named in a note, not extrapolated.
    seed : int
        Seed of the 5,000 draws behind the intervals in ``extra``.

    Returns
    -------
    Result
        Terms: ``mean_post``, the mean over the periods after the start of matrix β − without β (a log rate ratio, or a
        difference at mean exposure); the named contrasts; ``effect_at_<h>_<periods>``; ``averted``, the events that
        the observed counts are short of (log link: Σ y_t (exp(−effect_t) − 1), by the delta method on the log of its
        ratio; identity link: −Σ unit_t effect_t). Its interval carries the uncertainty of the coefficients only, given
        the observed counts. ``path``: time, observed, counterfactual with its interval low and high, fitted (a course
        of its own), events, dose. ``extra``: n_before, n_after, phase_in, mean_events, outcome_unit,
        ``averted_low, averted_high`` (the 95 % interval of ``averted`` by draws of β from the multivariate t in place
        of the delta method) and, with ``noise``, ``averted_predicted_low, averted_predicted_high``: of expected events
        without the programme less events *as they would be counted* with it, the noise of counts and periods included.

    Raises
    ------
    EstimationError
        If a horizon lies before the start.

    References
    ----------
    Turner et al. (2021), doi:10.1186/s12874-021-01364-0, on what to report; Bernal, Cummins & Gasparrini (2017),
    doi:10.1093/ije/dyw098.

    Examples
    --------
    >>> months = pd.period_range("2020-01", periods=12, freq="M")
    >>> dose = np.repeat([0.0, 1.0], 6)
    >>> course = Course(city="Davis", outcome="calls", treatment="the programme", start="2020-07", periods=months,
    ...                 positions=np.arange(12.0), start_position=6, dose=dose, counts=np.repeat([100.0, 80.0], 6),
    ...                 exposure=np.ones(12), freq="M", period_name="months")
    >>> matrix = np.column_stack([np.ones(12), dose])
    >>> fit = SeriesFit(matrix=matrix, without=matrix * [1, 0], beta=np.log([100.0, 0.8]), vcov=np.eye(2) / 1e4,
    ...                 df=10.0, link="log", named={"level_change": np.array([0.0, 1.0])})
    >>> result = series_result(course, fit, method="example", facts={}, horizons=(3,))
    >>> result.tidy(scale="ratio").set_index("term")["estimate"].round(1).to_dict()
    {'mean_post': 0.8, 'level_change': 0.8, 'effect_at_3_months': 0.8, 'averted': 120.0}
    """
    after = course.after
    effects = fit.matrix - fit.without
    contrasts = {"mean_post": effects[after].mean(axis=0), **fit.named}
    for h in _reached(course, horizons):
        contrasts[f"effect_at_{h}_{course.period_name}"] = effects[course.positions == course.start_position + h][0]
    averted, base, contrasts["averted"] = _averted(course, effects[after], fit)
    terms, rows = list(contrasts), np.vstack(list(contrasts.values()))
    log = fit.link == "log"
    return Result(
        method=method,
        estimand=Estimand(
            contrast=contrast,
            outcome=course.outcome,
            treatment=course.treatment,
            population=course.city,
            horizon=f"{int(after.sum())} {course.period_name} from {course.start}",
            scale="ratio of rates" if log else "events a period at mean exposure",
        ),
        terms=pd.DataFrame({"term": terms}),
        estimate=np.append(rows[:-1] @ fit.beta, averted),
        vcov=rows @ fit.vcov @ rows.T,
        df=np.array([fit.df_of(row) for row in rows]),
        scale="log_ratio" if log else "difference",
        event_base=np.append(np.full(len(terms) - 1, np.nan), base) if log else None,
        variance_record=None if fit.record is None else fit.record.transform(rows),
        support=pd.DataFrame({"term": terms, "persons": np.nan, "events": course.counts[after].sum(), "units": 1}),
        path=_path(course, fit),
        n_obs=len(course.counts),
        n_units=1,
        extra=Facts(course.facts() | dict(facts) | _drawn(course, fit, contrasts["averted"], seed)),
    )


def _reached(course: Course, horizons: tuple[int, ...] | None) -> tuple[int, ...]:
    """Horizons inside the data; those beyond it are named, not extrapolated."""
    if horizons is not None and any(h < 0 for h in horizons):
        raise EstimationError(
            f"horizons={horizons} lie before the start", mend="give periods after the start, from 0 on"
        )
    asked = default_horizons.get(course.freq, ()) if horizons is None else horizons
    inside = set((course.positions - course.start_position).tolist())
    beyond = [str(h) for h in asked if h not in inside]
    if beyond:
        note(f"no effect is given at {', '.join(beyond)} {course.period_name}: no such period in the series")
    return tuple(h for h in asked if h in inside)


def _averted(course: Course, effects: Array, fit: SeriesFit) -> tuple[float, float, Array]:
    """Averted events given the observed counts: estimate on the result's scale, event base, contrast of β."""
    if fit.link == "identity":
        contrast = -(_unit(course, fit.link)[course.after] @ effects)
        return float(contrast @ fit.beta), np.nan, contrast
    observed = _observed(course)
    without = observed * np.exp(-(effects @ fit.beta))
    contrast = -(without / without.sum()) @ effects
    return float(np.log(without.sum() / observed.sum())), float(observed.sum()), contrast


def _observed(course: Course) -> Array:
    """Return the counts after the start; where there are none at all half an event stands in each period."""
    counts = course.counts[course.after]
    return counts if counts.any() else np.full(len(counts), 0.5)


def _unit(course: Course, link: Link) -> Array:
    """Events per unit of the inverse link: the exposure, or its ratio to the mean."""
    return course.exposure if link == "log" else course.exposure / course.exposure.mean()


def _inverse(predictor: NDArray[F], link: Link) -> NDArray[F]:
    """Inverse of the link, finite for any draw of the coefficients."""
    return np.exp(np.minimum(predictor, predictor.dtype.type(_largest_log))) if link == "log" else predictor


def _path(course: Course, fit: SeriesFit) -> pd.DataFrame:
    """Observed counts, the fitted course and the counterfactual with its interval, per period."""
    mean, unit = fit.without @ fit.beta, _unit(course, fit.link)
    spread = np.sqrt(np.einsum("ij,jk,ik->i", fit.without, fit.vcov, fit.without))
    half = critical(np.array([fit.df_of(row) for row in fit.without])) * spread
    bounds = {"counterfactual": mean, "low": mean - half, "high": mean + half}
    if fit.own_course:
        bounds["fitted"] = fit.matrix @ fit.beta
    return pd.DataFrame(
        {
            "time": course.periods,
            "observed": course.counts,
            **{name: _inverse(predictor, fit.link) * unit for name, predictor in bounds.items()},
            "events": course.counts,
            "dose": course.dose,
        }
    )


def _drawn(course: Course, fit: SeriesFit, contrast: Array, seed: int) -> dict[str, object]:
    """Intervals of the averted events from draws of β (and of the errors), multivariate t at the contrast's df.

    In single precision: quantiles of 5,000 draws are known to two digits.
    """
    after, k, df = course.after, len(fit.beta), fit.df_of(contrast)
    effects, without, unit = (fit.matrix - fit.without)[after], fit.without[after], _unit(course, fit.link)[after]
    normals, uncertain = _normals(seed, k + len(unit)), root(fit.vcov)
    tails = np.sqrt(df / np.random.default_rng((seed, 1)).chisquare(df, draws)) if np.isfinite(df) else np.ones(draws)
    shifts = normals[:k] * tails.astype(np.float32)
    change = _single(effects @ fit.beta)[:, None] + _single(effects @ uncertain) @ shifts
    if fit.link == "log":
        averted = _single(_observed(course)) @ (_inverse(-change, fit.link) - 1)
    else:
        averted = -_single(unit) @ change
    facts = _ends("averted", averted)
    if fit.noise is not None:
        expected = _single(without @ fit.beta)[:, None] + _single(without @ uncertain) @ shifts
        counted = _inverse(expected + change + fit.noise(normals[k:]), fit.link)
        facts |= _ends("averted_predicted", _single(_single(unit) @ (_inverse(expected, fit.link) - counted)))
    return facts


@lru_cache(maxsize=8)
def _normals(seed: int, rows: int) -> Single:
    """Give standard normal draws, shape (rows, draws), the same for every series of one length."""
    found = np.random.default_rng(seed).standard_normal((rows, draws), dtype=np.float32)
    found.setflags(write=False)
    return found


def _single(values: Array) -> Single:
    return values.astype(np.float32)


def _ends(name: str, values: Single) -> dict[str, object]:
    low, high = np.quantile(values, [0.025, 0.975])
    return {f"{name}_low": float(low), f"{name}_high": float(high)}
