"""Officers before and after: the truth where volunteers select themselves, and what ignoring it finds.

Effects are known by simulation; sizes and coverage over many draws are in tests/coverage. No outside program gives CR2
or exchanges for imputation: worked by hand.
"""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import OfficerDesign
from coresponder_causal.estimate import officer_imputation
from coresponder_causal.simulate import officer_panel
from coresponder_causal.validity.comparators import exposed_or_not


def formed(frame, **options):
    given = {
        "outcome": "force",
        "dose": "calls_together",
        "exposure": "calls",
        "squad": "squad",
        "volunteered": "volunteered",
    }
    with quietly():
        return OfficerDesign.from_frame(frame, **(given | options))


@pytest.fixture(scope="module")
def study():
    return officer_panel(seed=6, officers=120, months=36, squads=10, level=-60.0, effect=-30.0)


def test_the_truth_is_found_where_volunteers_differ_in_level(study):
    result = officer_imputation(formed(study.frame))
    tidy = result.tidy().set_index("term")
    for term in ("exposed", "volunteers", "assigned"):
        assert tidy.loc[term, "estimate"] == pytest.approx(-30.0, abs=3.5 * tidy.loc[term, "std_error"])
        assert tidy.loc[term, "std_error"] < 9
    assert tidy.loc["volunteers_less_assigned", "estimate"] == pytest.approx(
        tidy.loc["volunteers", "estimate"] - tidy.loc["assigned", "estimate"]
    )
    persons = result.support.set_index("term")["persons"]
    assert persons["exposed"] == len(formed(study.frame).exposed)
    assert persons["volunteers_less_assigned"] == min(persons["volunteers"], persons["assigned"])


def test_ignoring_who_came_forward_finds_the_selection(study):
    """Without officer effects the level of the volunteers is taken for an effect."""
    naive = exposed_or_not(formed(study.frame))
    assert naive.estimate < -30 - 2 * naive.std_error


def test_a_course_of_their_own_misleads_for_volunteers_is_found_by_the_check_and_left_out_by_the_roster():
    frame = officer_panel(seed=6, officers=120, months=60, squads=10, trend=-4.0, effect=0.0).frame
    d = formed(frame, assigned="rostered")
    result = officer_imputation(d)
    low, high = result.conf_int().loc["volunteers"]
    assert high < -20
    trends = check.officer_trends(result, d)
    assert trends.verdict == "contradicts"
    assert "Volunteers: F(2," in trends.sentence
    for low, high in (result.conf_int().loc["assigned"], officer_imputation(d.as_intended()).conf_int().iloc[0]):
        assert low < 0 < high


def test_weights_of_officers_and_of_calls_are_means_of_each(study):
    """With one rate for all in a month both means are the same; else they weigh differently."""
    frame = study.frame.assign(force=study.frame["calls"] * (2 + (study.frame["calls_together"] > 0)))
    for weighting in ("calls", "officers"):
        assert officer_imputation(formed(frame), weighting=weighting).estimate[0] == pytest.approx(1000.0)
    by_calls, by_officers = (
        officer_imputation(formed(study.frame), weighting=w).estimate[0] for w in ("calls", "officers")
    )
    assert by_calls != pytest.approx(by_officers, rel=1e-3)


def test_squads_as_clusters_have_fewer_degrees_of_freedom(study):
    by_officer, by_squad = (officer_imputation(formed(study.frame), cluster=c) for c in ("officer", "squad"))
    assert by_squad.df[0] < 10 < by_officer.df[0]
    np.testing.assert_allclose(by_squad.params[by_officer.params.index[:4]], by_officer.params[:4])
    with pytest.raises(DesignError, match="no squads"):
        officer_imputation(formed(study.frame, squad=None), cluster="squad")


def test_what_squad_mates_learn_is_told_apart():
    """Unexposed officers with all mates exposed fall by 60; ignoring it the effect of −30 is found too small."""
    frame = officer_panel(seed=3, officers=160, months=36, squads=16, spillover=-60.0, effect=-30.0).frame
    d = formed(frame)
    ignored, adjusted = officer_imputation(d), officer_imputation(d, peers="adjusted")
    tidy = adjusted.tidy().set_index("term")
    assert tidy.loc["exposed_peers", "conf_low"] < -60 < tidy.loc["exposed_peers", "conf_high"] < 0
    assert ignored.estimate[0] > -30 + 2 * ignored.bse.iloc[0]
    found = check.squad_mates(ignored, d)
    assert found.verdict == "contradicts"
    assert found.moves > 1
    assert check.squad_mates(ignored, formed(frame, squad=None)).verdict == "not applicable"


