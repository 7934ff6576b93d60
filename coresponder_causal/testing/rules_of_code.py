"""Rules of a method's code and card: what it says of itself, which options it takes, what it refuses."""

from __future__ import annotations

import ast
import inspect
import json
import pickle
import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from coresponder_causal.core.errors import CausalError, DesignError, EstimationError
from coresponder_causal.core.method_card import headings
from coresponder_causal.core.version import VERSION
from coresponder_causal.testing.case import Broken, Case
from coresponder_causal.testing.examples import examples

slots = ("outcome", "city", "population", "estimate", "interval")  # those of every result


def one_public_function(case: Case) -> Broken:
    """Ask for a file of one function for others that prints nothing."""
    file = inspect.getsourcefile(inspect.unwrap(case.fn))
    tree = ast.parse(Path(str(file)).read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if any(isinstance(call, ast.Name) and call.id == "print" for call in calls):
        yield "its file prints: say it by core.notes.note"
    named = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if (public := [name for name in named if not name.startswith("_")]) != [case.name]:
        yield f"its file offers {', '.join(public)}: offer {case.name} alone"


def complete_card(case: Case) -> Broken:
    """Ask for every heading of the card, a source that can be found, and a sentence whose places are filled."""
    card = case.card
    sections = dict(card.sections)
    if short := [heading for heading in headings if len(sections.get(heading, "")) <= 20]:
        yield f"its card says nothing under {', '.join(short)}"
    if empty := [name for name in ("title", "contrasts", "reference", "checked_against") if not getattr(card, name)]:
        yield f"its card has no {', '.join(empty)}"
    if "doi:" not in sections.get("Reference", ""):
        yield "its card names no source by doi"
    if "{interval}" not in sections.get("Say", ""):
        yield "its sentence for a council has no {interval}"
    known = {*slots, *case.result.terms.columns, *case.result.terms["term"]}
    if unknown := sorted(set(re.findall(r"{(.*?)}", sections.get("Say", ""))) - known):
        yield f"its sentence for a council has places that its result does not fill: {', '.join(unknown)}"
    shown = card.to_markdown()
    if not all(f"**{heading}.** {text}" in shown for heading, text in card.sections):
        yield "its card is not shown whole"


def checks_that_exist(case: Case) -> Broken:
    """Ask that each need names a check, and one that there is."""
    from coresponder_causal import check

    text = dict(case.card.sections)["Needs"]
    named = {part.strip() for piece in text.split("(check:")[1:] for part in piece.split(")")[0].split(",")}
    if not named:
        yield "its card names no check of what it needs: write (check: …) under Needs"
    if missing := sorted(named - set(check.__all__)):
        yield f"its card names checks that do not exist: {', '.join(missing)}"


def options_by_keyword(case: Case) -> Broken:
    """Ask for keyword-only options with defaults; another name or a place in line is refused."""
    for option in case.options:
        if option.kind is not inspect.Parameter.KEYWORD_ONLY or option.default is inspect.Parameter.empty:
            yield f"its option {option.name} is not keyword-only with a default"
    said = _refusal(case, EstimationError, no_such_option=1)
    if said is None or f"{case.name} has no option no_such_option" not in said.what:
        yield "a misspelt option is not refused by name"


def options_have_choices(case: Case) -> Broken:
    """Ask that a value which an option does not admit is refused with those that it does."""
    hints = get_type_hints(inspect.unwrap(case.fn))
    for option in case.options:
        said = _refusal(case, EstimationError, **{option.name: "nonsense"})
        if said is None or f"{option.name}='nonsense'" not in said.what:
            yield f"{option.name}='nonsense' is not refused"
        elif not all(repr(value) in said.mend for value in _literals(hints[option.name])):
            yield f"the refusal of {option.name}='nonsense' does not list its choices"


def _literals(hint: Any) -> tuple[object, ...]:  # noqa: ANN401
    """List the values of every Literal inside an annotation."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(value for part in get_args(hint) for value in _literals(part))


def _refusal(case: Case, error: type[CausalError], design: object = None, **options: object) -> CausalError | None:
    """Run the method where it has to refuse: its error, or None where it has none of that kind."""
    try:
        case.run(case.design if design is None else design, options)
    except error as said:
        return said
    return None


def other_designs_refused(case: Case) -> Broken:
    """Ask that another design, or a frame, is refused by name, with the design that is wanted."""
    wanted = case.card.design
    other = next(example for key, example in examples.items() if key != wanted)
    for given in (other.designed(), case.example.frame()):
        said = _refusal(case, DesignError, given)
        if said is None or f"takes a {wanted}, not a {type(given).__name__}" not in said.what:
            yield f"a {type(given).__name__} in place of a {wanted} is not refused by name"
        elif f"design.{wanted}" not in said.mend:
            yield f"the refusal of a {type(given).__name__} does not say how to make a {wanted}"


def outcome_is_asked_for(case: Case) -> Broken:
    """Ask that a design without an outcome is refused until one is named."""
    blank = case.example.design(case.example.frame(), None)
    said = _refusal(case, DesignError, blank)
    if said is None or "needs an outcome" not in said.what or ".with_outcome" not in said.mend:
        yield "a design without an outcome is not refused with .with_outcome"
    if case.run(blank.with_outcome(case.design.outcome)).to_json() != case.result.to_json():
        yield "an outcome named later gives another result"


def provenance_is_stamped(case: Case) -> Broken:
    """Ask for design, data, options and version in the result."""
    about = case.result.provenance
    if (about.design, about.version, about.data) != (case.card.design, VERSION, case.design.fingerprint):
        yield "its result does not name design, version and data"
    defaults = {option.name: option.default for option in case.options}
    if json.loads(about.options) != json.loads(json.dumps(defaults)) or about.option_values() != defaults:
        yield "its result does not name its options"


def pickles(case: Case) -> Broken:
    """Ask that result and design survive a pickle."""
    result, design = (pickle.loads(pickle.dumps(thing)) for thing in (case.result, case.design))
    if result.to_json() != case.result.to_json():
        yield "a pickled result is another one"
    if design.fingerprint != case.design.fingerprint or case.run(design).to_json() != case.result.to_json():
        yield "a pickled design gives another result"
