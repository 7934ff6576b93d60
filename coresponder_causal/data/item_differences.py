"""Items that two groups answer differently although they stand alike on what the score measures."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, EstimationError
from coresponder_causal.core.inference import chi_square_p_value, chi_square_power, holm
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.ordered_logit import OrderedFit, ordered_logit
from coresponder_causal.data.scoring import keyed, turned

if TYPE_CHECKING:
    from coresponder_causal.data.instrument import Score

Array = NDArray[np.float64]
Verdict = Literal["differs", "differs, negligibly", "no difference found", "not testable at this n"]
classes = ((1 / 2.35, "A"), (1.5 / 2.35, "B"), (np.inf, "C"))
"""Sizes of log odds: 1 and 1.5 on the delta scale of the Educational Testing Service, 2.35 log odds."""
worth_finding, wanted_power = 1.5 / 2.35, 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ItemDifferences:
    """What `item_differences` found.

    Parameters
    ----------
    table : DataFrame
        One row per item: ``score, item, n_first, n_second, log_odds, std_error`` (second group against first, uniform),
        ``uniform_p, nonuniform_p, p_value`` (both at once), ``adjusted_p`` (Holm over all items), ``size`` of the log
        odds (A negligible, B moderate, C large), ``r2_change`` (Nagelkerke, of both steps), ``power, verdict, why``.
    groups : tuple of str
        First and second group.
    notes : tuple of str
        What was left out.
    """

    table: pd.DataFrame
    groups: tuple[str, str]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        shown = self.table[["item", "log_odds", "adjusted_p", "size", "power", "verdict"]]
        return str(shown.to_string(index=False, float_format="{:.3f}".format))


def item_differences(
    answers: object, *, instrument: str | Sequence[Score], group: str, level: float = 0.95
) -> ItemDifferences:
    """Test each item for answers that differ between two groups beyond their difference in the score.

    An ordered logit of the item on the sum of all items of its score (itself among them: without it, groups that stand
    apart seem to answer differently), then with the group, then with the group times the sum: likelihood ratios of the
    steps. Groups may be two waves, to see whether an item changed its meaning: the same persons then count
    twice, which makes the test cautious. Not to be used to find which items of a
    score differ where many do: their sum is then no fair measure, and sound items seem to differ the other way.

    Parameters
    ----------
    answers : DataFrame or Table
        One row per form.
    instrument : str or sequence of Score
        As in `scored`.
    group : str
        Column with two values.
    level : float
        One less it is the chance of a false finding among all items.

    Returns
    -------
    ItemDifferences
        The verdict is "differs" where Holm's p-value of both steps together is below 1 − ``level``, and "differs,
        negligibly" where in addition the log odds are of size A and do not change with the sum. Otherwise it is "not
        testable at this n" where an odds ratio of 1.89, the least of size C, would be found among as many items with a
        power below .8.

    Raises
    ------
    DataError
        As `scored`; a column ``group`` that is missing or has not two values; a score of fewer than three items.

    References
    ----------
    Swaminathan & Rogers (1990), doi:10.1111/j.1745-3984.1990.tb00754.x; Zumbo (1999), A Handbook on the Theory and
    Methods of Differential Item Functioning; Zwick (1990), doi:10.2307/1165066 (the item in the sum); Zieky (1993), in
    Holland & Wainer (eds), Differential Item Functioning, 337–347 (sizes).

    Examples
    --------
    >>> from coresponder_causal.data.scoring import scoring_key
    >>> rng, key = np.random.default_rng(2), scoring_key("officer_wave")[2:3]
    >>> trait = rng.normal(size=(600, 1)) + rng.logistic(0, 0.5, size=(600, 4))
    >>> trait[300:, 1] += 1.0
    >>> given = pd.DataFrame(np.digitize(trait, [-1.5, -0.5, 0.5, 1.5]) + 1, columns=key[0].items)
    >>> given["efficacy_4"] = 6 - given["efficacy_4"]
    >>> found = item_differences(given.assign(city=["x"] * 300 + ["y"] * 300), instrument=key, group="city")
    >>> found.table.set_index("item")["verdict"]["efficacy_2"]
    'differs'
    """
    frame, scores = keyed(answers, instrument)
    names = _two(frame, scores, group)
    rows: list[dict[str, object]] = []
    with collecting() as notes:
        for score in scores:
            values = turned(frame, score).join(frame[[group]]).dropna()
            if lost := len(frame) - len(values):
                note(f"{score.field}: {lost} of {len(frame)} forms lack an answer or the group and are left out")
            second = (values.pop(group).astype(str) == names[1]).to_numpy().astype(float)
            rows += [_item(score.field, item, values, second) for item in score.items]
    table = pd.DataFrame(rows)
    tested = table["p_value"].notna()
    table.loc[tested, "adjusted_p"] = holm(table.loc[tested, "p_value"])
    strictest = 1 - (1 - level) / max(int(tested.sum()), 1)
    table["power"] = chi_square_power((worth_finding / table["std_error"]) ** 2, 2, strictest)
    judged = [_verdict(row, 1 - level) for row in table.to_dict("records")]
    return ItemDifferences(
        table=table.assign(verdict=[one for one, _ in judged], why=[why for _, why in judged]),
        groups=names,
        notes=tuple(notes),
    )


def _two(frame: pd.DataFrame, scores: tuple[Score, ...], group: str) -> tuple[str, str]:
    """Names of the two groups, in order."""
    if group not in frame:
        raise DataError(f"column '{group}' is missing", mend="name a column of the answers")
    found = sorted(frame[group].dropna().astype(str).unique())
    if len(found) != 2:
        raise DataError(f"'{group}' has {len(found)} values, two are compared", mend="keep the rows of two groups")
    if short := [score.field for score in scores if len(score.items) < 3]:
        raise DataError(f"{', '.join(short)}: fewer than three items", mend="compare scores of three items and more")
    return found[0], found[1]


def _item(field: str, item: str, values: pd.DataFrame, second: Array) -> dict[str, object]:
    """Three nested fits of one item; NaN where they cannot be made."""
    y, total = values[item].to_numpy(float), values.sum(axis=1).to_numpy(float)
    row: dict[str, object] = {"score": field, "item": item}
    row |= {"n_first": int((second == 0).sum()), "n_second": int((second == 1).sum())}
    try:
        total = (total - total.mean()) / (total.std() or 1.0)
        steps = [total[:, None], np.column_stack([total, second]), np.column_stack([total, second, total * second])]
        null, uniform, both = (ordered_logit(step, y) for step in steps)
    except (EstimationError, np.linalg.LinAlgError) as error:
        note(f"{field}, {item}: {error}".partition("\n")[0])
        empty = ("log_odds", "std_error", "uniform_p", "nonuniform_p", "p_value", "adjusted_p", "r2_change")
        return row | dict.fromkeys(empty, np.nan) | {"size": ""}
    return row | _compared(null, uniform, both, y)


def _compared(null: OrderedFit, uniform: OrderedFit, both: OrderedFit, y: Array) -> dict[str, object]:
    gains = 2 * np.diff([fit.log_likelihood for fit in (null, uniform, both)])
    return {
        "log_odds": float(uniform.coef[1]),
        "std_error": float(np.sqrt(uniform.vcov[1, 1])),
        "uniform_p": float(chi_square_p_value(gains[0], 1)),
        "nonuniform_p": float(chi_square_p_value(gains[1], 1)),
        "p_value": float(chi_square_p_value(gains.sum(), 2)),
        "adjusted_p": np.nan,
        "r2_change": _nagelkerke(both, y) - _nagelkerke(null, y),
        "size": next(name for most, name in classes if abs(uniform.coef[1]) < most),
    }


def _nagelkerke(fit: OrderedFit, y: Array) -> float:
    """Nagelkerke's R²: (1 − (L₀/L)^{2/n})/(1 − L₀^{2/n}), L₀ that of the cuts alone."""
    _, many = np.unique(y, return_counts=True)
    n, nothing = len(y), float(many @ np.log(many / len(y)))
    return float(np.expm1(2 * (nothing - fit.log_likelihood) / n) / np.expm1(2 * nothing / n))


def _verdict(row: Mapping[Hashable, Any], nominal: float) -> tuple[Verdict, str]:
    """Verdict on one item, and the rule it follows."""
    persons = f"{row['n_first']} and {row['n_second']} persons"
    if np.isnan(row["adjusted_p"]):
        return "not testable at this n", f"no fit with {persons}"
    if row["adjusted_p"] < nominal:
        small = row["size"] == "A" and row["nonuniform_p"] >= nominal
        found: Verdict = "differs, negligibly" if small else "differs"
        return found, f"adjusted p {row['adjusted_p']:.3f}, size {row['size']}"
    why = f"an odds ratio of {np.exp(worth_finding):.2f} is found with power {row['power']:.2f} with {persons}"
    return ("no difference found" if row["power"] >= wanted_power else "not testable at this n"), why
