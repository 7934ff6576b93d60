"""Models of who is treated and of what follows, by name, and the calls that they learn from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.cross_fit import (
    Labels,
    Learner,
    Predict,
    Sample,
    linear,
    logistic,
    out_of_fold,
    person_folds,
    training_rows,
)
from coresponder_causal.core.doubly_robust import Fitted
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.peer_models import splits
from coresponder_causal.core.propensity import standardised
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
ArmModels = tuple[Learner, Learner, Learner]
"""Learners of the treatment, and of the outcome with and without it."""
OutcomeModel = Literal["auto", "linear", "logistic", "ridge", "lasso", "boosted"]
PropensityModel = Literal["logistic", "ridge", "lasso", "boosted"]
penalties, tuning_folds, most_steps = 13, 5, 10_000


class CallSamples(NamedTuple):
    """Calls of a plain design as models learn from them, with the treatment and with the outcome as their target."""

    treatment: Sample
    outcome: Sample
    names: list[str]


def call_samples(c: CallDesign, asked: str) -> CallSamples:
    """Take covariates, treatment, outcome, weights and persons out of a design that nothing has adjusted.

    Parameters
    ----------
    c : CallDesign
    asked : str
        Who asks, for messages.

    Raises
    ------
    DesignError
        If the design is matched or weighted already, or has no covariates.
    EstimationError
        Covariates that do not vary or that the others determine, by name.
    """
    c.require_plain(asked)
    if c.exact:
        note(f"nothing keeps calls equal in {', '.join(c.exact)}: put these among the covariates, or match")
    if c.person is None:
        note("no persons are named: calls that one person makes are taken for calls of several")
    frame = c.covariate_frame(reference_levels=False)
    names = list(map(str, frame))
    (matrix, _, _), persons = standardised(frame.to_numpy(float), names), c.persons.to_numpy()
    weights = c.sampling_weights()
    treated, y = c.treated.astype(float), c.outcome_values()
    return CallSamples(Sample(matrix, treated, weights, persons), Sample(matrix, y, weights, persons), names)


def require_folds(c: CallDesign, folds: int, repeats: int, *, least: int) -> None:
    """Refuse fewer folds than ``least``, more folds than persons, and no draw of them at all."""
    persons = c.persons.nunique()
    if not least <= folds <= persons or repeats < 1:
        raise EstimationError(
            f"folds={folds} and repeats={repeats} for {persons} persons",
            mend="take 2 to 10 folds, and repeats=1 or more",
        )


def draw_folds(treatment: Sample, folds: int, *, seed: Sequence[int]) -> Labels:
    """Draw folds of whole persons, refusing some outside which all calls are treated, or none.

    Parameters
    ----------
    treatment : Sample, n rows
        Whose target is the treatment.
    folds : int
    seed : sequence of int

    Returns
    -------
    ndarray of int, shape (n,)
    """
    fold = person_folds(treatment.persons, folds, seed=seed)
    if any(np.ptp(treatment.target[training]) == 0 for training in training_rows(fold)):
        raise EstimationError(
            f"outside one of {folds} folds of persons all calls are treated, or none",
            mend="bring more calls of the rarer kind, or take another seed",
        )
    return fold


def learner(model: OutcomeModel, sample: Sample, *, names: Sequence[str], seed: int, what: str) -> Learner:
    """Give the learner of a name.

    Parameters
    ----------
    model : {"auto", "linear", "logistic", "ridge", "lasso", "boosted"}
        ``"auto"``: logistic where the target is yes or no and covariates do not decide it, else linear. Ridge and lasso
        are logistic where the target is yes or no; their penalty is chosen by cross-validation among the calls they
        learn from, grouped by person. Boosted: 100 histogram trees of at most 15 leaves with a learning rate of 0.05.
    sample : Sample
        All calls that it may learn from.
    names : sequence of str
        Of the covariates, for messages.
    seed : int
        Of what is random.
    what : str
        What is predicted, for messages.

    Raises
    ------
    EstimationError
        A logistic model of what is not yes or no, or one that has no estimate.

    References
    ----------
    Friedman (2001), doi:10.1214/aos/1013203451; Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x.

    Examples
    --------
    >>> ones = Sample(np.ones((4, 1)), np.array([1.0, 0.0, 0.0, 0.0]), np.ones(4), np.arange(4))
    >>> learner("auto", ones, names=[], seed=1, what="arrest")(ones)(np.ones((1, 1))).round(6).tolist()
    [0.25]
    """
    yes_or_no = bool(np.isin(sample.target, [0.0, 1.0]).all())
    if model == "linear" or (model == "auto" and not yes_or_no):
        return linear
    if model == "auto":
        return _logistic_or_linear(sample, what)
    if model == "logistic":
        if not yes_or_no:
            raise EstimationError(f"{what} is not yes or no", mend="take the outcome model 'linear'")
        try:
            return partial(_told, logistic(sample, names=names), what)
        except EstimationError as error:
            raise EstimationError(f"{what}: {error.what}", mend=error.mend) from error
    if model == "boosted":
        return partial(_boosted, yes_or_no=yes_or_no, seed=seed)
    return partial(_penalised, model=model, yes_or_no=yes_or_no, seed=seed)


def pooled_learners(
    samples: CallSamples, outcome_model: OutcomeModel, propensity_model: PropensityModel, seed: int
) -> tuple[Learner, Learner]:
    """Give learners of the treatment and of the outcome of calls of both arms."""
    names = samples.names
    return (
        learner(propensity_model, samples.treatment, names=names, seed=seed, what="the treatment"),
        learner(outcome_model, samples.outcome, names=names, seed=seed, what="the outcome"),
    )


def arm_learners(
    samples: CallSamples, treated: Mask, outcome_model: OutcomeModel, propensity_model: PropensityModel, seed: int
) -> ArmModels:
    """Give learners of the treatment, and of the outcome with and without it."""
    arms: tuple[tuple[str, Sample, OutcomeModel], ...] = (
        ("the treatment", samples.treatment, propensity_model),
        ("the outcome of treated calls", samples.outcome.take(treated), outcome_model),
        ("the outcome of untreated calls", samples.outcome.take(~treated), outcome_model),
    )
    first, second, third = (
        learner(model, sample, names=samples.names, seed=seed, what=what) for what, sample, model in arms
    )
    return first, second, third


def fitted_arms(samples: CallSamples, treated: Mask, models: ArmModels, fold: Labels) -> Fitted:
    """Predict the treatment and both outcomes of the calls of each fold by models of the others."""
    treatment, with_treatment, without = models
    return Fitted(
        out_of_fold(treatment, samples.treatment, fold),
        out_of_fold(with_treatment, samples.outcome, fold, among=treated),
        out_of_fold(without, samples.outcome, fold, among=~treated),
    )


def _told(learn: Learner, what: str, part: Sample) -> Predict:
    """Learn from a part; an error says of what, and that a part is meant."""
    try:
        return learn(part)
    except EstimationError as error:
        raise EstimationError(
            f"{what}, in a part of the calls: {error.what}", mend=f"{error.mend}; or take the model 'ridge'"
        ) from error


def _logistic_or_linear(sample: Sample, what: str) -> Learner:
    """Take least squares where covariates decide the outcome of some calls, as they do of rare ones, and say so."""
    said = f"{what} is the same in all calls of some kind: where a logistic model has no fit a linear one was taken"
    try:
        whole = logistic(sample)
    except EstimationError:
        note(said)
        return linear

    def learn(part: Sample) -> Predict:
        try:
            return whole(part)
        except EstimationError:
            note(said)
            return linear(part)

    return learn


def _boosted(part: Sample, *, yes_or_no: bool, seed: int) -> Predict:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if yes_or_no else HistGradientBoostingRegressor
    model = kind(max_iter=100, learning_rate=0.05, max_leaf_nodes=15, early_stopping=False, random_state=seed)
    return _fitted(model, part, yes_or_no=yes_or_no)


def _penalised(part: Sample, *, model: str, yes_or_no: bool, seed: int) -> Predict:
    from sklearn.linear_model import LassoCV, LogisticRegressionCV, RidgeCV

    tuning = splits(person_folds(part.persons, tuning_folds, seed=seed))
    if yes_or_no:
        chosen: Any = LogisticRegressionCV(
            Cs=np.logspace(-4, 2, penalties),
            l1_ratios=(float(model == "lasso"),),
            solver="liblinear" if model == "lasso" else "lbfgs",
            cv=tuning,
            scoring="neg_log_loss",
            max_iter=most_steps,
            use_legacy_attributes=False,
            random_state=seed,
        )
    elif model == "lasso":
        chosen = LassoCV(alphas=5 * penalties, cv=tuning, max_iter=most_steps, random_state=seed)
    else:
        chosen = RidgeCV(alphas=len(part.target) * np.logspace(-4, 2, penalties), cv=tuning)
    return _fitted(chosen, part, yes_or_no=yes_or_no)


def _fitted(model: Any, part: Sample, *, yes_or_no: bool) -> Predict:  # noqa: ANN401
    """Fit a model of sklearn, saying where its search stopped before its end."""
    try:
        model.fit(part.matrix[:, 1:], part.target, sample_weight=part.weights)
    except ValueError as error:
        raise EstimationError(
            f"{type(model).__name__} has no fit to {len(part.target)} calls: {error}", mend="take another model"
        ) from error
    if np.max(getattr(model, "n_iter_", 0)) >= most_steps:
        doubt(f"{type(model).__name__} stopped before it converged")
    if yes_or_no:
        return lambda matrix: np.asarray(model.predict_proba(matrix[:, 1:])[:, 1], float)
    return lambda matrix: np.asarray(model.predict(matrix[:, 1:]), float)
