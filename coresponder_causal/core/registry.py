"""The register of methods: what every estimator has in common, done once.

An estimator is one decorated function in one file whose module docstring is its method card. The decorator checks the
design, gathers the notes said on the way, stamps provenance and enters the card; `refit` runs a result's own
estimator again on another design.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, get_type_hints

import numpy as np

from coresponder_causal.core.domain import by_inference, coordinates_of, nearest
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.measured import Measured
from coresponder_causal.core.method_card import MethodCard, Setting, card_sections, not_measured, setting_of_design
from coresponder_causal.core.method_options import admits, chosen_options
from coresponder_causal.core.notes import Doubt, collecting, note, quietly
from coresponder_causal.core.plugins import load_methods
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression


class Design(Protocol):
    """What the register needs of a design."""

    @property
    def outcome(self) -> str | None:
        """Name of the outcome, None where it is still to be chosen."""

    @property
    def fingerprint(self) -> str:
        """Digest of the data and of the statement of the design."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was said when the design was formed."""


P = ParamSpec("P")
D = TypeVar("D", bound=Design)
METHODS: dict[str, MethodCard] = {}
_functions: dict[str, Callable[..., Result]] = {}
_averages: dict[str, Callable[..., Result]] = {}
_regressions: dict[str, Callable[[Result, Any], SeriesRegression | None]] = {}
averaged = "averaged"  # the fact of a result that tells how its terms were averaged


def estimator(
    *,
    design: type[D],
    contrasts: tuple[str, ...],
    reference: str,
    checked_against: str,
    setting: Setting | None = None,
    interruptions: bool = False,
) -> Callable[[Callable[Concatenate[D, P], Result]], Callable[Concatenate[D, P], Result]]:
    """Register an estimator and give it the manners that all of them share.

    Parameters
    ----------
    design : type
        The design class it takes; any other design raises a DesignError that says how to make one.
    contrasts : tuple of str
        Estimands it can give.
    reference, checked_against : str
        Source of the method; program and version its numbers were checked against.
    setting : str, optional
        Simulated data it is studied on; by default that of its design. See `MethodCard`.
    interruptions : bool
        Whether it takes a treatment that switches off again; the others refuse it, by name of the units.
    """

    def register(function: Callable[Concatenate[D, P], Result]) -> Callable[Concatenate[D, P], Result]:
        name = function.__name__
        _refuse_taken(name, function.__module__)
        title, sections = card_sections(sys.modules[function.__module__].__doc__ or "", name)
        METHODS[name] = MethodCard(
            name=name,
            title=title,
            design=design.__name__,
            contrasts=contrasts,
            reference=reference,
            checked_against=checked_against,
            sections=sections,
            setting=setting or setting_of_design.get(design.__name__),
        )

        @wraps(function)
        def run(given: D, /, *args: P.args, **options: P.kwargs) -> Result:
            _require(given, design, name, interruptions=interruptions)
            chosen = chosen_options(function, given, dict(options))
            with collecting() as notes:
                for said in given.notes:
                    note(said)
                result = function(given, *args, **options)
                result = replace(result, provenance=_provenance(given, design.__name__, chosen))
                _say_measured(result)
            return replace(result, notes=(*result.notes, *notes))

        _functions[name] = run
        return run

    return register


def average(function: Callable[..., Result]) -> Callable[..., Result]:
    """Register a function that averages the terms of results, so that `refit` does it again.

    Parameters
    ----------
    function : callable
        Takes a result and keyword options, which it leaves as JSON in the fact ``averaged`` of what it returns.
    """
    _averages[function.__name__] = function
    return function


def series_behind(
    method: str,
) -> Callable[[Callable[[Result, D], SeriesRegression | None]], Callable[[Result, D], SeriesRegression | None]]:
    """Register the function that gives the regression behind a method's results, for checks of single periods.

    Parameters
    ----------
    method : str
        Name of the estimator. The function takes a result and its design, and leaves ρ and φ as they are.
    """

    def register(
        function: Callable[[Result, D], SeriesRegression | None],
    ) -> Callable[[Result, D], SeriesRegression | None]:
        _regressions[method] = function
        return function

    return register


def series_regression(result: Result, design: Design) -> SeriesRegression | None:
    """Regression of one series behind a result, with its fitted variance parameters; None where there is none.

    Parameters
    ----------
    result : Result
        Made by a registered estimator.
    design : design it was made from
    """
    if result.method not in _regressions:
        return None
    with quietly(), collecting():
        made = _regressions[result.method](result, design)
    if made is None:
        return None
    rho, phi = (result.extra.number(name) for name in ("rho", "phi"))
    return replace(made, rho=made.rho if np.isnan(rho) else rho, phi=made.phi if np.isnan(phi) else phi)


def refit(result: Result, design: Design, *, options: Mapping[str, object] | None = None) -> Result:
    """Run a result's estimator with its own options on another design, and average its terms as they were averaged.

    Doubts are noted, not warned of again.

    Parameters
    ----------
    result : Result
        Made by a registered estimator.
    design : design of the class that estimator takes
    options : mapping, optional
        Options to change; those that the estimator does not have or not admit are passed over.

    Raises
    ------
    EstimationError
        If the method is not registered here; import ``coresponder_causal.estimate`` first.
    """
    own = result.provenance.option_values()
    hints = get_type_hints(inspect.unwrap(method_called(result.method)))
    changed = {key: value for key, value in (options or {}).items() if key in own and admits(hints[key], value)}
    return _averaged_as(result, run_method(result.method, design, own | changed))


