"""The council's sheet: the answer in hundredths, in words that need no statistics, on one printed page."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report import Picture, Sentence, council_page, of_nobody
from coresponder_causal.report.per_hundred import hundred_picture, noticed, per_hundred, said_per_hundred

QUALITY = pd.DataFrame({"rule": ["order of times"], "severity": ["quality"], "count": [907]})
JARGON = (
    r"\bATT\b|\bITT\b|p-value|\bp [=<]|interval|permutation|estimat|regression|log ratio|confiden|signific|[τρκ]|"
    r"95 ?%|treated|counterfactual|covariate|placebo|standard error|null"
)


def result(effect: float = -0.2, se: float = 0.07, **given: object) -> Result:
    about = Estimand(
        contrast="ATT",
        outcome="calls",
        treatment="the programme",
        population="Davis",
        horizon="30 months",
        scale="ratio of rates",
    )
    stated = {
        "method": "example",
        "estimand": about,
        "terms": pd.DataFrame({"term": ["mean_post"]}),
        "estimate": np.array([effect]),
        "vcov": np.array([[se**2]]),
        "df": np.array([9.0]),
        "scale": "log_ratio",
        "n_obs": 72,
        "n_units": 11,
        "support": pd.DataFrame({"events": [400]}),
    }
    return Result(**stated | given)


def check(verdict: str) -> CheckResult:
    return CheckResult(
        check="placebo_dates", assumption="A.", verdict=verdict, power=None, table=pd.DataFrame(), sentence="S."
    )


def read(page: report.Page) -> str:
    texts = [page.title, page.subtitle]
    for part in page.parts():
        texts += [part.text] if isinstance(part, Sentence) else [part.title, part.caption, part.alt]
    return "\n".join(texts)


def sheet(*results: Result, checks: tuple[str, ...] = (), **given: object) -> report.Page:
    made = [tuple(map(check, checks)), *[()] * (len(results) - 1)]
    return council_page(results, checks=made[: len(results)], title="A town", **{"quality": QUALITY} | given)


@pytest.mark.parametrize(
    ("effect", "se", "said"),
    [
        (-0.2, 0.07, "As far as this study can tell, yes: calls fell."),
        (0.2, 0.07, "As far as this study can tell, yes: calls rose."),
        (-0.2, 0.2, "This study cannot tell whether calls changed."),
    ],
)
def test_the_answer_claims_a_change_only_where_no_change_is_left_out(effect, se, said):
    page = sheet(result(effect, se))
    assert page.finding[0].text == said
    raw = result(effect, se).tidy().iloc[0]
    told = page.finding[1].numbers
    for name, column in (("value", "estimate"), ("low", "conf_low"), ("high", "conf_high")):
        assert told.number(name) == pytest.approx(100 * np.exp(raw[column]), rel=1e-12)
        assert f"{told.number(name):.0f}" in page.finding[1].text


def test_what_happens_at_calls_is_told_of_a_hundred_calls():
    facts = Facts({"yes_or_no": True, "mean_treated": 0.045, "treatment": "attended", "adjustment": "match_nearest"})
    about = replace(result().estimand, outcome="arrest")
    one = result(np.log(0.5), 0.1, method="call_difference", extra=facts, estimand=about)
    found = per_hundred(one)
    assert (found.value, found.base) == (pytest.approx(4.5), pytest.approx(9.0))
    raw = one.tidy().iloc[0]
    assert found.low == pytest.approx(4.5 / np.exp(raw["conf_high"]))
    assert found.high == pytest.approx(4.5 / np.exp(raw["conf_low"]))
    text = said_per_hundred(one).text
    assert text.startswith("For every 100 calls with the team there were about 4.5 arrests. At like calls without the ")
    assert "about 9.0" in text
    bars = hundred_picture(one).data["bars"]
    assert bars["label"].tolist() == ["without the team", "with the team"]
    assert bars.loc[0, ["low", "high"]].tolist() == [found.low, found.high]


def test_a_difference_of_shares_is_told_as_fewer_or_more_of_a_hundred():
    facts = Facts({"yes_or_no": True, "treatment": "attended", "adjustment": "team_free"})
    one = result(-0.087, 0.02, method="call_iv", scale="difference", extra=facts)
    assert (
        "For every 100 calls with the team there were about 8.7 fewer calls; anything from"
        in said_per_hundred(one).text
    )
    assert hundred_picture(one).data["bars"]["value"].tolist() == [pytest.approx(-8.7)]


def test_an_amount_that_is_no_share_is_told_as_it_is():
    one = result(-12.0, 3.0, scale="difference")
    assert per_hundred(one) is None
    assert hundred_picture(one) is None
    assert "the difference in calls was about −12.0 calls" in said_per_hundred(one).text
    assert "a fall of" in noticed(one).text


def test_what_no_study_of_this_kind_can_find_is_said():
    one = result(extra=Facts({"mde80": np.inf, "p_floor": 1 / 11}))
    assert noticed(one).text.startswith("With so few cities to compare, it could not have confirmed any change")


def test_a_check_that_speaks_against_it_is_said_with_the_answer_and_first_of_what_comes_next():
    page = sheet(result(), checks=("contradicts", "cannot tell", "reported", "no contradiction found"))
    assert page.finding[-1].text == "But 1 of 3 checks speaks against this answer: do not rely on it."
    text = read(page)
    assert "3 checks of this way of comparing tried to prove it wrong. 1 did; 1 could not tell." in text
    assert "First answer the checks" in text
    assert "Weigh it beside" not in text


def test_one_series_alone_is_no_answer():
    assert "only describes one city" in sheet(result(method="its_segmented")).finding[0].text


def test_other_comparisons_of_the_same_outcome_are_counted():
    other = replace(result().estimand, outcome="arrest")
    text = read(sheet(result(), result(-0.2, 0.2), result(0.3, 0.05), result(estimand=other)))
    assert "Other ways of comparing the same: 1 for more, 1 cannot tell." in text
    text = read(sheet(result(), result(-0.2, 0.2), result(extra=Facts({"enough_clusters": False}))))
    assert "Other ways of comparing the same: 1 cannot tell, 1 only describes." in text


def test_other_comparisons_that_a_check_speaks_against_are_counted():
    made = [(check("no contradiction found"),), (check("contradicts"),), (check("cannot tell"),)]
    page = council_page([result(), result(0.3), result(0.2)], checks=made, title="A town", quality=QUALITY)
    assert "A check speaks against 1 of the other comparisons; the full report names them." in read(page)


def test_doubts_the_plan_and_the_data_are_said():
    lines = [Sentence(text=Doubt(f"doubt {number} since 2018-01-01"), support=of_nobody) for number in "abc"]
    planned = Sentence(text="The plan was kept.", support=of_nobody)
    text = read(sheet(result(notes=(Doubt("a doubt"),)), design_lines=lines, planned=planned))
    for said in ("In doubt: doubt a since 1 January 2018.", "names 1 doubt", "The plan was kept.", "(1 thing found)"):
        assert said in text
    assert "doubt c" not in text


def test_there_is_no_jargon_and_sentences_are_short():
    for one in (result(), result(-0.2, 0.2), result(method="did_gap"), result(extra=Facts({"mde80": np.nan}))):
        text = read(sheet(one, checks=("contradicts", "cannot tell")))
        assert not re.findall(JARGON, text)
        lengths = [len(sentence.split()) for sentence in re.split(r"[.;:?!]\s", text)]
        assert np.mean(lengths) < 14
        assert max(lengths) <= 25


def test_a_study_without_an_effect_claims_none():
    text = read(council_page(title="A town", quality=QUALITY))
    assert "No effect was estimated" in text
    assert "Nothing here says whether the programme helps, or does not." in text
    assert not any(isinstance(part, Picture) for part in council_page(title="A town", quality=QUALITY).parts())


def test_what_stands_on_few_is_not_told_to_the_public(tmp_path):
    few = result(support=pd.DataFrame({"events": [7]}))
    text = report.write(sheet(few), tmp_path / "council.html", audience="public").read_text(encoding="utf-8")
    assert "calls fell" not in text
    assert "there were about" not in text
    assert "is not shown" in text
