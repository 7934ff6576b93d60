"""Mean changes of groups from one wave to another, and which of them may be shown taken alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import note
from coresponder_causal.privacy.policy import usual_threshold
from coresponder_causal.privacy.wave_link import LinkedWaves

Scale = tuple[float, float]


def changes_of(linked: LinkedWaves, score: str, waves: tuple[int, int]) -> pd.DataFrame:
    """Give before, after and groups of everybody who answered in both waves with one instrument.

    Parameters
    ----------
    linked : LinkedWaves
    score : str
    waves : tuple of int

    Returns
    -------
    DataFrame
        ``before, after`` and the groups, the index being the codes of persons. A note says who is left out.
    """
    answered = linked.frame.dropna(subset=score)
    before, after = (answered[answered["wave"] == wave].set_index("person") for wave in waves)
    both = before.index.intersection(after.index).sort_values()
    if "instrument" in answered:
        same = before.loc[both, "instrument"].fillna("") == after.loc[both, "instrument"].fillna("")
        if changed := int((~same).sum()):
            note(f"{score}: {changed} persons are left out, whose two waves used different instruments")
        both = both[same.to_numpy(bool)]
    made = pd.DataFrame(
        {"before": before.loc[both, score].astype(float), "after": after.loc[both, score].astype(float)}
    )
    return made.assign(**{name: after.loc[both, name] for name in linked.groups})


def means_of(changes: pd.DataFrame, by: Sequence[str], asked: pd.DataFrame) -> pd.DataFrame:
    """Give the mean change of everybody and of each group.

    Parameters
    ----------
    changes : DataFrame
        As `changes_of` gives it.
    by : sequence of str
        Columns of groups.
    asked : DataFrame
        ``group, label, asked``, as of `LinkedWaves`: groups in which nobody answered are listed too.

    Returns
    -------
    DataFrame
        ``group, label, codes`` (of the persons), ``asked, n, mean, spread`` (standard deviation).
    """
    found: list[tuple[str, str, pd.Index]] = [("all", "all", changes.index)]
    for name in by:
        labels = sorted({*changes[name], *asked.loc[asked["group"] == name, "label"]}, key=_in_order)
        found += [(name, label, changes.index[changes[name] == label]) for label in labels]
    sizes = asked.set_index(["group", "label"])["asked"].astype(float).to_dict()
    change = changes["after"] - changes["before"]
    own = [change.loc[codes].to_numpy(float) for *_, codes in found]
    return pd.DataFrame(
        {
            "group": [group for group, *_ in found],
            "label": [label for _, label, _ in found],
            "codes": [tuple(codes) for *_, codes in found],
            "asked": [sizes.get((group, label), np.inf) for group, label, _ in found],
            "n": [len(values) for values in own],
            "mean": [values.mean() if len(values) else np.nan for values in own],
            "spread": [values.std(ddof=1) if len(values) > 1 else np.nan for values in own],
        }
    )


def _in_order(label: str) -> tuple[int, str]:
    """Order labels that begin with a number by it, and the others after them."""
    first = label.split(" ")[0]
    return (int(first), label) if first.isdecimal() else (10**9, label)


def judged(rows: pd.DataFrame, ends: Scale, level: float) -> pd.DataFrame:
    """Say which groups may be shown taken alone, as how many persons, and where bounds may be.

    Parameters
    ----------
    rows : DataFrame
        As `means_of` gives them.
    ends : (low, high)
        Of the scale.
    level : float

    Returns
    -------
    DataFrame
        The rows with ``fits``, ``persons`` ("20 or more"; the ten below where that would be all who were asked) and
        ``low, high``, missing where they would tell how alike answers are.

    Notes
    -----
    Let R be the width of the scale. A mean change m of n persons leaves everybody's own change anywhere between -R and
    R if |m| ≤ R (n - 2) / n. Bounds give away the standard deviation s, and nobody lies further from the mean than
    s (n - 1) / √n (Samuelson 1968, doi:10.1080/01621459.1968.10480944), so they are shown only where that leaves the
    width of the scale.
    """
    n, asked, width = rows["n"], rows["asked"], ends[1] - ends[0]
    tens = n // 10 * 10
    least = tens.where(tens < asked, tens - 10).clip(lower=usual_threshold)
    fits = (n >= usual_threshold) & (asked > usual_threshold) & (rows["mean"].abs() <= width * (n - 2) / n)
    reach = 2 * rows["spread"] * (n - 1) / np.sqrt(n)
    low, high = interval(rows["mean"], rows["spread"] / np.sqrt(n), (n - 1).clip(lower=1), level)
    bounded = reach >= width
    return rows.assign(
        fits=fits,
        persons=least.map(lambda few: f"{few} or more"),
        low=np.where(bounded, low, np.nan),
        high=np.where(bounded, high, np.nan),
    )
