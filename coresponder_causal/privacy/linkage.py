"""How good a linkage is: read by people on a sample, and set side by side for groups of people.

What these need, names on both sides, stands inside one agency or under an agreement; what leaves is shares.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.core.inference import homogeneity_p_value, wilson
from coresponder_causal.core.notes import doubt, note

Array = NDArray[np.float64]
not_linked = "not linked"
uneven = 0.05


def clerical_sample(pairs: pd.DataFrame, rows: pd.Index, *, number: int, seed: int) -> pd.DataFrame:
    """Draw rows for people to look at, so that errors of the linkage can be estimated.

    Rows are drawn within classes: the combination in which they were linked, and those that were not. Each class gives
    the same number, as far as it has them, since the weak combinations and the missed rows carry the errors.

    Parameters
    ----------
    pairs : DataFrame
        As `link_tokens` gives them.
    rows : Index
        Labels of all rows of the left side.
    number : int
        Rows to look at, about.
    seed : int

    Returns
    -------
    DataFrame
        ``left, right`` (missing where not linked), ``how`` (the class), ``weight`` (rows of the class for each drawn)
        and ``correct``, to be filled: of a linked row whether the two are one person, of another whether the person
        is truly not on the other side.

    Raises
    ------
    DisclosureError
        Fewer rows asked for than there are classes: ask for more.

    Examples
    --------
    >>> pairs = pd.DataFrame({"left": [0, 1], "right": [5, 6], "agreeing": [5, 5], "strongest": ["all", "all"]})
    >>> clerical_sample(pairs, pd.RangeIndex(4), number=4, seed=1)["how"].tolist()
    ['all', 'all', 'not linked', 'not linked']
    """
    first = pairs.sort_values(["agreeing", "right"], ascending=[False, True], kind="stable").drop_duplicates("left")
    told = first.set_index("left")[["right", "strongest"]].reindex(rows)
    frame = pd.DataFrame({"left": rows, "right": told["right"].to_numpy(), "how": told["strongest"].to_numpy()})
    frame["how"] = frame["how"].fillna(not_linked)
    classes = frame["how"].nunique()
    if number < classes:
        raise DisclosureError(f"{number} rows cannot be drawn from {classes} classes", mend=f"ask for {50 * classes}")
    rng = np.random.default_rng(seed)
    drawn = []
    for _, own in frame.groupby("how", sort=True):
        chosen = np.sort(rng.permutation(len(own))[: number // classes])
        drawn.append(own.iloc[chosen].assign(weight=len(own) / len(chosen)))
    return pd.concat(drawn, ignore_index=True).assign(correct=pd.array([pd.NA] * sum(map(len, drawn)), "boolean"))


def linkage_error(sample: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate precision and recall of a linkage from a sample that people have read.

    Parameters
    ----------
    sample : DataFrame
        As `clerical_sample` drew it, with ``correct`` filled.
    level : float

    Returns
    -------
    DataFrame
        Rows ``precision`` (links that are right) and ``recall`` (true links that were found), with columns ``estimate,
        low, high, effective``. Bounds are score bounds at the effective number of rows: the variance of the weighted
        ratio, linearised within classes, against that of a plain share.

    Raises
    ------
    DisclosureError
        Rows not yet read: the message counts them.

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, section 5.6 (ratio); Franco et al. (2019),
    doi:10.1093/jssam/smy019 (effective number).

    Examples
    --------
    >>> sample = pd.DataFrame({"how": ["all"] * 20 + ["not linked"] * 20, "weight": [10.0] * 20 + [5.0] * 20,
    ...                        "correct": [True] * 19 + [False] + [True] * 16 + [False] * 4})
    >>> linkage_error(sample)[["measure", "estimate"]].round(3).values.tolist()
    [['precision', 0.95], ['recall', 0.905]]
    """
    unread = sample["correct"].isna()
    if unread.any():
        raise DisclosureError(f"{int(unread.sum())} of {len(sample)} rows are not read", mend="fill the column correct")
    linked, correct = (sample["how"] != not_linked).to_numpy(), sample["correct"].to_numpy(bool)
    right = (linked & correct).astype(float)
    among = {"precision": linked.astype(float), "recall": right + (~linked & ~correct)}
    made = [{"measure": name, **_share(right, of, sample, level)} for name, of in among.items()]
    return pd.DataFrame(made)


