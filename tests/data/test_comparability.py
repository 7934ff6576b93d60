"""Definitions held against each other, and registers that contradict themselves; worked by hand."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.comparability import bridges_of, comparability, compared, definitions_of, facets
from coresponder_causal.data.register_checks import register_findings

here = dict(zip(facets, ["arrest", "eligible calls", "call", "cad", "none"], strict=True))
bridge = {
    "metric": "arrest", "facet": "threshold", "from_code": "custody only", "to_code": "none", "ratio": 1.5,
    "ratio_low": 1.2, "ratio_high": 1.8, "how": "recoded", "source": "both counted in 2021",
}  # fmt: skip


def systems(*rows: dict[str, str]) -> pd.DataFrame:
    about = {"metric": "arrest", "source": "manual", "certainty": "documented"}
    return pd.DataFrame([{"city": f"City {k}", **about, **row} for k, row in enumerate(rows)])


def test_case_and_spaces_do_not_make_another_definition():
    assert compared("arrest", here, here | {"among": " Eligible  Calls"}, bridges_of(None)).verdict == "same definition"


def test_a_bridge_is_walked_both_ways_and_for_its_own_metric_only():
    there, known = here | {"threshold": "custody only"}, bridges_of(pd.DataFrame([bridge]))
    forth, back = compared("arrest", there, here, known), compared("arrest", here, there, known)
    assert (forth.verdict, back.verdict) == ("bridged", "bridged")
    assert forth.ratio == pytest.approx(1.5)
    assert forth.ratio * back.ratio == pytest.approx(1)
    assert forth.log_sd == pytest.approx(np.log(1.8 / 1.2) / (2 * 1.959964), rel=1e-6)
    assert compared("force", there, here, known).verdict == "not comparable"


def test_one_facet_without_a_bridge_is_enough():
    there = here | {"threshold": "custody only", "among": "all calls"}
    found = compared("arrest", there, here, bridges_of(pd.DataFrame([bridge])))
    assert found.verdict == "not comparable"
    assert found.why == "among: all calls, eligible calls"


def test_the_matrix_has_every_pair_and_says_what_nobody_registered():
    found = comparability(pd.concat([systems(here, here), systems(here).assign(city="Far", metric="force")]))
    by = found.set_index(["metric", "city", "other"])["verdict"]
    assert len(by) == 2 * 3 * 2
    assert by["arrest", "City 0", "City 1"] == "same definition"
    assert by["arrest", "City 0", "Far"] == "not known"
    assert definitions_of(systems(here), "Far") == {}


def test_bridges_that_cannot_be():
    wrong = pd.DataFrame([bridge | {"ratio_low": 1.7}, bridge | {"from_code": "none"}])
    with pytest.raises(DataError, match="breaks 2 rules"):
        bridges_of(wrong)


def test_what_contradicts_itself_in_the_registers():
    programmes = pd.DataFrame(
        {
            "city": ["A", "A", "B"], "programme": ["team", "second team", "unit"], "model": "co-responder",
            "start_earliest": ["2020-01-01", "2021-01-01", "2021-05-01"], "end_date": [None, None, "2020-01-01"],
            "source": ["report", "report", "?"], "certainty": ["documented", "presumed", "documented"],
        }
    )  # fmt: skip
    breaks = pd.DataFrame(
        {
            "city": ["C"], "field": ["arrests"], "date": ["2021-01-01"], "what": ["form"], "source": ["mail"],
            "certainty": ["reported"],
        }
    )  # fmt: skip
    found = register_findings(programmes, breaks, cities=pd.DataFrame({"city": ["A", "B"]}))
    rules = dict(zip(found["rule"], found["rows"], strict=True))
    assert rules["begins while a programme of the same model runs"] == ("1",)
    assert rules["last day before the earliest start"] == ("2",)
    assert rules["documented without a source"] == ("2",)
    assert {"presumed", "a field that the dictionary lacks", "a city that the table of cities lacks"} <= set(rules)
    with pytest.raises(DataError, match="no register"):
        register_findings()


def test_sound_registers_pass():
    programmes = pd.DataFrame(
        {
            "city": ["A", "A"], "programme": ["first", "second"], "model": "co-responder",
            "start_earliest": ["2015-01-01", "2020-01-01"], "end_date": ["2017-06-30", None],
            "source": "grant report", "certainty": "documented",
        }
    )  # fmt: skip
    assert register_findings(programmes).empty
