"""How much better calls can be told apart by need if what callers tell is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from coresponder_causal.core.cross_fit import Predict, Sample, out_of_fold, person_folds
from coresponder_causal.core.discrimination import area_under_curve, worth_of_acting
from coresponder_causal.core.errors import Problems
from coresponder_causal.core.inference import interval
from coresponder_causal.core.logit import logit
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.verification import verified_scores, verified_weights
from coresponder_causal.decide.labelled_calls import LabelledCalls, labelled_calls
from coresponder_causal.decide.told_items import told_fields
from coresponder_causal.design.covariates import as_numbers

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
known_before = ("initial_type", "priority", "caller_type", "hour")
together = "all items"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TriageGain:
    """What told items add to triage.

    Parameters
    ----------
    table : DataFrame
        ``item, measure, without, with_item, gain, std_error, conf_low, conf_high``: of each item and of all together,
        ``auc`` (chance that a call in need is ranked above another) and ``net benefit at t`` (per call: calls in need
        that are sent to, less t/(1 − t) times others that are).
    without : tuple of str
        What both models know.
    support : DataFrame
    notes : tuple of str
    """

    table: pd.DataFrame
    without: tuple[str, ...]
    support: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        own = self.table[(self.table["item"] == together) & (self.table["measure"] == "auc")].iloc[0]
        return f"TriageGain: all items move the AUC from {own['without']:.3f} to {own['with_item']:.3f}"


class _Fitted(NamedTuple):
    """Predicted risks of every call, without an item and with it."""

    without: Array
    with_item: Array


def triage_gain(
    calls: pd.DataFrame,
    *,
    items: Sequence[str] | None = None,
    without: Sequence[str] | None = None,
    thresholds: Sequence[float] = (0.2, 0.5),
    folds: int = 5,
    right: Sequence[str] | None = None,
    truth: str = "crisis_on_scene",
    label: str = "initial_type",
    met_by: Sequence[str] = (),
    person: str | None = "person",
    time: str | None = "received_at",
    seed: int = 1,
    level: float = 0.95,
) -> TriageGain:
    """Rank calls by the predicted need on scene, with what was told and without, and hold the ranks against each other.

    Need is predicted by logistic models of calls of other persons (cross-fitting), drawn a little towards no effect so
    that rare answers can be learnt from. Calls where somebody looked stand for the others of their label, item and
    ``met_by``.

    Parameters
    ----------
    calls, right, truth, label, met_by, person, time, level
        As in `told_items`.
    items : sequence of str, optional
        Columns ``told_*``; each is tried alone, and all together. By default all that the calls have.
    without : sequence of str, optional
        What is known without them: by default those of type, priority, who calls and hour that the calls have.
    thresholds : sequence of float
        Risks from which on the team would be sent.
    folds : int
    seed : int
        Of the folds.

    Returns
    -------
    TriageGain

    Raises
    ------
    DesignError
        As in `told_items`, thresholds outside (0, 1), or fewer than 2 folds.
    EstimationError
        No need found, or nothing but need.

    Notes
    -----
    The interval is of these models on such calls; it does not count that others would be learnt from other calls, and
    with a few thousand calls holds the gain of a model learnt from many somewhat less often than it says. Not
    for deciding on single calls: it says what asking is worth, not whom to send to. A gain where telling follows what
    call takers suspect is a gain by their suspicion.

    References
    ----------
    AUC: DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595, by clusters Obuchowski (1997),
    doi:10.2307/2533958; net benefit: Vickers & Elkin (2006), doi:10.1177/0272989X06295361; drawn towards no effect:
    Greenland & Mansournia (2015), doi:10.1002/sim.6537.

    Examples
    --------
    >>> from coresponder_causal.simulate.first_calls import first_calls
    >>> made = first_calls(calls=3000)
    >>> found = triage_gain(made, items=["told_self_harm"], met_by=["night"], thresholds=[0.3])
    >>> bool(found.table["conf_low"][0] > 0)
    True
    """
    asked = tuple(name for name in told_fields() if name in calls) if items is None else tuple(items)
    basis = tuple(name for name in known_before if name in calls) if without is None else tuple(without)
    problems = Problems("gain in triage")
    if not asked:
        problems.add("no column told_*", mend=f"bring one of {', '.join(told_fields())}")
    if bad := [one for one in thresholds if not 0 < one < 1]:
        problems.add(f"thresholds {', '.join(map(str, bad))} are no risks", mend="write such as 0.2")
    if folds < 2:
        problems.add(f"folds={folds!r}", mend="take 2 or more")
    with collecting() as said:
        made = labelled_calls(
            calls, right=right, truth=truth, label=label, met_by=met_by, person=person, time=time,
            others=(*asked, *basis), problems=problems,
        )  # fmt: skip
        persons = pd.factorize(made.persons)[0].astype(np.int64)
        fold = person_folds(persons, folds, seed=seed)
        X = _columns(made.rows, basis)
        rows: list[dict[str, object]] = []
        sets = [((name,), name) for name in asked] + ([(asked, together)] if len(asked) > 1 else [])
        for names, item in sets:
            cells = made.cells(names[0]) if len(names) == 1 else made.cells()
            weights = verified_weights(made.known, cells)
            more = np.column_stack([X, *(_answers(made.rows[name]) for name in names)])
            pair = _Fitted(*(_predicted(made, one, weights, persons, fold) for one in (X, more)))
            rows += _gains(made, pair, cells, weights, item, thresholds, level)
        note(f"models learn from {int(made.known.sum())} of {len(persons)} calls, in {folds} folds of persons")
        support = pd.DataFrame([made.counts(np.ones(len(persons), bool))])
    return TriageGain(table=pd.DataFrame(rows), without=basis, support=support, notes=tuple(said))


def _columns(rows: pd.DataFrame, names: Sequence[str]) -> Array:
    """Constant and what is known without the items, numbers in standard deviations; missing ones are a kind."""
    found = as_numbers(rows, list(names), reference_levels=False)
    holes = found.loc[:, found.isna().any()]
    if holes.shape[1]:
        some = ", ".join(map(str, holes))
        note(f"{some}: of some calls not known; their mean stands in, and that it is not known is told")
    made = np.column_stack([found.fillna(found.mean()), holes.isna()]).astype(float)
    spread = made.std(axis=0)
    kept = made[:, spread > 0]
    kept = (kept - kept.mean(axis=0)) / kept.std(axis=0)
    return np.column_stack([np.ones(len(rows)), kept])


def _answers(told: pd.Series) -> Array:
    """One column each for yes, no and not known; nothing where it was not asked."""
    said = told.astype("string").fillna("not_asked")
    return np.column_stack([(said == one).to_numpy(float) for one in ("yes", "no", "not_known")])


def _predicted(made: LabelledCalls, X: Array, weights: Array, persons: Labels, fold: Labels) -> Array:
    """Risk of each call by models of other persons."""
    sample = Sample(X, np.where(made.known, made.truth, 0.0), weights, persons)
    return out_of_fold(_steadied, sample, fold, among=made.known)


def _steadied(sample: Sample) -> Predict:
    """Logistic model with half a call of each kind added to each column: log-F(1, 1) priors."""
    k = sample.matrix.shape[1]
    rows = np.repeat(np.eye(k)[1:], 2, axis=0)
    y = np.concatenate([sample.target, np.tile([0.0, 1.0], k - 1)])
    w = np.concatenate([sample.weights, np.full(2 * (k - 1), 0.5)])
    coef = logit(np.vstack([sample.matrix, rows]), y, w).coef
    return lambda matrix: np.asarray(expit(matrix @ coef), float)


def _gains(
    made: LabelledCalls, pair: _Fitted, cells: Labels, weights: Array, item: str,
    thresholds: Sequence[float], level: float,
) -> list[dict[str, object]]:  # fmt: skip
    """AUC and net benefit without and with an item, and the interval of their difference."""
    y, n = np.where(made.known, made.truth, 0.0), len(weights)
    curves = [area_under_curve(risk, y, weights) for risk in pair]
    moved = verified_scores(curves[1].slope - curves[0].slope, made.known, cells)
    found = [("auc", [one.value for one in curves], moved)]
    for threshold in thresholds:
        each = [worth_of_acting(risk, y, threshold) for risk in pair]
        values = [float(weights @ one) / n for one in each]
        score = verified_scores(each[1] - each[0], made.known, cells)
        found.append((f"net benefit at {threshold:g}", values, (score - score.mean()) / n))
    rows: list[dict[str, object]] = []
    for measure, (before, after), slope in found:
        spread = made.spread(slope, item)
        error = float(np.sqrt(spread.variance))
        low, high = interval(after - before, error, spread.clusters - 1, level)
        rows.append({
            "item": item, "measure": measure, "without": before, "with_item": after, "gain": after - before,
            "std_error": error, "conf_low": float(low), "conf_high": float(high),
        })  # fmt: skip
    return rows
