"""What a design can find: its power by simulation, the effect it finds four times in five, and the time that needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.validity.calibrate import design_name, nominal, require_study
from coresponder_causal.validity.drift import Drift
from coresponder_causal.validity.layout import Array, Design
from coresponder_causal.validity.lengthen import reaching
from coresponder_causal.validity.pre_period import PrePeriod, pre_period
from coresponder_causal.validity.replicate import Tell, batches, chosen_methods, rate_error, replicate, silent

wanted, resamples = 0.8, 400
usual = {"M": (12, 24, 36, 48, 60), "W": (52, 104, 156, 208, 260)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Power:
    """The power of one method on one design.

    Parameters
    ----------
    method : str
    curve : DataFrame
        One row per effect: ``effect`` (percent), ``power, power_error``; ``exaggeration, exaggeration_error`` (type M:
        mean size of the estimates that a 5 % test finds, over the true size, log scale); ``wrong_sign,
        wrong_sign_error`` (type S: share of the found estimates with the wrong sign), missing where none was found;
        ``replications, failures``. A fit that failed has found nothing.
    mde, mde_low, mde_high : float
        Effect in percent that is found four times in five, interpolated on the curve, and the 95 % limits of its
        Monte-Carlo error, the smaller effect first. NaN: beyond the curve.
    periods : DataFrame
        One row per length of time after the start: ``periods, power, power_error, failures`` for the effect ``at``.
    at : float
        Effect of ``periods``, in percent.
    periods_needed : float
        Time after the start from which ``at`` is found four times in five; NaN: longer than was looked at.
    period_name : str
        Plural word for the period.
    drift : Drift
        How far cities drift apart.
    name : str
        The design in a few words.
    support : DataFrame, optional
        Events before the start behind all of it, see `coresponder_causal.validity.pre_period.PrePeriod`.
    """

    method: str
    curve: pd.DataFrame
    mde: float
    mde_low: float
    mde_high: float
    periods: pd.DataFrame
    at: float
    periods_needed: float
    period_name: str
    drift: Drift
    name: str
    support: pd.DataFrame | None = None

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        name = f"{self.name[:1].upper()}{self.name[1:]}."
        said = [name, _mde_sentence(self), _periods_sentence(self), self.drift.sentence]
        return " ".join(part for part in said if part)

    def __str__(self) -> str:
        return self.sentence


def power(
    design: Design,
    *,
    method: str | None = None,
    options: Mapping[str, Any] | None = None,
    effects: Sequence[float] = (-5.0, -10.0, -15.0, -20.0, -25.0, -30.0, -40.0, -50.0),
    at: float = -20.0,
    horizons: Sequence[int] | None = None,
    tau: float | None = None,
    replications: int = 400,
    seed: int = 1,
    tell: Tell = silent,
) -> Power:
    """Simulate what a design finds, from the time before its start.

    Parameters
    ----------
    design : PanelDesign with one treated unit, SeriesDesign or CoverageDesign
        Outcomes from the start on are not read.
    method : str, optional
        As in `calibrate`.
    options : mapping, optional
        Its options.
    effects : sequence of float
        True changes in percent at full dose, all falls or all rises.
    at : float
        Change in percent for which the time after the start is varied.
    horizons : sequence of int, optional
        Periods after the start to look at; by default one to five years of months or weeks, or twelve to sixty other
        periods. Periods to come have the exposure of the last one and full dose.
    tau : float, optional
        Standard deviation between cities of structural changes, to be used instead of the upper 80 % limit of its
        estimate: where the time before the start was unlike the time after it, or one series alone shows none.
    replications : int
        Redrawn studies per effect, and per horizon.
    seed : int
        The same seed gives the same answer, however many workers `joblib.parallel_config` names.
    tell : callable
        Told how many of how many batches are done.

    Returns
    -------
    Power

    Raises
    ------
    DesignError
        If the method does not take the design, or the design cannot be simulated.
    EstimationError
        If less than 24 periods lie before the start, effects and replications make no study, or the method gives no
        result in any of the redrawn studies.

    References
    ----------
    Gelman & Carlin (2014), doi:10.1177/1745691614551642 (type M and type S errors).

    Examples
    --------
    >>> from coresponder_causal.design import SeriesDesign
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": np.random.default_rng(1).poisson(180, 60)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> found = power(d, effects=(-5, -40), horizons=(12,), replications=10)
    >>> bool(found.curve["power"][0] < found.curve["power"][1])
    True
    """
    require_study(effects, replications)
    _require_one_direction(effects, at)
    (name,) = chosen_methods(design, None if method is None else [method])
    lengths = sorted(usual.get(design.axis.freq, usual["M"]) if horizons is None else horizons)
    grid = sorted(map(float, effects), key=abs)
    whole = (len(grid) + len(lengths)) * batches(replications)

    def found(fitted: PrePeriod, changes: list[float], before: int) -> pd.DataFrame:
        rows = replicate(
            fitted,
            methods=[name],
            effects=[float(np.log1p(change / 100)) for change in changes],
            replications=replications,
            seed=seed,
            options={name: options or {}},
            tell=lambda done, _: tell(before * batches(replications) + done, whole),
        )
        return rows.assign(found=rows["p_value"] < nominal)

    fitted, *longer = _fits([design, *[reaching(design, length) for length in lengths]], tau)
    rows = found(fitted, grid, 0)
    _require_results(name, rows)
    mde, mde_low, mde_high = _detectable(grid, rows, seed)
    later = [found(study, [float(at)], len(grid) + i) for i, study in enumerate(longer)]
    periods = pd.DataFrame([{"periods": n} | _power(rows) for n, rows in zip(lengths, later, strict=True)])
    needed = crossing(np.array(lengths, float), periods["power"].to_numpy()) if lengths else np.nan
    return Power(
        method=name,
        curve=_curve(grid, rows),
        mde=mde,
        mde_low=mde_low,
        mde_high=mde_high,
        periods=periods,
        at=float(at),
        periods_needed=float(np.ceil(needed)),
        period_name=design.period_name,
        drift=fitted.drift,
        name=design_name(fitted),
        support=fitted.support,
    )


def crossing(places: Array, powers: Array) -> float:
    """Place from which on the power stays at 80 %, interpolated; NaN where the last power is below.

    Parameters
    ----------
    places, powers : ndarray, shape (k,)
        In increasing order of places.

    Examples
    --------
    >>> crossing(np.array([10.0, 20.0, 30.0]), np.array([0.2, 0.7, 0.9])), crossing(np.array([1.0]), np.array([0.5]))
    (25.0, nan)
    """
    below = np.flatnonzero(powers < wanted)
    if not len(below):
        return float(places[0])
    last = int(below[-1])
    if last == len(places) - 1:
        return float("nan")
    share = (wanted - powers[last]) / (powers[last + 1] - powers[last])
    return float(places[last] + share * (places[last + 1] - places[last]))


def _fits(designs: Sequence[Design], tau: float | None) -> list[PrePeriod]:
    """Fit a design at several lengths; all draw from the longest, so that shorter studies begin as longer ones do."""
    fits = [pre_period(design, tau=tau) for design in designs]
    longest = max((fit.process for fit in fits), key=lambda process: len(process.dose))
    return [replace(fit, process=longest) for fit in fits]


def _require_one_direction(effects: Sequence[float], at: float) -> None:
    if len({np.sign(effect) for effect in (*effects, at)}) > 1 or at == 0 or at <= -100:
        raise EstimationError(
            f"effects={tuple(effects)} and at={at:g} are not all falls, or all rises, short of −100 %",
            mend="give changes in percent of one sign; the size without effect is found by calibrate",
        )


def _require_results(method: str, rows: pd.DataFrame) -> None:
    if (rows["failure"] != "").all():
        raise EstimationError(
            f"{method} gives no result in any redrawn study: {rows['failure'].mode()[0]}",
            mend="choose a method that takes such counts",
        )


def _detectable(grid: list[float], rows: pd.DataFrame, seed: int) -> tuple[float, float, float]:
    """Return the effect found four times in five, in percent, and its limits from resampled replications.

    A resample in which the curve does not reach 80 % counts as an effect beyond every other.
    """
    found = rows.pivot(index="replication", columns="effect", values="found")[rows["effect"].unique()].to_numpy(float)
    sizes, sign = np.abs(np.log1p(np.array(grid) / 100)), float(np.sign(grid[0]))
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(found), size=(resamples, len(found)))
    places = np.array([crossing(sizes, found[draw].mean(axis=0)) for draw in draws])
    low, high = np.quantile(np.nan_to_num(places, nan=np.inf), [0.025, 0.975], method="inverted_cdf")
    percents = [100 * np.expm1(sign * place) for place in (crossing(sizes, found.mean(axis=0)), low, high)]
    mde, least, most = (
        float(value) if np.isfinite(place) else np.nan for value, place in zip(percents, (0.0, low, high), strict=True)
    )
    return mde, least, most


def _curve(grid: list[float], rows: pd.DataFrame) -> pd.DataFrame:
    """Power, type M and type S errors by effect."""
    by_effect = [part for _, part in rows.groupby("effect", sort=False)]
    return pd.DataFrame([{"effect": e} | _power(part) | _errors(part) for e, part in zip(grid, by_effect, strict=True)])


def _power(rows: pd.DataFrame) -> dict[str, float]:
    share = float(rows["found"].mean())
    return {
        "power": share,
        "power_error": rate_error(share, len(rows)),
        "replications": len(rows),
        "failures": int((rows["failure"] != "").sum()),
    }


def _errors(rows: pd.DataFrame) -> dict[str, float]:
    """Type M and type S errors of the estimates that were found."""
    found = rows[rows["found"]]
    size = found["estimate"].abs() / found["truth"].abs()
    wrong = float((np.sign(found["estimate"]) != np.sign(found["truth"])).mean()) if len(found) else np.nan
    return {
        "exaggeration": size.mean(),
        "exaggeration_error": size.std() / np.sqrt(len(found)) if len(found) > 1 else np.nan,
        "wrong_sign": wrong,
        "wrong_sign_error": rate_error(wrong, len(found)),
    }


def _mde_sentence(p: Power) -> str:
    last, word = p.curve.iloc[-1], "fall" if p.at < 0 else "rise"
    if np.isnan(p.mde):
        said = (
            f"{p.method} finds even a {word} of {abs(last['effect']):g} % in only {100 * last['power']:.0f} % of the "
            "redrawn studies"
        )
    elif np.isclose(p.mde, p.curve["effect"].iloc[0]):
        said = f"{p.method} finds a {word} of {abs(p.mde):g} % in four of five redrawn studies or more"
    else:
        high = "beyond the curve" if np.isnan(p.mde_high) else f"{abs(p.mde_high):.0f} %"
        limits = f"Monte-Carlo limits {abs(p.mde_low):.0f} % and {high}"
        said = f"{p.method} finds a {word} of {abs(p.mde):.0f} % in four of five redrawn studies ({limits})"
    row = p.curve.iloc[(p.curve["effect"] - p.at).abs().argmin()]
    if not np.isnan(row["exaggeration"]):
        said += (
            f"; a true {word} of {abs(row['effect']):g} % it finds in {100 * row['power']:.0f} %, and what it then "
            f"finds is on average {row['exaggeration']:.1f} times as large as the truth"
        )
    return f"{said}."


def _periods_sentence(p: Power) -> str:
    if p.periods.empty:
        return ""
    change = f"a {'fall' if p.at < 0 else 'rise'} of {abs(p.at):g} %"
    if np.isnan(p.periods_needed):
        last = p.periods.iloc[-1]
        return (
            f"No time after the start up to {last['periods']:.0f} {p.period_name} is long enough to find {change} four "
            f"times in five (power {100 * last['power']:.0f} % there)."
        )
    return f"To find {change} four times in five takes about {p.periods_needed:.0f} {p.period_name} after the start."
