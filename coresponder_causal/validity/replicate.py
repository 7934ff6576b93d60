"""One engine: a design redrawn from its fitted process, again and again, and each time given to its methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal import estimate
from coresponder_causal.core.errors import CausalError, DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import METHODS
from coresponder_causal.core.result import Result
from coresponder_causal.validity.layout import Design
from coresponder_causal.validity.pre_period import PrePeriod

Tell: TypeAlias = Callable[[int, int], None]
Options: TypeAlias = Mapping[str, Mapping[str, Any]]
batch, kept = 20, ("estimate", "conf_low", "conf_high", "p_value")
redrawn = ("city", "series", "rare", "hours")  # settings of methods that read counts of one city in time
first_choice = {
    "PanelDesign": "did_prediction_interval",
    "SeriesDesign": "its_segmented",
    "CoverageDesign": "call_coverage",
}
# The field's default, which is studied on a panel beside our own: log rates with standard errors clustered by unit.
habits: Options = {"did_two_way": {"log": True, "inference": "cluster"}}
no_options: Options = MappingProxyType({})


def silent(done: int, total: int) -> None:
    """Tell nobody how many of the parts are done."""


def batches(replications: int) -> int:
    """Return the number of batches of one effect."""
    return -(-replications // batch)


def candidates(design: Design) -> tuple[str, ...]:
    """Return the methods that can be studied on a design, its default first.

    They are the registered estimators of its class that read counts of one city in time, and the habits of the field.
    """
    taken = [name for name in estimate.__all__ if name in METHODS and METHODS[name].design == type(design).__name__]
    possible = [name for name in taken if METHODS[name].setting in redrawn or name in habits]
    return tuple(sorted(possible, key=lambda name: (name != first_choice[type(design).__name__], name in habits)))


def chosen_methods(design: Design, methods: Sequence[str] | None) -> tuple[str, ...]:
    """Return the methods asked for, by default the first that takes the design.

    Raises
    ------
    DesignError
        If a method does not take this design.
    """
    possible = candidates(design)
    if methods is None:
        return possible[:1]
    strangers = [name for name in methods if name not in possible]
    if strangers or not methods:
        raise DesignError(
            f"{', '.join(strangers) or 'no method'} cannot be studied on a {type(design).__name__}",
            mend=f"choose from {', '.join(possible)}",
        )
    return tuple(dict.fromkeys(methods))


def replicate(
    fitted: PrePeriod,
    *,
    methods: Sequence[str],
    effects: Sequence[float],
    replications: int,
    seed: int,
    options: Options = no_options,
    tell: Tell = silent,
) -> pd.DataFrame:
    """Redraw a design's counts and estimate, many times.

    Parameters
    ----------
    fitted : PrePeriod
    methods : sequence of str
        Names among the candidates of the design's class.
    effects : sequence of float
        True log ratios at full dose.
    replications : int
        Draws per effect; the same shocks serve every effect.
    seed : int
    options : mapping of mappings
        Options of the methods, by method.
    tell : callable
        Told how many of how many batches are done.

    Returns
    -------
    DataFrame
        ``method, effect, replication, truth, estimate, conf_low, conf_high, p_value, failure``; one row per method,
        effect and draw. ``truth`` is that of the method's headline, missing where there is none; ``failure`` says why.

    Notes
    -----
    Batches run in joblib's workers, as many and where `joblib.parallel_config` says. Each batch has its own stream of
    the seed, so that the rows do not depend on the workers.
    """
    from joblib import Parallel, delayed

    parts = [
        (effect, part, min(batch, replications - batch * part))
        for effect in effects
        for part in range(batches(replications))
    ]
    chosen = {name: dict(habits.get(name, {})) | dict(options.get(name, {})) for name in methods}
    tasks = (delayed(_batch)(fitted, chosen, effect, part, size, seed) for effect, part, size in parts)
    rows = []
    for done, found in enumerate(Parallel(return_as="generator")(tasks), 1):
        rows += found
        tell(done, len(parts))
    return pd.DataFrame(rows)


def rate_error(rate: float, replications: int) -> float:
    """Monte-Carlo standard error of a rate; none of n, or all, counts as half a case away from certain.

    Examples
    --------
    >>> round(rate_error(0.05, 400), 4), round(rate_error(0.0, 400), 4)
    (0.0109, 0.0018)
    """
    if not replications:
        return float("nan")
    inside = float(np.clip(rate, 0.5 / replications, 1 - 0.5 / replications))
    return float(np.sqrt(inside * (1 - inside) / replications))


def _batch(
    fitted: PrePeriod, chosen: Mapping[str, dict[str, Any]], effect: float, part: int, size: int, seed: int
) -> list[dict[str, object]]:
    rows = []
    for number, counts in enumerate(fitted.draw(size, effect=effect, seed=seed, part=part)):
        about, design = {"effect": effect, "replication": batch * part + number}, fitted.redrawn(counts)
        for name, options in chosen.items():
            rows.append({"method": name, **about, **_row(fitted, _run(name, design, options), effect)})
    return rows


def _run(name: str, design: Design, options: Mapping[str, Any]) -> Result | str:
    """Run a method as a study would; where it gives no result, say why."""
    run: Callable[..., Result] = getattr(estimate, name)
    try:
        with quietly():
            return run(design, **options)
    except CausalError as error:
        return error.what


def _row(fitted: PrePeriod, found: Result | str, effect: float) -> dict[str, object]:
    """Headline of one fit with its truth, or why there is none."""
    if isinstance(found, str):
        return {"truth": np.nan, "failure": found} | dict.fromkeys(kept, np.nan)
    if found.scale != "log_ratio":
        raise DesignError(
            f"{found.method} with these options gives no ratio, and changes are drawn in percent",
            mend="study it with a log link, and on log rates",
        )
    first = found.tidy().iloc[0]
    truth = _truth(fitted, found, effect)
    return {"truth": truth, "failure": ""} | {column: float(first[column]) for column in kept}


def _truth(fitted: PrePeriod, found: Result, effect: float) -> float:
    """Return the true headline: a ratio of all events, the mean effect after the start, or that of a full dose."""
    after = fitted.layout.after
    dose = fitted.layout.dose[after]
    if METHODS[found.method].setting == "rare":
        expected = np.exp(fitted.process.log_mean[0, : len(after)][after])
        return float(np.log(expected @ np.exp(effect * dose) / expected.sum()))
    averages = found.terms["term"].eq("averted").any()  # the headline of core.series_effects.series_result
    return effect * float(dose.mean()) if averages else effect
