"""The contract of a method, held against any function that somebody wrote: which of its rules it keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from coresponder_causal.core.errors import EstimationError, Problems, stumbles
from coresponder_causal.core.registry import METHODS
from coresponder_causal.core.result import Result
from coresponder_causal.testing import rules_of_code, rules_of_data, rules_of_result
from coresponder_causal.testing.case import Case, Rule
from coresponder_causal.testing.examples import Example, example_of

rules: tuple[Rule, ...] = (
    rules_of_result.result_with_terms,
    rules_of_result.tidy_and_labelled,
    rules_of_result.variance_of_influence,
    rules_of_result.frozen,
    rules_of_result.json_gives_it_back,
    rules_of_result.public_without_units,
    rules_of_result.reads_and_escapes,
    rules_of_result.a_council_can_be_told,
    rules_of_result.measured_domain_is_said,
    rules_of_data.input_is_left_alone,
    rules_of_data.repeats,
    rules_of_data.row_order_is_nothing,
    rules_of_data.nothing_missing_in_silence,
    rules_of_data.unit_of_the_outcome,
    rules_of_code.provenance_is_stamped,
    rules_of_code.pickles,
    rules_of_code.options_by_keyword,
    rules_of_code.options_have_choices,
    rules_of_code.other_designs_refused,
    rules_of_code.outcome_is_asked_for,
    rules_of_code.one_public_function,
    rules_of_code.complete_card,
    rules_of_code.checks_that_exist,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of holding a method against the contract.

    Parameters
    ----------
    method : str
    table : DataFrame
        One row per rule: ``rule, keeps, found``.
    """

    method: str
    table: pd.DataFrame

    @property
    def passed(self) -> bool:
        """Whether it keeps every rule."""
        return bool(self.table["keeps"].all())


def check_method(fn: Callable[..., Result], example: Example | None = None, *, strict: bool = True) -> Checked:
    """Hold a method against the contract that every shipped one keeps.

    Parameters
    ----------
    fn : callable
        A function under `coresponder_causal.core.registry.estimator`, in a file of its own.
    example : Example, optional
        Data to try it on; by default those that the package has for its design.
    strict : bool
        Whether a broken rule is an error; otherwise the table says it.

    Returns
    -------
    Checked

    Notes
    -----
    A standard error that is wrong by a constant factor passes: what it is worth, the study of coverage shows.

    Raises
    ------
    EstimationError
        If the function is not registered, there is no example of its design, or, where strict, rules are broken: one
        error lists them all.

    Examples
    --------
    >>> from coresponder_causal.estimate._template import series_mean_change
    >>> check_method(series_mean_change).passed
    True
    """
    name = getattr(fn, "__name__", str(fn))
    if name not in METHODS:
        raise EstimationError(f"'{name}' is not a registered method", mend="put @estimator(...) above it")
    case = Case(fn, example_of(METHODS[name].design) if example is None else example)
    kept = {title(rule): broken(rule, case) for rule in rules}
    rows = [{"rule": rule, "keeps": not found, "found": "; ".join(found)} for rule, found in kept.items()]
    problems = Problems(name)
    for what in dict.fromkeys(what for found in kept.values() for what in found):
        problems.add(", ".join(rule for rule, found in kept.items() if what in found), mend=what)
    if strict:
        problems.raise_if_any(EstimationError)
    return Checked(name, pd.DataFrame(rows))


def title(rule: Rule) -> str:
    """Name of a rule in words.

    Parameters
    ----------
    rule : callable
        One of `rules`.
    """
    return rule.__name__.replace("_", " ")


def broken(rule: Rule, case: Case) -> list[str]:
    """Say how a method breaks a rule; an error on the way is such a break.

    Parameters
    ----------
    rule : callable
        One of `rules`.
    case : Case
    """
    try:
        return list(rule(case))
    except stumbles as error:
        said = str(error).partition("\n")[0]
        return [f"it ends in {type(error).__name__}: {said}"]
