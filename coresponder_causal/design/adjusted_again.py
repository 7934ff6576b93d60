"""The same adjustment once more, for other calls: as the one that was made states its own options."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable

from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_cardinality import match_cardinality
from coresponder_causal.design.match_coarsened import match_coarsened
from coresponder_causal.design.match_full import match_full
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.match_optimal import match_optimal
from coresponder_causal.design.subclassify import subclassify
from coresponder_causal.design.weight_balance import weight_balance
from coresponder_causal.design.weight_propensity import weight_propensity

adjusters: dict[str, Callable[..., CallDesign]] = {
    function.__name__: function
    for function in (
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
    """Adjust calls as those of another design were; of one that was not adjusted they stay as they are.

    Parameters
    ----------
    plain : CallDesign
        Not adjusted.
    like : CallDesign
        Its adjustment is made again.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 0] * 10 + [1, 1, 1, 0] * 10, "night": [0] * 40 + [1] * 40})
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> adjusted_again(plain, weight_propensity(plain, scheme="att")).contrast
    'ATT'
    """
    made = like.adjustment
    if made is None:
        return plain
    function = adjusters[made.method]
    stated: dict[str, object] = {"contrast": made.contrast, **made.options}
    if "scheme" in stated:
        stated["scheme"] = str(stated["scheme"]).partition(" ")[0]  # the rest are marks of other options
    if isinstance(calipers := stated.get("calipers"), tuple):
        stated["calipers"] = {str(name): width for name, width in calipers}
    if isinstance(bins := stated.get("bins"), str) and bins.startswith("{"):
        stated["bins"] = ast.literal_eval(bins)
    own = inspect.signature(function).parameters
    return function(plain, **{name: value for name, value in stated.items() if name in own})