def four():
    """Two squads of two officers over three periods; in each the roster sends one at once, the other never."""
    rows = [(o, t, (t >= 1) * (o in ("a", "c")) * 1.0) for o in "abcd" for t in range(3)]
    frame = pd.DataFrame(rows, columns=["officer", "month", "beside"])
    frame["minutes"] = [10, 4, 5, 11, 12, 10, 20, 17, 15, 21, 20, 22.0]
    return frame.assign(squad=frame["officer"].map({"a": 1, "b": 1, "c": 2, "d": 2}))


def test_exchanges_within_squads_are_all_that_the_roster_could_have_drawn():
    """Three exchanges beside the roster as it fell, each equally likely; p of exact enumeration."""
    with quietly():
        d = OfficerDesign.from_frame(four(), outcome="minutes", dose="beside", squad="squad")
        result = officer_imputation(d, inference="permutation", replications=1999, seed=4)
    change = four().groupby("officer")["minutes"].agg(lambda y: y.iloc[1:].mean() - y.iloc[0])
    pairs = [(one, other) for one in ("a", "b") for other in ("c", "d")]
    estimates = {
        sent: change[list(sent)].mean() - change.drop(list(sent)).mean() for sent in pairs
    }  # every exposed officer is measured against both others in the same periods
    assert result.estimate[0] == pytest.approx(estimates["a", "c"])
    exact = np.mean([abs(value) >= abs(estimates["a", "c"]) - 1e-9 for value in estimates.values()])
    assert float(result.pvalues.iloc[0]) == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 2000))
    assert any("only about 4 ways" in text for text in result.notes)
    assert list(permutations("ab"))  # two orders a squad


def test_volunteers_keep_their_course_in_exchanges(study):
    d = formed(study.frame)
    result = officer_imputation(d, inference="permutation", replications=99)
    assert result.terms["term"].tolist() == ["assigned"]
    assert result.estimate[0] == pytest.approx(officer_imputation(d).params["assigned"])
    low, high = result.conf_int().iloc[0]
    assert low < -30 < high
    assert float(result.pvalues.iloc[0]) == pytest.approx(0.01)
    assert result.extra["p_floor"] == pytest.approx(0.01)


def test_exchanges_say_what_they_rest_on(study):
    with pytest.warns(IdentificationWarning, match="not known who volunteered"):
        officer_imputation(formed(study.frame, volunteered=None), inference="permutation", replications=19)
    with pytest.warns(IdentificationWarning, match="not what the roster drew"):
        officer_imputation(formed(study.frame, assigned="rostered"), inference="permutation", replications=19)


def test_options_that_do_not_fit_are_listed_together(study):
    d = formed(study.frame, squad=None)
    with pytest.raises(DesignError, match="breaks 4 rules"):
        officer_imputation(d, leads=-1, peers="adjusted", inference="permutation", replications=5)


def test_exposed_rows_without_anybody_beside_them_are_left_out_and_said():
    frame = officer_panel(seed=1, officers=32, months=24, squads=4, never=0.0).frame
    late = frame["month"] >= frame.loc[frame["calls_together"] == 0, "month"].max()
    alone = frame.loc[late & (frame["calls_together"] == 0), "officer"].unique()
    result = officer_imputation(formed(frame[~frame["officer"].isin(alone)]))
    assert any("without any unexposed officer beside them: left out" in text for text in result.notes)
    everybody = frame[frame["officer"].isin(frame.loc[frame["calls_together"] > 0, "officer"])]
    with pytest.raises(EstimationError, match="no exposed officer-period can be imputed"):
        officer_imputation(formed(everybody.assign(calls_together=np.where(everybody["month"] > 3, 1, 0))))


def test_a_span_of_one_officer_belongs_to_its_neighbour(study):
    result = officer_imputation(formed(study.frame), bin_width=1)
    spans = result.support[result.support["term"].str.contains("event_time")]
    assert spans["persons"].min() >= 2


def test_leads_that_nothing_tells_apart_are_left_out_and_said():
    """Everybody is exposed in the third month of the data: six months before it cannot be two spans of six."""
    rows = officer_panel(seed=1, officers=32, months=12, squads=4).frame
    result = officer_imputation(formed(rows), bin_width=4, leads=3)
    assert result.terms["event_time"].min() >= -8
    assert any("cannot be told from the time before" in text for text in result.notes)
