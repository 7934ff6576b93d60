"""How well the type written at intake agrees with what was found on scene, corrected for calls nobody looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_level
from coresponder_causal.core.errors import Problems
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.core.partial_means import Ends
from coresponder_causal.core.random_effects import between_cities
from coresponder_causal.core.verification import accuracy
from coresponder_causal.decide.labelled_calls import LabelledCalls, labelled_calls

Array = NDArray[np.float64]
usual_odds = (2.0, np.inf)
fewest_takers = 3
told_by_group = ("sensitivity", "positive_predictive_value", "kappa")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concordance:
    """Agreement of the label of a call with what was found.

    Parameters
    ----------
    table : DataFrame
        ``measure, estimate, std_error, conf_low, conf_high, as_recorded``: sensitivity, specificity, both predictive
        values, κ, prevalence and the share labelled; ``as_recorded`` is that of verified calls alone.
    bounds : DataFrame
        ``measure, odds, set_low, set_high, conf_low, conf_high``: what each can be when the odds of a crisis among
        calls nobody looked at are up to so many times those of like calls, or so many times less; ∞ rests on nothing.
    groups : DataFrame
        ``by, group``, columns of ``table``, ``calls, verified, crises, persons``: months and other groups large enough.
    takers : DataFrame
        ``measure, spread, takers``: standard deviation of what single call takers reach, chance aside.
    support : DataFrame
        ``calls, verified, crises, persons, units``.
    notes : tuple of str
    """

    table: pd.DataFrame
    bounds: pd.DataFrame
    groups: pd.DataFrame
    takers: pd.DataFrame
    support: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        own = self.table.set_index("measure")["estimate"]
        found = ", ".join(f"{name.replace('_', ' ')} {own[name]:.2f}" for name in told_by_group)
        return f"Concordance of {int(self.support['calls'].iloc[0])} calls: {found}"


def concordance(
    calls: pd.DataFrame,
    *,
    right: Sequence[str] | None = None,
    truth: str = "crisis_on_scene",
    label: str = "initial_type",
    met_by: Sequence[str] = (),
    drawn: str | None = None,
    chance: str | None = None,
    by: Sequence[str] = ("month",),
    taker: str | None = "call_taker",
    odds: Sequence[float] = usual_odds,
    person: str | None = "person",
    time: str | None = "received_at",
    level: float = 0.95,
) -> Concordance:
    """Hold the label of the first call against what was found on scene.

    Whether it was a crisis is known only where somebody went and said so, and who goes follows the label. Within cells
    of label and ``met_by`` calls that were looked at stand for the others (Begg & Greenes). Where a sample of the
    others was drawn by lot for a second look, they alone stand for calls that nobody went to.

    Parameters
    ----------
    calls : DataFrame
        One row per call.
    right : sequence of str, optional
        Labels that a crisis should have; by default those that the crosswalk of nature codes holds eligible.
    truth : str
        Column: whether it was a crisis; missing where nobody looked.
    label : str
    met_by : sequence of str
        Columns that decided, beside the label, where somebody looked, such as the hour or the priority.
    drawn, chance : str, optional
        Columns: whether a call without a truth at first was drawn for a second look, and its chance (by default equal
        within a label).
    by : sequence of str
        Columns, or "month", by which the agreement is told too; a group is shown with 11 persons, 11 crises
        found and 11 calls found to be none.
    taker : str, optional
        Column of call takers: how far they differ is told, never of one of them.
    odds : sequence of float
        Odds of a crisis among calls nobody looked at over those of like calls that the bounds allow, above 1.
    person, time : str, optional
        Columns of clusters: persons, and weeks of a stamp.
    level : float

    Returns
    -------
    Concordance

    Raises
    ------
    DesignError
        Columns that are missing, a truth that is not yes or no, odds not above 1; one error lists all.
    EstimationError
        A cell in which nobody looked, or no crisis.

    Notes
    -----
    Not where calls were looked at because they seemed worse than the label and ``met_by`` say: read the bounds. Not
    where the flag on scene is itself often wrong: agreement is then of two readings, and κ alone is to be told.

    References
    ----------
    Begg & Greenes (1983), doi:10.2307/2530820; bounds: Kosinski & Barnhart (2003), doi:10.1111/1541-0420.00019;
    clusters of two kinds: Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136.

    Examples
    --------
    >>> from coresponder_causal.simulate.first_calls import first_calls
    >>> found = concordance(first_calls(calls=6000, seed=1), met_by=["night"], taker=None)
    >>> own = found.table.set_index("measure").loc["sensitivity"]
    >>> bool(own["as_recorded"] > own["conf_high"])
    True
    """
    problems = Problems("agreement of labels")
    if bad := [one for one in odds if not one > 1]:
        problems.add(f"odds {', '.join(map(str, bad))} are not above 1", mend="write such as 2, or inf")
    refuse_level(level, problems)
    others = [name for name in (*by, taker) if name in calls or name not in ("month", "call_taker")]
    with collecting() as said:
        made = labelled_calls(
            calls, right=right, truth=truth, label=label, met_by=met_by, drawn=drawn, chance=chance, person=person,
            time=time, others=others, problems=problems,
        )  # fmt: skip
        score = made.scores()
        note(f"what was found is known of {int(made.known.sum())} of {len(score)} calls")
        recorded = accuracy(np.where(made.known, made.truth, 0.0), made.label, made.known.astype(float))
        table = pd.DataFrame(
            [
                {
                    "measure": name,
                    **made.told(one, name, level, share=name != "kappa"),
                    "as_recorded": recorded[name].value,
                }
                for name, one in accuracy(score, made.label).items()
            ]
        )
        groups = pd.DataFrame([row for name in by for row in _grouped(made, score, name, time, level)])
        takers = _takers(made, score, taker)
        bounds = pd.DataFrame([row for one in odds for row in _bounds(made, one, level)])
        support = pd.DataFrame([made.counts(np.ones(len(score), bool))])
    return Concordance(table=table, bounds=bounds, groups=groups, takers=takers, support=support, notes=tuple(said))


def _bounds(made: LabelledCalls, odds: float, level: float) -> list[dict[str, object]]:
    """Bound each measure when calls nobody looked at are unlike the others by up to such odds.

    All but prevalence rise with crises among labelled calls and fall with those among the others.
    """
    with collecting():
        less = 0.0 if np.isinf(odds) else 1 / odds
        worse, better = (np.where(made.label == 1, *pair) for pair in ((less, odds), (odds, less)))
        apart = [accuracy(made.scores(odds=one), made.label) for one in (worse, better)]
        alike = [accuracy(made.scores(odds=one), made.label)["prevalence"] for one in (less, odds)]
    rows: list[dict[str, object]] = []
    for name in apart[0]:
        if name == "labelled":
            continue
        low, high = alike if name == "prevalence" else (end[name] for end in apart)
        floor = -1.0 if name == "kappa" else 0.0
        rows.append({"measure": name, "odds": odds, **made.bounded(Ends(low, high), name, level, floor=floor)})
    return rows


def _grouped(made: LabelledCalls, score: Array, name: str, time: str | None, level: float) -> list[dict[str, object]]:
    """Agreement in groups of one column, or month by month; groups too small are left out, and said."""
    if name == "month":
        if time is None:
            return []
        texts = pd.to_datetime(made.rows[time]).dt.to_period("M").astype("string")
    else:
        texts = made.rows[name].astype("string")
    rows: list[dict[str, object]] = []
    names = sorted(texts.dropna().unique())
    mine = {group: (texts == group).to_numpy(bool, na_value=False) for group in names}
    shown = made.shown(mine)
    for group in shown:
        found = accuracy(score, made.label, mine[group].astype(float))
        rows += [
            {
                "by": name, "group": str(group), "measure": one,
                **made.told(found[one], one, level, share=one != "kappa"), **made.counts(mine[group]),
            }
            for one in told_by_group
        ]  # fmt: skip
    if len(shown) < len(names):
        note(f"{len(names) - len(shown)} of {len(names)} groups by {name} are too small to be shown")
    return rows


def _takers(made: LabelledCalls, score: Array, taker: str | None) -> pd.DataFrame:
    """How far call takers differ, chance aside: nothing of one of them is told."""
    rows: list[dict[str, object]] = []
    if taker is not None and taker in made.rows:
        codes, names = pd.factorize(made.rows[taker])
        members = [mine for mine in (codes == number for number in range(len(names))) if made.large(mine)]
        for measure in ("sensitivity", "positive_predictive_value"):
            each = [accuracy(score, made.label, mine.astype(float))[measure] for mine in members]
            variances = np.array([made.spread(one.slope, measure).variance for one in each])
            if len(each) < fewest_takers or not (variances > 0).all():
                doubt(f"{len(each)} call takers have crises enough to tell how far they differ: too few")
                break
            spread, _ = between_cities(np.array([one.value for one in each]), variances)
            rows.append({"measure": measure, "spread": float(np.sqrt(spread)), "takers": len(each)})
    return pd.DataFrame(rows, columns=["measure", "spread", "takers"])
