"""The matching or weighting of one design of calls, done again on another."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

from coresponder_causal.core.errors import DesignError
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

ways: dict[str, Callable[..., CallDesign]] = {
    way.__name__: way
    for way in (
        match_cardinality,
        match_coarsened,
        match_full,
        match_nearest,
        match_optimal,
        subclassify,
        weight_balance,
        weight_propensity,
    )
}


def adjusted_again(plain: CallDesign, like: CallDesign) -> CallDesign:
    """Adjust a design as another one was adjusted, with the same function and options.

    Parameters
    ----------
    plain : CallDesign
        Without an adjustment.
    like : CallDesign
        Adjusted, or as it came: ``plain`` is then returned as it is.

    Raises
    ------
    DesignError
        If the adjustment was not made by a function of this package, or what that function raises.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 0] * 10 + [1, 1, 1, 0] * 10, "night": [0] * 40 + [1] * 40})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> once = weight_propensity(c, scheme="att", truncate=0.99)
    >>> bool((adjusted_again(c, once).adjustment.weights == once.adjustment.weights).all())
    True
    """
    if like.adjustment is None:
        return plain
    if like.adjustment.method not in ways:
        raise DesignError(
            f"'{like.adjustment.method}' is no way of adjusting that can be done again",
            mend=f"adjust by {', '.join(ways)}",
        )
    way = ways[like.adjustment.method]
    return way(plain, **_options(like.adjustment, list(inspect.signature(way).parameters)))


def _options(made: Adjustment, known: list[str]) -> dict[str, Any]:
    """Options of the function that made an adjustment, as it takes them."""
    options: dict[str, Any] = {name: value for name, value in made.options.items() if name in known}
    if "contrast" in known:
        options.setdefault("contrast", made.contrast)
    if "scheme" in options:
        options["scheme"] = str(options["scheme"]).split()[0]
    if "calipers" in options:
        options["calipers"] = dict(options["calipers"])
    if str(options.get("bins", "")).startswith("{"):
        options["bins"] = ast.literal_eval(str(options["bins"]))
    return options