def numbers_again(result: Result, design: Design) -> Result:
    """Run a result's estimator again for its numbers alone: as `refit`, at the price of `numbers_of`.

    Parameters
    ----------
    result : Result
        Made by a registered estimator.
    design : design of the class that estimator takes
    """
    return _averaged_as(result, numbers_of(result.method, design, result.provenance.option_values()))


def _averaged_as(result: Result, again: Result) -> Result:
    """Average the terms of another fit as those of a result were averaged, if they were."""
    if averaged not in result.extra:
        return again
    how = json.loads(str(result.extra[averaged]))
    return _averages[how.pop("function")](again, **how)


def run_method(method: str, design: Design, options: Mapping[str, object]) -> Result:
    """Run an estimator by its name; doubts are noted, not warned of.

    Parameters
    ----------
    method : str
        Name of a registered estimator.
    design : design of the class that estimator takes
    options : mapping
        Its options.

    Raises
    ------
    EstimationError
        If the method is not registered here; import ``coresponder_causal.estimate`` first.
    """
    with quietly():
        return method_called(method)(design, **options)


def method_called(name: str) -> Callable[..., Result]:
    """Find an estimator by its name, also among those that other packages bring.

    Parameters
    ----------
    name : str

    Raises
    ------
    EstimationError
        If there is none; import ``coresponder_causal.estimate`` first.
    """
    if name not in _functions:
        load_methods()
    if name not in _functions:
        raise EstimationError(f"'{name}' is not a registered method", mend="import coresponder_causal.estimate")
    return _functions[name]


def _refuse_taken(name: str, module: str) -> None:
    """Refuse a second method of one name: results would be computed by another than they say."""
    if name in _functions and (other := inspect.unwrap(_functions[name]).__module__) != module:
        raise EstimationError(f"a method called {name} is there already, in {other}", mend="give yours another name")


def numbers_of(method: str, design: Design, options: Mapping[str, object]) -> Result:
    """Run an estimator for its numbers alone: as `run_method`, without notes, provenance and what was measured of it.

    Parameters
    ----------
    method : str
        Name of a registered estimator.
    design : design of the class that estimator takes
    options : mapping
        Its options, not checked.
    """
    with quietly(), collecting():
        result: Result = inspect.unwrap(method_called(method))(design, **options)
    return result


def measured(result: Result, term: str | None = None) -> Measured | None:
    """How the method's interval behaved in the simulated cell nearest to a result.

    Parameters
    ----------
    result : Result
        Made by a registered estimator.
    term : str, optional
        One of its terms; by default the headline.

    Returns
    -------
    Measured or None
        None where the method was not studied, or is not registered here, or ranks decide instead of the interval.
    """
    if result.method not in _functions or (result.placebo is not None and result.method not in by_inference):
        return None
    named = term or str(result.terms["term"].iloc[0])
    return nearest(result.method, coordinates_of(result), named, options=_changed_options(result))


def by_default(result: Result, design: Design) -> bool:
    """Whether a result is what its method gives for a design by default."""
    same = result.provenance.data == design.fingerprint and averaged not in result.extra
    return same and result.method in _functions and not _changed_options(result)


def _changed_options(result: Result) -> dict[str, object]:
    """Options of a result that are not its method's defaults."""
    own, defaults = result.provenance.option_values(), inspect.signature(_functions[result.method]).parameters
    return {key: value for key, value in own.items() if key in defaults and value != defaults[key].default}


def _say_measured(result: Result) -> None:
    """Note what was measured; where the interval fell short, or nothing near was measured, as a doubt."""
    found = measured(result)
    if found is None and result.placebo is not None:
        note("ranks hold their level where the treated city is no more volatile than the others: that was not measured")
    elif found is None:
        note(not_measured)
    else:
        note(str(found) if found.licensed and not found.short else Doubt(str(found)))


def _require(given: object, design: type[Any], name: str, *, interruptions: bool) -> None:
    if not isinstance(given, design):
        wanted = design.__name__
        raise DesignError(
            f"{name} takes a {wanted}, not a {type(given).__name__}",
            mend=f"build one with coresponder_causal.design.{wanted}",
        )
    if given.outcome is None:
        raise DesignError(
            f"{name} needs an outcome and this design has none", mend="name one: design.with_outcome('…')"
        )
    units = [] if interruptions else list(getattr(given, "interrupted_units", ()))
    if units:
        some = ", ".join(map(str, units[:5])) + (", …" if len(units) > 5 else "")
        raise DesignError(
            f"{name} takes a treatment that begins and stays; it falls again, or is there from the first period, in "
            f"{len(units)} unit{'s' if len(units) > 1 else ''} ({some})",
            mend="use did_switching, or leave these units out",
        )


def _provenance(given: Design, design: str, options: dict[str, Any]) -> Provenance:
    seed = options.get("seed")
    return Provenance(design=design, data=given.fingerprint, options=json.dumps(options, sort_keys=True), seed=seed)
