"""How often methods would err on this very design, learnt before its outcomes after the start are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.validity.drift import Drift
from coresponder_causal.validity.layout import Design
from coresponder_causal.validity.pre_period import PrePeriod, pre_period
from coresponder_causal.validity.replicate import (
    Options,
    Tell,
    chosen_methods,
    no_options,
    rate_error,
    replicate,
    silent,
)

nominal = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Size, coverage and power of methods on one design.

    Parameters
    ----------
    table : DataFrame
        One row per method and effect: ``method, effect`` (percent), ``rejected`` (share of 5 % tests that find a
        change: the size where the effect is 0, else the power), ``covered`` (share of 95 % intervals that hold the
        truth), ``half_width`` (of the interval, log scale), ``bias`` (log scale), each followed by its Monte-Carlo
        error ``…_error``; ``replications`` and the ``failures`` among them, which enter no other column.
    cities : DataFrame
        Noise of each city, see `coresponder_causal.validity.pre_period.PrePeriod`.
    drift : Drift
        How far cities drift apart.
    name : str
        The design in a few words.
    support : DataFrame, optional
        Events before the start behind all of it, see `coresponder_causal.validity.pre_period.PrePeriod`.
    """

    table: pd.DataFrame
    cities: pd.DataFrame
    drift: Drift
    name: str
    support: pd.DataFrame | None = None

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        said = [_method_sentence(rows) for _, rows in self.table.groupby("method", sort=False)]
        return " ".join([f"{self.name[:1].upper()}{self.name[1:]}.", *said, self.drift.sentence])

    def __str__(self) -> str:
        return self.sentence


def calibrate(
    design: Design,
    *,
    methods: Sequence[str] | None = None,
    options: Options = no_options,
    effects: Sequence[float] = (0.0, -10.0, -20.0, -30.0),
    tau: float | None = None,
    replications: int = 400,
    seed: int = 1,
    tell: Tell = silent,
) -> Calibration:
    """Redraw a design from the time before its start, and count how often its methods err.

    Parameters
    ----------
    design : PanelDesign with one treated unit, SeriesDesign or CoverageDesign
        Outcomes from the start on are not read.
    methods : sequence of str, optional
        Registered estimators that read the design's counts of one city in time; by default ``did_prediction_interval``,
        ``its_segmented`` or ``call_coverage``. A panel also takes ``did_two_way``: log rates with standard errors
        clustered by unit, the field's default.
    options : mapping of mappings
        Options of the methods, by method.
    effects : sequence of float
        True changes in percent at full dose; 0 gives the size.
    tau : float, optional
        Standard deviation between cities of structural changes, to be used instead of the upper 80 % limit of its
        estimate: where the time before the start was unlike the time after it, or one series alone shows none.
    replications : int
        Redrawn studies per effect.
    seed : int
        The same seed gives the same answer, however many workers `joblib.parallel_config` names.
    tell : callable
        Told how many of how many batches are done.

    Returns
    -------
    Calibration

    Raises
    ------
    DesignError
        If a method does not take the design, or the design cannot be simulated.
    EstimationError
        If less than 24 periods lie before the start, or effects and replications make no study.

    References
    ----------
    Morris, White & Crowther (2019), doi:10.1002/sim.8086 (measures of simulation studies and their Monte-Carlo errors).

    Examples
    --------
    >>> from coresponder_causal.design import SeriesDesign
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": np.random.default_rng(1).poisson(180, 60)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> calibrate(d, effects=(0, -20), replications=10).table[["method", "effect", "failures"]].values.tolist()
    [['its_segmented', 0.0, 0], ['its_segmented', -20.0, 0]]
    """
    require_study(effects, replications)
    chosen = chosen_methods(design, methods)
    fitted = pre_period(design, tau=tau)
    logs = [float(np.log1p(effect / 100)) for effect in effects]
    rows = replicate(
        fitted, methods=chosen, effects=logs, replications=replications, seed=seed, options=options, tell=tell
    )
    table = [
        {"method": name, "effect": float(effect)} | _measures(rows[rows["method"].eq(name) & rows["effect"].eq(log)])
        for name in chosen
        for effect, log in zip(effects, logs, strict=True)
    ]
    return Calibration(
        table=pd.DataFrame(table),
        cities=fitted.cities,
        drift=fitted.drift,
        name=design_name(fitted),
        support=fitted.support,
    )


def require_study(effects: Sequence[float], replications: int) -> None:
    """Refuse effects and replications of which no study can be made."""
    if replications < 2:
        raise EstimationError(f"{replications} replications tell nothing", mend="take some hundreds")
    if not len(effects) or len(set(effects)) < len(effects) or not all(-100 < effect < np.inf for effect in effects):
        raise EstimationError(
            f"effects={tuple(effects)} are not different changes in percent", mend="give each once, above −100"
        )


def design_name(fitted: PrePeriod) -> str:
    """Name the study that is redrawn."""
    plan, others, period = fitted.layout, len(fitted.layout.cities) - 1, fitted.design.period_name
    before, after = int((~plan.after).sum()), int(plan.after.sum())
    against = f" against {others} others" if others else ""
    return (
        f"{fitted.design.outcome} in {plan.cities[0]}{against}, {before} {period} before and {after} {period} from the "
        "start on"
    )


def _measures(rows: pd.DataFrame) -> dict[str, object]:
    """Rates and means over the draws that gave an estimate, with their Monte-Carlo errors."""
    kept = rows[rows["failure"] == ""]
    n = len(kept)
    rejected = float((kept["p_value"] < nominal).mean()) if n else np.nan
    covered = float(kept["truth"].between(kept["conf_low"], kept["conf_high"]).mean()) if n else np.nan
    half, error = (kept["conf_high"] - kept["conf_low"]) / 2, kept["estimate"] - kept["truth"]
    return {
        "rejected": rejected,
        "rejected_error": rate_error(rejected, n),
        "covered": covered,
        "covered_error": rate_error(covered, n),
        "half_width": half.mean(),
        "half_width_error": half.std() / np.sqrt(n) if n else np.nan,
        "bias": error.mean(),
        "bias_error": error.std() / np.sqrt(n) if n else np.nan,
        "replications": len(rows),
        "failures": len(rows) - n,
    }


def _method_sentence(rows: pd.DataFrame) -> str:
    """Size, coverage and power of one method in words."""
    first, said = rows.iloc[0], []
    failures = int(rows["failures"].sum())
    if failures == rows["replications"].sum():
        return f"{first['method']} gives no result in any of the redrawn studies."
    for row in rows.to_dict("records"):
        share = f"{100 * row['rejected']:.0f} % (± {100 * row['rejected_error']:.0f})"
        if row["effect"] == 0:
            said.append(f"without any effect its 5 % test finds one in {share} of the redrawn studies")
        else:
            change = f"a {'fall' if row['effect'] < 0 else 'rise'} of {abs(row['effect']):g} %"
            said.append(f"it finds {change} in {share}")
    covered = f"its 95 % interval holds the truth in at least {100 * rows['covered'].min():.0f} %"
    failed = f"; {failures} of {int(rows['replications'].sum())} fits failed" if failures else ""
    return f"{first['method']}: {'; '.join([*said, covered])}{failed}."
