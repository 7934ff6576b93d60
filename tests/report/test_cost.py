"""What a programme costs, on a page: the numbers its pictures carry, and that they draw."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.result import Result
from coresponder_causal.decide import Effect, Posts, Price, cost
from coresponder_causal.report.drawing import drawn


def an_arrest(error: float) -> Result:
    about = Estimand(
        contrast="ATT", outcome="arrest", treatment="attended", population="calls", horizon="one call",
        scale="difference",
    )  # fmt: skip
    return Result(
        method="call_difference", estimand=about, terms=pd.DataFrame({"term": ["att"]}), estimate=np.array([-0.04]),
        vcov=np.array([[error**2]]), df=np.array([np.inf]), scale="difference", n_obs=900, n_units=900,
        support=pd.DataFrame({"term": ["att"], "persons": [700], "events": [100], "units": [900]}),
    )  # fmt: skip


def section_of(error: float):
    given = {"unit": "one", "year": 2021, "source": "example", "payer": "city"}
    prices = [
        Price(what="team", amount=100, enters="spent", quantity=3640, std_error=10, **given),
        Price(what="arrest", amount=2000, enters="averted", std_error=300, **given),
        Price(what="officer hour", amount=80, enters="officer_hour", low=70, high=95, **given),
    ]
    effect = Effect(result=an_arrest(error), per_year=2500, officer_hours=3)
    found = cost([effect], prices, price_year=2021, posts=Posts(posts=5, hours=1700, filled=0.1))
    return report.cost_section(found, [effect.result])


def test_pictures_draw_and_carry_their_numbers():
    pictures = [block for block in section_of(0.01).blocks if isinstance(block, report.Picture)]
    assert [picture.kind for picture in pictures] == ["acceptability", "tornado"]
    for picture in pictures:
        assert drawn(picture, "png").startswith(b"\x89PNG")
    assert pictures[0].data["curve"]["low"].is_monotonic_increasing
    assert len(pictures[1].data["bars"]) == 5


def table_of(section, title):
    return next(block.frame for block in section.blocks if isinstance(block, report.Table) and block.title == title)


@pytest.mark.parametrize(("error", "given"), [(0.01, True), (0.03, False)])
def test_no_cost_per_event_without_an_effect(error, given):
    spent = table_of(section_of(error), "What one averted event costs").iloc[0]
    assert (spent["each"] != "not given") == given
    assert ("no finite upper limit" in spent["why"]) != given


def test_the_sentence_says_whose_and_when():
    said = str(section_of(0.01).blocks[0])
    assert "for the city" in said
    assert "dollars of 2021" in said
    assert said.count("more than it saves") == 1


def test_officer_hours_are_told_beside_dollars():
    """300 hours released by 100 arrests, 850 forgone: 5.5 hours taken by each arrest averted, and 550 in all."""
    section = section_of(0.01)
    assert "the programme takes about 550 officer-hours more than it releases" in str(section.blocks[1])
    rows = table_of(section, "What one averted event costs").set_index("of")
    assert rows.loc["officer-hours released, net", "each"].startswith("−5.5 (")
    chances = table_of(section, "Money and officer-hours together")["chance"]
    assert len(chances) == 4


def test_limits_of_both_signs_are_named_not_signed():
    found = str(section_of(0.05).blocks[1])
    assert "from taking" in found
    assert "to releasing" in found
    assert found.endswith("which of both it does is not known.")


def test_prices_and_what_they_rest_on_are_listed():
    section = section_of(0.01)
    prices = table_of(section, "Prices").set_index("what")
    assert prices.loc["officer hour", "amount"] == "80 (70 to 95)"
    assert prices.loc["team", "paid"] == "3,640 × one"
    rests = table_of(section, "What the costs rest on").set_index("what")
    assert rests.loc["Discount", "is"].startswith("3 % a year")
    assert rests.loc["Whose costs count", "why"] == "no reason stated"
    assert "850 officer-hours a year forgone" in rests.loc["Officer posts given up", "is"]
