"""Calls that are alike in covariates cut into bins: coarsened exact matching."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.core.stratum_weights import Whom, stratum_weights
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.coarsening import Bins, asked, coarse, refuse_bins
from coresponder_causal.design.covariates import is_text

most_lost = 0.5


def match_coarsened(c: CallDesign, *, bins: Bins = "sturges", contrast: Whom = "ATT") -> CallDesign:
    """Compare treated and untreated calls that fall into the same bin of every covariate, without any outcome.

    Parameters
    ----------
    c : CallDesign
        Its ``exact`` columns and stratum are kept equal as they are.
    bins : str, or mapping of covariate to int, str, sequence of float or None
        How numbers are cut: a number of bins of equal width; ``"sturges"``, ``"scott"`` or ``"fd"``, the rules for
        histograms; ``"q4"``, four parts of equal size; cut points, a bin closed on the left; None, every value its own.
        Covariates not named are cut by Sturges' rule; text is never cut: each level is its own.
    contrast : {"ATT", "ATE", "ATC"}
        Whom the weights speak of.

    Returns
    -------
    CallDesign
        With an adjustment: calls in bins with both kinds, weighted to the share that the bin has among the calls asked
        for. The contrast is ATM where some of these are in no such bin and are left out. ``sets`` are the bins.

    Raises
    ------
    DesignError
        Bins that there are not, or no bin with calls of both kinds: cut more coarsely.

    Notes
    -----
    Do not use it with many covariates: bins multiply, and most calls end without a counterpart; `weight_propensity`
    needs less. What remains unlike within a bin is not adjusted for: look at `check.balance`.

    References
    ----------
    Iacus, King & Porro (2012), doi:10.1093/pan/mpr013. Bins of equal width and "q4" are those of R MatchIt.

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 1], "age": [20, 24, 29, 60]})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["age"])
    >>> match_coarsened(c, bins={"age": [30]}).adjustment.weights.tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    c.require_plain("match_coarsened")
    _require_options(c, bins, contrast)
    texts = {name: coarse(c.source[name], asked(bins, name)) for name in c.covariates}
    bins_of = pd.DataFrame(texts | {"": c.groups()}).groupby([*texts, ""], sort=True)
    strata = np.asarray(bins_of.ngroup(), np.int64)
    found = stratum_weights(c.treated, strata, contrast, c.sampling_weights())
    if not (found.kept >= 0).any():
        raise DesignError(
            f"none of {strata.max() + 1} bins holds calls of both kinds",
            mend="cut more coarsely, or name fewer covariates",
        )
    meant = {"ATT": c.treated, "ATC": ~c.treated, "ATE": np.ones(len(strata), bool)}[contrast]
    with collecting() as notes:
        _say(found.kept, meant, c.treated, contrast)
    adjustment = Adjustment(
        method="match_coarsened",
        contrast=contrast if (found.kept[meant] >= 0).all() else "ATM",
        options=Facts({"bins": bins if isinstance(bins, str) else repr(dict(bins)), "contrast": contrast}),
        weights=found.weights,
        sets=found.kept,
    )
    return replace(c, adjustment=adjustment, notes=(*c.notes, *notes))


def _require_options(c: CallDesign, bins: Bins, contrast: str) -> None:
    problems = Problems("match_coarsened")
    refuse_bins(bins, c.covariates, [name for name in c.covariates if is_text(c.source[name])], problems)
    if contrast not in get_args(Whom):
        problems.add(f"contrast={contrast!r} is not a choice", mend=f"choose from {', '.join(get_args(Whom))}")
    problems.raise_if_any(DesignError)


def _say(kept: np.ndarray, meant: np.ndarray, treated: np.ndarray, contrast: str) -> None:
    bins, lost = len(np.unique(kept[kept >= 0])), int((kept[meant] < 0).sum())
    sizes = f"{int((kept[treated] >= 0).sum())} treated and {int((kept[~treated] >= 0).sum())} untreated calls"
    note(f"{bins} bins hold {sizes}")
    if not lost:
        return
    whose = {"ATT": "treated calls", "ATC": "untreated calls", "ATE": "calls"}[contrast]
    said = f"{lost} of {int(meant.sum())} {whose} are in bins without a counterpart and are left out"
    (doubt if lost > most_lost * meant.sum() else note)(f"{said}: the estimate speaks of the others")
