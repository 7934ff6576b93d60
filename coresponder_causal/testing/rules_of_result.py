"""Rules of what a method returns: complete, finite, read-only, and the same in every form in which it is handed on."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import fields, replace

import numpy as np
import pandas as pd

from coresponder_causal.core.influence import Influence
from coresponder_causal.core.method_card import not_measured
from coresponder_causal.core.registry import measured
from coresponder_causal.core.result import Result
from coresponder_causal.testing.case import Broken, Case

numbers = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


def result_with_terms(case: Case) -> Broken:
    """Ask for a Result of the method, with terms, support, sizes, an estimand and the kind of interval."""
    result = case.result
    if not isinstance(result, Result):
        yield f"it returns a {type(result).__name__}, not a Result"
        return
    if result.method != case.name:
        yield f"its result is called {result.method}, not {case.name}"
    support = result.support
    if support is None or list(support) != ["term", "persons", "events", "units"]:
        yield "its result has no support with the columns term, persons, events, units"
    elif set(support["term"]) != set(result.terms["term"]):
        yield "its support is not of its terms"
    if not (result.n_obs > 0 and result.n_units > 0):
        yield "its result does not count rows and units"
    if not all(result.estimand.to_dict().values()):
        yield "its estimand has an empty part"
    if not result.extra.get("interval"):
        yield "its result does not say which interval it has: extra['interval']"


def tidy_and_labelled(case: Case) -> Broken:
    """Ask for the columns of `tidy`, finite and in order, and for labelled views that agree."""
    result = case.result
    tidy = result.tidy()
    keys = [column for column in result.terms if column != "term"]
    added = ["set_low", "set_high"] if result.kind == "set" else []
    if list(tidy) != [*keys, "term", *numbers, *added]:
        yield f"tidy() has the columns {', '.join(map(str, tidy))}"
        return
    if not np.isfinite(tidy[list(numbers)].to_numpy(float)).all():
        yield "tidy() holds what is no number"
    if not ((tidy["conf_low"] < tidy["estimate"]) & (tidy["estimate"] < tidy["conf_high"])).all():
        yield "an estimate is outside its interval"
    if not tidy["p_value"].between(0, 1).all():
        yield "a p-value is not between 0 and 1"
    views = {"estimate": result.params, "std_error": result.bse, "p_value": result.pvalues}
    for column, view in views.items():
        if list(view.index) != list(tidy["term"]) or not np.array_equal(view, tidy[column]):
            yield f"the labelled view of {column} is another than tidy()"
    if not np.array_equal(result.conf_int(), tidy[["conf_low", "conf_high"]]):
        yield "conf_int() is another than tidy()"
    if not (result.conf_int(0.8)["conf_high"] < result.conf_int()["conf_high"]).all():
        yield "an interval at 80 % is not narrower than at 95 %"
    if len(result.glance()) != 1:
        yield "glance() has not one row"


def variance_of_influence(case: Case) -> Broken:
    """Ask that the variance is that of the influence functions, where there are any."""
    influence = case.result.influence
    if influence is None:
        return
    psi = influence.rows() if influence.cluster is None else influence.by_cluster().to_numpy()
    if not np.allclose(case.result.vcov, psi.T @ psi / influence.n**2, rtol=1e-10, atol=0):
        yield "its variance is not that of its influence functions"


def frozen(case: Case) -> Broken:
    """Ask that arrays are read-only and fields cannot be set, also in a copy."""
    for result in (case.result, pickle.loads(pickle.dumps(case.result))):
        held = {field.name: getattr(result, field.name) for field in fields(result)}
        loose = [name for name, value in held.items() if isinstance(value, np.ndarray) and value.flags.writeable]
        if loose:
            yield f"{', '.join(loose)} of its result can be written to"


def json_gives_it_back(case: Case) -> Broken:
    """Ask that the result written as JSON and read again is the same, field by field."""
    result = case.result
    again = Result.from_json(result.to_json())
    if again.to_json() != result.to_json():
        yield "written as JSON and read again it is another result"
    for name in (field.name for field in fields(Result) if field.name not in ("influence", "variance_record")):
        ours, theirs = getattr(result, name), getattr(again, name)
        if isinstance(ours, pd.DataFrame):
            same = isinstance(theirs, pd.DataFrame) and ours.equals(theirs)
        elif isinstance(ours, np.ndarray):
            same = isinstance(theirs, np.ndarray) and np.array_equal(ours, theirs, equal_nan=True)
        else:
            same = ours == theirs
        if not same:
            yield f"JSON does not give back its {name}"


def public_without_units(case: Case) -> Broken:
    """Ask that what may leave carries no units."""
    loadings = np.ones((1, len(case.result.terms)))
    units = Influence(left=np.ones((3, 1)), right=loadings, unit=pd.Index(list("abc")))
    public = replace(case.result, influence=units).public()
    if (public.influence, public.path, public.cities) != (None, None, None):
        yield "public() keeps influence, path or cities"
    if public.to_json() != replace(case.result, path=None, cities=None).to_json():
        yield "public() changes more than influence, path and cities"
    if "influence" in json.loads(public.to_json()):
        yield "the JSON of public() holds influence"


def reads_and_escapes(case: Case) -> Broken:
    """Ask that text and HTML name the method, its terms and its notes, and escape what others typed."""
    result = case.result
    for shown in (str(result), result.summary(), result._repr_html_()):
        if case.name not in shown or not all(term in shown for term in result.terms["term"]):
            yield "a form of its text lacks the method or a term"
    if not all(text in result.summary() for text in result.notes):
        yield "its summary lacks a note"
    hostile = "<script>alert(1)</script>"
    estimand = replace(result.estimand, outcome=hostile)
    labels = result.terms.assign(term=[hostile, *result.terms["term"][1:]])
    html = replace(result, notes=(hostile,), estimand=estimand, terms=labels)._repr_html_()
    if "<script>" in html or html.count("&lt;script&gt;") != 3:
        yield "its HTML does not escape"


def a_council_can_be_told(case: Case) -> Broken:
    """Ask that its finding reads as three sentences without gaps."""
    from coresponder_causal import report

    nothing_wrong = pd.DataFrame(columns=["rule", "severity", "count"])
    sheet = report.council_page([case.result], checks=[()], title="A town", quality=nothing_wrong)
    verdict, amount, noticed = (sentence.text for sentence in sheet.finding)
    if not re.match(r"As far as this study can tell, yes|This study cannot tell|This only describes", verdict):
        yield f"a council would be told: {verdict}"
    if not re.search(r"anything from .+ fits? these data|rule out nothing", amount):
        yield f"a council would be told: {amount}"
    if re.search("nan|None|–", amount + noticed):
        yield f"a council would read a gap in: {amount} {noticed}"


def measured_domain_is_said(case: Case) -> Broken:
    """Ask that the notes say how the interval behaved where it was measured, or that it was not."""
    found = measured(case.result)
    if (not_measured if found is None else str(found)) not in case.result.notes:
        yield "its result does not say where its interval was measured"
