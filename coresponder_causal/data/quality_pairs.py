"""Two records of one thing: how far two coders agree, and how many contacts neither of two lists holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import pandas as pd

from coresponder_causal.core.agreement import capture_recapture, cohen_kappa, gwet_ac1
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.inference import wilson

agreement_head = [
    "what", "rows", "agree", "observed", "observed_low", "observed_high", "kappa", "kappa_low", "kappa_high",
    "ac1", "ac1_low", "ac1_high", "counts", "prevalence",
]  # fmt: skip
unlogged_head = ["first", "second", "on_first", "on_second", "on_both", "listed", "estimate", "low", "high", "unlisted"]
assumption = (
    "This holds only if being on one list does not make it more or less likely to be on the other, every contact could "
    "be on either, nothing was added or removed meanwhile, and call numbers match without error. If busy shifts miss "
    "both lists, the true number is higher."
)


def agreement(first: Iterable[object], second: Iterable[object], *, what: str = "two coders") -> pd.DataFrame:
    """Say how far two coders of the same rows agree.

    Parameters
    ----------
    first, second : iterable
        Their codes; rows that either left out do not count.
    what : str
        What was coded.

    Returns
    -------
    DataFrame
        One row: the number of rows, observed agreement with Wilson's interval, Cohen's κ and Gwet's AC1 with 95 %
        bounds; the counts of every pair of codes and the prevalence of each code, without which κ cannot be read.

    Raises
    ------
    DataError
        Fewer than two rows coded by both, or two lists of different length: give the codes of the same rows.

    Examples
    --------
    >>> found = agreement(list("aaabbbbbbb"), list("aabbbbbbbb"))
    >>> found[["rows", "observed", "kappa"]].round(2).values.tolist()
    [[10.0, 0.9, 0.74]]
    """
    one, two = pd.Series(list(first), dtype=object), pd.Series(list(second), dtype=object)
    if len(one) != len(two):
        raise DataError(f"{what}: {len(one)} and {len(two)} codes", mend="give the codes of the same rows")
    both = one.notna() & two.notna()
    one, two = one[both].astype("str"), two[both].astype("str")
    if len(one) < 2:
        raise DataError(f"{what}: {len(one)} rows were coded by both", mend="have a sample coded twice")
    codes = sorted(set(one) | set(two))
    table = pd.crosstab(one, two).reindex(index=codes, columns=codes, fill_value=0)
    agree = int((one == two).sum())
    low, high = wilson(agree, len(one))
    kappa, ac1 = (cohen_kappa(table), gwet_ac1(table)) if len(codes) > 1 else (None, None)
    shares = {code: float((one == code).mean() + (two == code).mean()) / 2 for code in codes}
    row = {
        "what": what,
        "rows": len(one),
        "agree": agree,
        "observed": agree / len(one),
        "observed_low": float(low),
        "observed_high": float(high),
        "counts": "; ".join(f"{pair}: {count}" for pair, count in sorted((one + "/" + two).value_counts().items())),
        "prevalence": "; ".join(f"{code}: {100 * share:.1f} %" for code, share in shares.items()),
    }
    for name, found in (("kappa", kappa), ("ac1", ac1)):
        row |= {} if found is None else {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
    return pd.DataFrame([row]).reindex(columns=agreement_head)


def unlogged(lists: Mapping[str, Iterable[object]]) -> pd.DataFrame:
    """Estimate how many contacts are on none of two lists, by capture and recapture.

    Parameters
    ----------
    lists : mapping of str to iterable
        Call numbers by list, such as the dispatch system and the team's log.

    Returns
    -------
    DataFrame
        One row per pair of lists: ``first, second, on_first, on_second, on_both, listed, estimate, low, high,
        unlisted``. It holds only if the lists are independent and the population closed.

    Raises
    ------
    DataError
        Fewer than two lists.

    Examples
    --------
    >>> found = unlogged({"cad": range(200), "log": range(80, 230)})
    >>> found[["on_both", "listed", "estimate"]].round(1).values.tolist()
    [[120.0, 230.0, 249.8]]
    """
    if len(lists) < 2:
        raise DataError("one list alone cannot show what it lacks", mend="give two lists of the same contacts")
    kept = {name: set(pd.Series(list(ids), dtype=object).dropna().astype("str")) for name, ids in lists.items()}
    rows = []
    for first, second in combinations(kept, 2):
        both = len(kept[first] & kept[second])
        found = capture_recapture(len(kept[first]), len(kept[second]), both)
        counted = {"on_first": len(kept[first]), "on_second": len(kept[second]), "on_both": both}
        listed = len(kept[first] | kept[second])
        rows.append({"first": first, "second": second, **counted, "listed": listed, **found._asdict()})
    return pd.DataFrame(rows)[unlogged_head]
