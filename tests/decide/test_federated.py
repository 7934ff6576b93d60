"""Released effects put together: bridges, unknown definitions, shared comparison cities, and files that cannot be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.decide.federated import pool_releases
from coresponder_causal.privacy.city_release import CityEffect, CityRelease, read_release, write_release

facets = {"event": "call", "among": "all calls", "counting_unit": "call", "recorded_in": "cad", "threshold": "none"}
bridge = pd.DataFrame([{
    "metric": "calls", "facet": "threshold", "from_code": "answered", "to_code": "none", "ratio": 1.2,
    "ratio_low": 1.1, "ratio_high": 1.3, "how": "recoded", "source": "worked by hand",
}])  # fmt: skip


def released(city: str, **other: object) -> CityRelease:
    one = CityEffect(
        outcome="calls", method="did_prediction_interval", term="effect", contrast="ATT", horizon="24 months",
        words="calls a month", scale="difference", start="2020-01-01", estimate=-5.0, variance=4.0, df=np.inf,
        support={"before": 400, "after": 380}, compared_with=(), definition=facets, doubts=0,
    )  # fmt: skip
    return CityRelease(city=city, effects=(replace(one, **other),))


def test_a_bridged_difference_is_multiplied_and_its_interval_widened() -> None:
    """By hand: k = 1.2, s = log(1.3 / 1.1) / 2z; the error is k √(v + θ² s²)."""
    other = released("C", definition={**facets, "threshold": "answered"})
    rows = pool_releases([released("A"), released("B"), other], bridges=bridge).questions[0].cities.set_index("city")
    spread = np.log(1.3 / 1.1) / (2 * 1.959963984540054)
    assert rows.loc["C", "estimate"] == pytest.approx(-6.0)
    assert rows.loc["C", "std_error"] == pytest.approx(1.2 * np.sqrt(4 + 25 * spread**2), rel=1e-9)
    assert rows.loc["A", "std_error"] == pytest.approx(2.0)
    ratio = [released(city, scale="log_ratio", estimate=-0.1, variance=0.01) for city in "AB"]
    ratio.append(released("C", scale="log_ratio", estimate=-0.1, variance=0.01, definition=other.effects[0].definition))
    kept = pool_releases(ratio, bridges=bridge).questions[0].cities.set_index("city")
    assert kept.loc["C", ["estimate", "std_error"]].tolist() == pytest.approx([-0.1, 0.1])


def test_an_unknown_definition_is_left_out_or_doubted() -> None:
    three = [released("A"), released("B"), released("C", definition={})]
    left = pool_releases(three).questions[0]
    assert left.cities["used"].tolist() == [True, True, False]
    taken = pool_releases(three, take_unknown=True).questions[0]
    assert taken.cities["used"].all()
    assert any("it is taken as if" in note for note in taken.notes)
    with pytest.raises(DesignError, match="no effect can be put together"):
        pool_releases([released("A", definition={}), released("B", definition={})])


def test_cities_that_stand_behind_several_effects_are_doubted() -> None:
    apart = [released("A", compared_with=("D", "E")), released("B", compared_with=("F",))]
    assert not any("comparison cities" in note for note in pool_releases(apart).questions[0].notes)
    shared = [released("A", compared_with=("D", "E")), released("B", compared_with=("E", "A"))]
    notes = pool_releases(shared).questions[0].notes
    assert any(note.startswith("1 comparison cities stand behind more than one effect (E)") for note in notes)
    assert any("A took part and was also compared with" in note for note in notes)


def test_two_scales_or_methods_are_two_questions_and_the_mean_without_a_city_is_the_others(tmp_path) -> None:
    cities = [released("A", estimate=-4.0), released("B", estimate=-6.0), released("C", estimate=-8.0)]
    (one,) = pool_releases([*cities, released("D", method="synth_did")]).questions[:1]
    assert one.cities["city"].tolist() == ["A", "B", "C"]
    assert one.cities["without"].tolist() == pytest.approx([-7.0, -6.0, -5.0])
    assert one.cities["weight"].sum() == pytest.approx(1.0)
    assert any("no effect of this kind from D" in note for note in one.notes)
    ratios = [released(city, scale="log_ratio", estimate=-0.1, variance=0.01) for city in "EF"]
    assert [len(question.cities) for question in pool_releases([*cities, *ratios]).questions] == [3, 2]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"support": {"before": 400, "after": 7}}, "too small or no support"),
        ({"support": {}}, "too small or no support"),
        ({"variance": 0.0}, "no effect with a variance"),
    ],
)
def test_a_release_with_numbers_that_cannot_be_is_refused(tmp_path, wrong: dict[str, object], said: str) -> None:
    file = write_release(released("A", **wrong), tmp_path / "a.json")
    with pytest.raises(DataError, match=said):
        read_release(file)
