"""Whether the items of a score measure one thing well enough to tell persons, and waves, apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, EstimationError, Problems
from coresponder_causal.core.inference import chi_square_p_value, reliability_persons, reliability_power
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.one_factor import OneFactor, one_factor
from coresponder_causal.core.reliability import Coefficient, Interval, alpha_of, cronbach_alpha, omega_total
from coresponder_causal.data.scoring import keyed, turned

if TYPE_CHECKING:
    from coresponder_causal.data.instrument import Score

Array = NDArray[np.float64]
Verdict = Literal["reliable", "not reliable", "undecided", "not testable at this n"]
fewest = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Reliability:
    """What `reliability` found.

    Parameters
    ----------
    table : DataFrame
        One row per score (and level of ``by``): ``score, n_items, n_persons, alpha, alpha_low, alpha_high, omega,
        omega_low, omega_high, standard_error`` (of measurement, in units of the score), ``srmr, one_factor_p`` (how far
        one factor misses the correlations, and the p-value that it is one), ``at_least, at_most`` (shares of persons at
        the ends of the scale), ``power, persons_needed, verdict, why``.
    items : DataFrame
        One row per item: ``score, item, mean, sd, rest_correlation, alpha_without``.
    notes : tuple of str
        What was left out.
    """

    table: pd.DataFrame
    items: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        shown = ["n_persons", "alpha", "alpha_low", "alpha_high", "omega", "verdict"]
        keys = [name for name in self.table if name in self.items and name not in shown]
        return str(self.table[[*keys, *shown]].to_string(index=False, float_format="{:.2f}".format))


def reliability(
    answers: object,
    *,
    instrument: str | Sequence[Score],
    by: str | None = None,
    least: float = 0.7,
    expected: float = 0.8,
    interval: Interval = "any distribution",
    level: float = 0.95,
) -> Reliability:
    """Reliability of each score of an instrument: Cronbach's α and McDonald's ω, with intervals, and a verdict.

    Not to be used on rows of several waves at once, in which the same person counts again: name the wave in ``by``. α
    is a lower bound where items load unequally and errors are independent; items that share wording raise it without
    measuring better. Neither says whether the score measures what its name says.

    Parameters
    ----------
    answers : DataFrame or Table
        One row per form, one column per item.
    instrument : str or sequence of Score
        As in `scored`.
    by : str, optional
        Column, such as the wave, within whose levels to look.
    least : float
        Reliability below which a score does not serve.
    expected : float
        Reliability it is hoped to have: the power is that of telling this from ``least``.
    interval : {"any distribution", "feldt"}
        Of α, see `core.reliability.cronbach_alpha`.
    level : float

    Returns
    -------
    Reliability
        The verdict is "reliable" where the lower bound of α clears ``least``, "not reliable" where the upper one stays
        below; otherwise "undecided", or "not testable at this n" where a score of the ``expected`` reliability would
        have been told from ``least`` with a power below .8.

    Raises
    ------
    DataError
        As `scored`; a column ``by`` that is missing; limits that are no shares in order; fewer than three complete
        forms of a score.

    References
    ----------
    Cronbach (1951), doi:10.1007/BF02310555; McDonald (1999), Test Theory; Bonett (2002),
    doi:10.3102/10769986027004335 (power).

    Examples
    --------
    >>> from coresponder_causal.data.scoring import scoring_key
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(3, 0.9, size=(300, 1))
    >>> names = [item for score in scoring_key("staff_wave")[:1] for item in score.items]
    >>> given = pd.DataFrame((trait + rng.normal(0, 0.6, (300, 3))).round().clip(1, 5), columns=names)
    >>> given["role_2"] = 6 - given["role_2"]
    >>> reliability(given, instrument=scoring_key("staff_wave")[:1])
                 score  n_persons  alpha  alpha_low  alpha_high  omega  verdict
    role_clarity_score        300   0.82       0.79        0.86   0.82 reliable
    """
    frame, scores = keyed(answers, instrument)
    _refuse(frame, by, least, expected, interval)
    rows, items = [], []
    with collecting() as notes:
        for label, part in _parts(frame, by):
            for score in scores:
                given = _complete(turned(part, score), score.field, label)
                key = {} if by is None else {by: label}
                row = _row(given, score, least, expected, interval, level)
                rows.append(key | {"score": score.field} | row)
                items += [key | {"score": score.field} | item for item in _items(given)]
    return Reliability(table=pd.DataFrame(rows), items=pd.DataFrame(items), notes=tuple(notes))


def _refuse(frame: pd.DataFrame, by: str | None, least: float, expected: float, interval: str) -> None:
    problems = Problems("reliability")
    if by is not None and by not in frame:
        problems.add(f"column '{by}' is missing", mend="name a column of the answers")
    if not 0 <= least < expected < 1:
        problems.add(f"least={least!r} and expected={expected!r}", mend="give shares with least below expected")
    if interval not in get_args(Interval):
        problems.add(f"interval={interval!r} is not a choice", mend=f"choose from {', '.join(get_args(Interval))}")
    problems.raise_if_any(DataError)


def _parts(frame: pd.DataFrame, by: str | None) -> Iterator[tuple[object, pd.DataFrame]]:
    if by is None:
        yield None, frame
    else:
        yield from frame.groupby(by, sort=True)


def _complete(values: pd.DataFrame, field: str, label: object) -> pd.DataFrame:
    """Forms on which every item was answered."""
    kept = values.dropna()
    where = field if label is None else f"{field}, {label}"
    if len(kept) < fewest:
        raise DataError(f"{where}: {len(kept)} forms with every item answered", mend=f"bring {fewest} or more")
    if lost := len(values) - len(kept):
        note(f"{where}: {lost} of {len(values)} forms lack an answer and are left out")
    return kept


def _row(
    given: pd.DataFrame, score: Score, least: float, expected: float, interval: Interval, level: float
) -> dict[str, object]:
    """Coefficients of one score, with the verdict."""
    values = given.to_numpy(float)
    n, k = values.shape
    alpha = cronbach_alpha(values, interval=interval, level=level)
    omega, fit = _omega(values, score.field, level)
    sums = values.sum(axis=1) if score.how == "sum" else values.mean(axis=1)
    ends = (k if score.how == "sum" else 1) * np.array([score.low, score.high])
    power = reliability_power(expected, least, n, k, level)
    verdict, why = _verdict(alpha, least, expected, n, k, power, level)
    free = k * (k - 3) // 2
    statistic = (n - 1 - (2 * k + 5) / 6 - 2 / 3) * fit.misfit if fit else np.nan
    return {
        "n_items": k,
        "n_persons": n,
        "alpha": alpha.estimate,
        "alpha_low": alpha.low,
        "alpha_high": alpha.high,
        "omega": omega.estimate,
        "omega_low": omega.low,
        "omega_high": omega.high,
        "standard_error": float(sums.std(ddof=1) * np.sqrt(max(1 - alpha.estimate, 0.0))),
        "srmr": fit.residual if fit else np.nan,
        "one_factor_p": float(chi_square_p_value(statistic, free)) if fit and free > 0 else np.nan,
        "at_least": float(np.mean(sums <= ends[0] + 1e-9)),
        "at_most": float(np.mean(sums >= ends[1] - 1e-9)),
        "power": power,
        "persons_needed": reliability_persons(expected, least, k, level=level),
        "verdict": verdict,
        "why": why,
    }


def _omega(values: Array, field: str, level: float) -> tuple[Coefficient, OneFactor | None]:
    """ω and the factor behind it; NaN, and why, where there is none."""
    nothing = Coefficient(np.nan, np.nan, np.nan, np.nan)
    try:
        fit = one_factor(values)
    except EstimationError as error:
        note(f"{field}: no ω, {error.what}")
        return nothing, None
    if fit.improper:
        note(f"{field}: an item is all factor (Heywood), so that ω has no interval")
        return nothing._replace(estimate=fit.omega), fit
    return omega_total(values, fit, level=level), fit


def _verdict(
    alpha: Coefficient, least: float, expected: float, n: int, k: int, power: float, level: float
) -> tuple[Verdict, str]:
    held = f"{100 * level:g} % interval of α {alpha.low:.2f} to {alpha.high:.2f} against {least:g}"
    if alpha.low >= least:
        return "reliable", held
    if alpha.high < least:
        return "not reliable", held
    told = f"{n} persons tell a true {expected:g} from {least:g} with power {power:.2f}"
    if power >= 0.8:
        return "undecided", f"{held}; {told}"
    return (
        "not testable at this n",
        f"{told}; {reliability_persons(expected, least, k, level=level)} are needed for 0.8",
    )


def _items(given: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Give what each item does: its spread, its correlation with the sum of the others, and α without it."""
    covariance = np.cov(given.to_numpy(float), rowvar=False)
    for place, name in enumerate(given.columns):
        own, rest = given[name], given.drop(columns=name).sum(axis=1)
        spread = own.std() * rest.std()
        without = np.delete(np.delete(covariance, place, 0), place, 1)
        yield {
            "item": name,
            "mean": float(own.mean()),
            "sd": float(own.std()),
            "rest_correlation": float(own.cov(rest) / spread) if spread > 0 else np.nan,
            "alpha_without": alpha_of(without) if len(without) > 1 else np.nan,
        }
