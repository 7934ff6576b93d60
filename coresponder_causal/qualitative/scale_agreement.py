"""How far readers agree on a scale or on several categories, when not everybody read everything."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.agreement import cohen_kappa
from coresponder_causal.core.agreement_of_many import (
    Agreement,
    Alpha,
    Level,
    beyond_chance,
    counts_of,
    krippendorff_alpha,
)
from coresponder_causal.core.choices import refuse_choice, refuse_level
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note

Array = NDArray[np.float64]


def rating_agreement(
    ratings: pd.DataFrame,
    *,
    measured: Level = "nominal",
    level: float = 0.95,
    replications: int = 1000,
    seed: int = 1,
) -> pd.DataFrame:
    """Compare ratings on a scale, or with several categories, by any number of readers.

    Parameters
    ----------
    ratings : DataFrame, shape (units, readers)
        Numbers, or words where they are nominal; blank where a reader did not read.
    measured : {"nominal", "ordinal", "interval", "ratio"}
        What the distance of two ratings means to α. Percentage, κ and AC1 take any difference for one.
    level : float
    replications, seed : int
        Resamples of units for the bounds of α.

    Returns
    -------
    DataFrame
        One row for each statistic: ``statistic, estimate, conf_low, conf_high, units`` that two or more read, ``once``
        that one read alone, ``readings`` of the former.

    Raises
    ------
    DataError
        Listing every broken rule: fewer than two readers, no unit read twice, words where numbers are needed, a
        ratio scale below 0, a ``measured`` that is none of these, a level that is no share, no resample.

    Examples
    --------
    >>> told = pd.DataFrame({"ann": [1, 2, 3, 3, 1], "bo": [1, 2, 3, 2, None]})
    >>> rating_agreement(told, measured="ordinal")[["statistic", "estimate", "units"]].round(3).values.tolist()
    [['percent', 0.75, 4], ['kappa', 0.636, 4], ['ac1', 0.627, 4], ['alpha', 0.79, 4]]
    """
    problems = Problems("ratings")
    refuse_choice("measured", measured, Level, problems)
    refuse_resampling(level, replications, problems)
    if ratings.shape[1] < 2:
        problems.add(f"{ratings.shape[1]} reader", mend="give a column for each of two or more")
    numbers = _numbered(ratings, measured, problems)
    if not (np.isfinite(numbers).sum(axis=1) >= 2).any():
        problems.add("no unit was read by two", mend="give units to two people")
    problems.raise_if_any(DataError)
    counts, values = counts_of(numbers)
    parts = statistics(numbers, counts, values, measured, level, replications, seed)
    size = sizes(numbers)
    rows = [{"statistic": name, "estimate": a, "conf_low": b, "conf_high": c, **size} for name, (a, b, c) in parts]
    return pd.DataFrame(rows)


def refuse_resampling(level: float, replications: int, problems: Problems) -> None:
    """Note a level that is no share, and fewer than one resample."""
    refuse_level(level, problems)
    if replications < 1:
        problems.add(f"replications={replications}", mend="give 1000, say")


def _numbered(ratings: pd.DataFrame, measured: Level, problems: Problems) -> Array:
    """Ratings as numbers; of nominal ones that of the word among all words."""
    if measured == "nominal":
        codes, _ = pd.factorize(ratings.to_numpy().ravel(), sort=False)
        return np.asarray(np.where(codes < 0, np.nan, codes), float).reshape(ratings.shape)
    numbers: Array = ratings.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    if words := int((np.isnan(numbers) & ratings.notna().to_numpy()).sum()):
        problems.add(f"{words} ratings are no numbers", mend="write numbers, or say measured='nominal'")
    if measured == "ratio" and np.nanmin(numbers, initial=0.0) < 0:
        problems.add("ratings on a ratio scale are below 0", mend="say measured='interval'")
    return numbers


def sizes(given: Array) -> dict[str, int]:
    """Units that two or more read, that one read alone, and the readings of the former."""
    readers = np.isfinite(given).sum(axis=1)
    many = readers >= 2
    return {"units": int(many.sum()), "once": int((readers == 1).sum()), "readings": int(readers[many].sum())}


def statistics(
    given: Array, counts: Array, values: Array, measured: Level, level: float, replications: int, seed: int
) -> list[tuple[str, tuple[float, float, float]]]:
    """Percentage, κ, AC1 and α, each with its bounds."""
    if given.shape[1] == 2:
        one, other = given[np.isfinite(given).all(axis=1)].T
        table = ((one[:, None, None] == values[:, None]) & (other[:, None, None] == values)).sum(axis=0)
        kappa = cohen_kappa(table, level)
    else:
        kappa = beyond_chance(counts, "fleiss", level=level)
    percent, ac1 = (beyond_chance(counts, name, level=level) for name in ("percent", "ac1"))
    alpha = krippendorff_alpha(counts, values, measured, replications=replications, seed=seed, level=level)
    if alpha.undefined:
        note(f"in {alpha.undefined} of {replications} resamples all read the same: the bounds of alpha are of the rest")
    if percent.estimate == 1:
        note("readers agree on all they read twice: alpha has no bounds by resampling, those of the others stand")
    found: list[tuple[str, Agreement | Alpha]] = [
        ("percent", percent),
        ("kappa", kappa),
        ("ac1", ac1),
        ("alpha", alpha),
    ]
    return [(name, (part.estimate, part.low, part.high)) for name, part in found]