def _share(right: Array, of: Array, sample: pd.DataFrame, level: float) -> dict[str, float]:
    """Weighted ratio of two sums, with bounds at its effective number."""
    weight = sample["weight"].to_numpy(float)
    base = float(weight @ of)
    if base == 0:
        return dict.fromkeys(("estimate", "low", "high", "effective"), float("nan"))
    share = float(weight @ right) / base
    pulls = pd.Series((right - share * of) * weight / base).groupby(sample["how"].to_numpy())
    size = pulls.size()
    variance = float((size * pulls.var(ddof=1).fillna(0.0) * (1 - 1 / sample.groupby("how")["weight"].first())).sum())
    plain = share * (1 - share)
    effective = plain / variance if plain > 0 and variance > 0 else float(of.sum())
    low, high = wilson(share * effective, effective, level)
    return {"estimate": share, "low": float(low), "high": float(high), "effective": effective}


def linkage_by_group(linked: Sequence[bool] | pd.Series, groups: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Set the share that was linked side by side for groups of people.

    Parameters
    ----------
    linked : sequence of bool
        Whether each row was linked.
    groups : DataFrame
        Columns such as race, age band, sex and arm, a row each.
    level : float

    Returns
    -------
    DataFrame
        ``field, group, rows, linked, share, low, high, p_value``; the p-value is that of equal shares over the groups
        of a field (Pearson's χ²). A row without a value is a group of its own. An `IdentificationWarning` names fields
        of which it is below .05: people of some groups are missed more often, which an effect takes on.

    Raises
    ------
    DisclosureError
        Another number of rows: give one value a row.

    Examples
    --------
    >>> found = linkage_by_group([True] * 30 + [False] * 10, pd.DataFrame({"sex": ["f", "m"] * 20}))
    >>> found[["group", "share"]].values.tolist()
    [['f', 0.75], ['m', 0.75]]
    """
    flags = np.asarray(linked, bool)
    problems = Problems("linkage by group")
    if len(flags) != len(groups):
        problems.add(f"{len(flags)} flags for {len(groups)} rows", mend="give one a row")
    problems.raise_if_any(DisclosureError)
    found = pd.concat([_one_field(str(name), groups[name], flags, level) for name in groups], ignore_index=True)
    apart = found.loc[found["p_value"] < uneven, "field"].unique()
    if len(apart):
        doubt(f"shares linked differ between groups of {', '.join(apart)}: who is missed is not chance")
    else:
        note("no field has groups whose shares linked differ beyond chance at 5 %")
    return found


def _one_field(field: str, values: pd.Series, linked: NDArray[np.bool_], level: float) -> pd.DataFrame:
    labels = values.astype(object).where(values.notna(), "not known").astype(str).to_numpy()
    counts = pd.DataFrame({"group": labels, "linked": linked}).groupby("group")["linked"].agg(rows="size", linked="sum")
    low, high = wilson(counts["linked"], counts["rows"], level)
    both = counts.assign(missed=counts["rows"] - counts["linked"])[["linked", "missed"]].to_numpy(float)
    tested = len(counts) > 1 and (both.sum(axis=0) > 0).all()
    return counts.reset_index().assign(
        field=field,
        share=(counts["linked"] / counts["rows"]).to_numpy(),
        low=low,
        high=high,
        p_value=homogeneity_p_value(both) if tested else np.nan,
    )[["field", "group", "rows", "linked", "share", "low", "high", "p_value"]]
