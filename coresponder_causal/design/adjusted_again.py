"""The same matching or weighting made again on other calls: what a placebo or a bootstrap needs."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_cardinality import match_cardinality
from coresponder_causal.design.match_coarsened import match_coarsened
from coresponder_causal.design.match_full import match_full
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.match_optimal import match_optimal
from coresponder_causal.design.subclassify import subclassify
from coresponder_causal.design.weight_balance import weight_balance
from coresponder_causal.design.weight_propensity import weight_propensity

adjusters: tuple[Callable[..., CallDesign], ...] = (
    match_cardinality,
    match_coarsened,
    match_full,
    match_nearest,
    match_optimal,
    subclassify,
    weight_balance,
    weight_propensity,
)


def adjusted_again(adjustment: Adjustment | None, calls: CallDesign) -> CallDesign:
    """Put an adjustment with its options on other calls; without one the calls stay as they are.

    Parameters
    ----------
    adjustment : Adjustment or None
        Of the design that was adjusted.
    calls : CallDesign
        Other calls, or the same with another treatment; what adjusted them before is taken off.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 0] * 10 + [1, 1, 1, 0] * 10, "night": [0] * 40 + [1] * 40})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> once = weight_propensity(c, scheme="att", trim=0.1)
    >>> adjusted_again(once.adjustment, once).design_fingerprint == once.design_fingerprint
    True
    """
    plain = replace(calls, adjustment=None)
    if adjustment is None:
        return plain
    adjuster = next(one for one in adjusters if one.__name__ == adjustment.method)
    with quietly(), collecting():
        return adjuster(plain, **_options(adjuster, adjustment))


def _options(adjuster: Callable[..., CallDesign], adjustment: Adjustment) -> dict[str, Any]:
    """Options as the function takes them, from what the adjustment says of itself."""
    said: dict[str, Any] = {"contrast": adjustment.contrast} | dict(adjustment.options)
    if "scheme" in said:
        said["scheme"] = str(said["scheme"]).split()[0]  # the words after it tell other options
    if "calipers" in said:
        said["calipers"] = dict(said["calipers"])
    if str(said.get("bins", "")).startswith("{"):
        said["bins"] = ast.literal_eval(said["bins"])
    return {name: value for name, value in said.items() if name in inspect.signature(adjuster).parameters}
