"""One engine: a design redrawn from its fitted process, again and again, and each time given to its methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal import estimate
from coresponder_causal.core.errors import CausalError, DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.validity.layout import Design
from coresponder_causal.validity.pre_period import PrePeriod

Tell: TypeAlias = Callable[[int, int], None]
batch, kept = 20, ("estimate", "conf_low", "conf_high", "p_value")
candidates: dict[str, tuple[str, ...]] = {
    "PanelDesign": ("did_prediction_interval", "did_two_way"),
    "SeriesDesign": ("its_segmented",),
    "CoverageDesign": ("call_coverage",),
}


def silent(done: int, total: int) -> None:
    """Tell nobody how many of the parts are done."""


def batches(replications: int) -> int:
    """Return the number of batches of one effect."""
    return -(-replications // batch)


def chosen_methods(design: Design, methods: Sequence[str] | None) -> tuple[str, ...]:
    """Return the methods asked for, by default the first that takes the design.

    Raises
    ------
    DesignError
        If a method does not take this design.
    """
    possible = candidates[type(design).__name__]
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
    tell : callable
        Told how many of how many batches are done.

    Returns
    -------
    DataFrame
        ``method, effect, replication, truth, estimate, conf_low, conf_high, p_value, failure``; one row per method,
        effect and draw. ``truth`` is that of the method's headline; ``failure`` says why there is no estimate.

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
    tasks = (delayed(_batch)(fitted, tuple(methods), effect, part, size, seed) for effect, part, size in parts)
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
    fitted: PrePeriod, methods: tuple[str, ...], effect: float, part: int, size: int, seed: int
) -> list[dict[str, object]]:
    rows = []
    for number, counts in enumerate(fitted.draw(size, effect=effect, seed=seed, part=part)):
        about = {"effect": effect, "replication": batch * part + number}
        rows += [{"method": name, **about, **_row(fitted, name, counts, effect)} for name in methods]
    return rows


def _row(fitted: PrePeriod, name: str, counts: NDArray[np.int64], effect: float) -> dict[str, object]:
    """Headline of one fit, or why there is none."""
    truth = effect * (fitted.layout.dose[fitted.layout.after].mean() if name.startswith("its_") else 1.0)
    try:
        with quietly():
            first = _run(name, fitted.redrawn(counts)).tidy().iloc[0]
    except CausalError as error:
        return {"truth": truth, "failure": error.what} | dict.fromkeys(kept, np.nan)
    return {"truth": truth, "failure": ""} | {column: float(first[column]) for column in kept}


def _run(name: str, design: Design) -> Result:
    """Run a method as a study would; the two-way regression as the literature does, on log rates with its clusters."""
    run: Callable[..., Result] = getattr(estimate, name)
    return run(design, log=True, inference="cluster") if name == "did_two_way" else run(design)
