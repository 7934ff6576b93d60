"""Covariates cut into bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import Problems
from coresponder_causal.design.covariates import is_text, labels

Rule = Literal["sturges", "scott", "fd"]
Bin: TypeAlias = int | str | Sequence[float] | None
Bins: TypeAlias = Rule | Mapping[str, Bin]
rules: dict[str, str] = {"sturges": "sturges", "scott": "scott", "fd": "fd"}
usual: Rule = "sturges"


def asked(bins: Bins, name: str) -> Bin:
    """Return the bins asked for one covariate."""
    return bins if isinstance(bins, str) else bins.get(name, usual)


def coarse(values: pd.Series, how: Bin) -> NDArray[np.object_]:
    """Give each value the number of its bin, closed on the left, as text; text and ``None`` by value.

    Parameters
    ----------
    values : Series
    how : int, "sturges", "scott", "fd", "q4", sequence of float or None
        Number of bins of equal width, by a rule for histograms, by quantiles (four equal parts), between the points
        given, or each value its own.

    Examples
    --------
    >>> coarse(pd.Series([1.0, 2.0, 3.0, 9.0]), [2, 5]).tolist()
    ['0', '1', '1', '2']
    """
    if how is None or is_text(values):
        return labels(values)
    x = values.to_numpy(float)
    return labels(pd.Series(np.searchsorted(_inner(x, how), x, side="right")))


def _inner(x: NDArray[np.float64], how: Bin) -> NDArray[np.float64]:
    """Points between the bins."""
    if isinstance(how, str) and how in rules:
        many = len(np.histogram_bin_edges(x, bins=how)) - 1 if how != "sturges" else int(np.ceil(np.log2(len(x)) + 1))
        return np.linspace(x.min(), x.max(), many + 1)[1:-1]
    if isinstance(how, str):
        return np.unique(np.quantile(x, np.linspace(0, 1, int(how[1:]) + 1))[1:-1])
    if isinstance(how, int):
        return np.linspace(x.min(), x.max(), how + 1)[1:-1]
    return np.unique(np.asarray(how, float))


def refuse_bins(bins: Bins, known: Sequence[str], text: Sequence[str], problems: Problems) -> None:
    """Refuse bins that there are not, and bins of what is no number."""
    stated = {"every covariate": bins} if isinstance(bins, str) else dict(bins)
    for name, how in stated.items():
        if not isinstance(bins, str) and name not in known:
            problems.add(f"bins for '{name}', which is no covariate", mend=f"covariates are {', '.join(known)}")
        elif name in text and how is not None:
            problems.add(f"bins for '{name}', which is text", mend="leave it out of bins: each level is its own")
        elif not _usable(how):
            problems.add(
                f"bins {how!r} for {name} are none",
                mend=f"give a number from 2 on, {', '.join(rules)}, 'q4' for four equal parts, cut points, or None",
            )


def _usable(how: object) -> bool:
    if isinstance(how, str):
        return how in rules or (how[:1] == "q" and how[1:].isdigit() and int(how[1:]) > 1)
    if isinstance(how, bool):
        return False
    if isinstance(how, int):
        return how > 1
    if isinstance(how, Sequence):
        return bool(how) and all(isinstance(point, int | float) and np.isfinite(point) for point in how)
    return how is None
