"""The small values of the core room: facts, notes, errors, influence, fingerprints, regressors, variance records."""

import json
import pickle
import warnings
from dataclasses import FrozenInstanceError
from threading import Thread

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from coresponder_causal.core import errors
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import collecting, doubt, note, quietly
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.regressors import harmonics, log_rate, require_full_rank
from coresponder_causal.core.variance import VarianceRecord

# ---------------------------------------------------------------- errors

EVERY_ERROR = [
    errors.CausalError,
    errors.DataError,
    errors.DesignError,
    errors.EstimationError,
    errors.DisclosureError,
]


@pytest.mark.parametrize("error", EVERY_ERROR)
def test_an_error_says_fact_and_mend_and_pickles(error):
    with pytest.raises(errors.CausalError) as caught:
        raise error("3 rows are doubled", mend="keep one of each")
    again = pickle.loads(pickle.dumps(caught.value))
    for shown in (caught.value, again):
        assert type(shown) is error
        assert str(shown) == "3 rows are doubled\n  mend: keep one of each"
        assert (shown.what, shown.mend) == ("3 rows are doubled", "keep one of each")


def test_an_error_without_a_mend_cannot_be_made():
    with pytest.raises(TypeError, match="mend"):
        errors.DataError("something is wrong")


def test_every_problem_is_raised_at_once():
    problems = errors.Problems("panel")
    problems.raise_if_any(errors.DataError)  # nothing yet
    problems.add("7 doubled rows", mend="keep one", rows=range(7))
    problems.add("12 holes", mend="fill them", rows=[1, 2], total=12)
    problems.add("2 odd names", mend="rename them", rows=["a", "b"])
    problems.add("no city", mend="name one")
    with pytest.raises(errors.DataError) as caught:
        problems.raise_if_any(errors.DataError)
    assert str(caught.value).splitlines() == [
        "panel breaks 4 rules",
        "  1. 7 doubled rows (rows 0, 1, 2, 3, 4, …): keep one",
        "  2. 12 holes (rows 1, 2, …): fill them",
        "  3. 2 odd names (rows a, b): rename them",
        "  4. no city: name one",
        "  mend: change the 4 points above, then run again",
    ]


def test_one_problem_is_said_in_the_singular():
    problems = errors.Problems("table 'calls'")
    problems.add("it is empty", mend="give it rows")
    with pytest.raises(errors.DesignError, match="table 'calls' breaks 1 rule\n") as caught:
        problems.raise_if_any(errors.DesignError)
    assert caught.value.mend == "change the point above, then run again"


# ---------------------------------------------------------------- facts


def test_facts_freeze_what_they_are_given():
    given = {"months": [1, [2, 3]], "rho": np.float64(0.4), "n": np.int64(7), "yes": np.bool_(True), "none": None}
    facts = Facts(given)
    given["months"][1].append(4)
    given["rho"] = 9
    assert dict(facts) == {"months": (1, (2, 3)), "rho": 0.4, "n": 7, "yes": True, "none": None}
    assert [type(facts[key]) for key in ("rho", "n", "yes")] == [float, int, bool]
    with pytest.raises(AttributeError, match="read-only"):
        facts._items = {}
    with pytest.raises(TypeError):
        del facts["rho"]


def test_facts_are_a_mapping_that_pickles():
    facts = Facts({"b": 1, "a": (0.5, "text")})
    assert pickle.loads(pickle.dumps(facts)) == facts == {"b": 1, "a": (0.5, "text")}
    assert list(facts) == ["b", "a"]
    assert len(Facts()) == 0
    assert json.loads(facts.to_json()) == {"a": [0.5, "text"], "b": 1}


def test_facts_give_numbers_or_none():
    facts = Facts({"rho": 1, "city": "Chico"})
    assert facts.number("rho") == 1.0
    assert np.isnan(facts.number("city"))
    assert np.isnan(facts.number("absent"))


@pytest.mark.parametrize("value", [{"a": 1}, object(), {1, 2}, (1, {"a": 1}), np.arange(3)])
def test_what_is_no_fact_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        Facts({"key": value})


# ---------------------------------------------------------------- notes


def test_notes_are_kept_once_and_in_order():
    with collecting() as notes:
        for text in ("b", "a", "b"):
            note(text)
    note("outside")
    assert notes == ["b", "a"]


def test_a_doubt_is_a_note_and_a_warning_unless_quiet():
    with collecting() as notes:
        with pytest.warns(errors.IdentificationWarning, match="few cities"):
            doubt("few cities")
        with warnings.catch_warnings(), quietly():
            warnings.simplefilter("error")
            doubt("few events")
        with pytest.warns(errors.IdentificationWarning):
            doubt("loud again")
    assert notes == ["few cities", "few events", "loud again"]


def test_collecting_ends_with_its_block_also_on_an_error():
    with collecting() as outer:
        with pytest.raises(errors.DesignError), collecting():
            problems_of_nothing().raise_if_any(errors.DesignError)
        note("outside")
    assert outer == ["outside"]


def problems_of_nothing():
    problems = errors.Problems("nothing")
    problems.add("there is nothing", mend="bring something")
    note("inside")
    return problems


def test_threads_have_their_own_notes():
    found = {}

    def work(name):
        note("said to nobody")
        with collecting() as notes:
            note(name)
        found[name] = notes

    with collecting() as mine:
        threads = [Thread(target=work, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert mine == []
    assert found == {"one": ["one"], "two": ["two"]}


# ---------------------------------------------------------------- influence


def psi_of(left, cluster=None):
    right = np.array([[1.0, 0.0], [2.0, -1.0]])
    return Influence(left=left, right=right, unit=pd.Index(list("abcd")), cluster=cluster)


LEFT = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0], [3.0, 0.0]])
ROWS = np.array([[1.0, 0.0], [4.0, -2.0], [1.0, -1.0], [3.0, 0.0]])  # LEFT @ right, by hand
forms = pytest.mark.parametrize(
    "left", [LEFT, sparse.csr_array(LEFT), sparse.coo_array(LEFT)], ids=["dense", "csr", "coo"]
)


@forms
def test_influence_by_hand(left):
    psi = psi_of(left)
    np.testing.assert_array_equal(psi.rows(), ROWS)
    # Σψψ' = [[27, −9], [−9, 5]] over 4².
    np.testing.assert_allclose(psi.gram(), np.array([[27.0, -9.0], [-9.0, 5.0]]) / 16, rtol=1e-12)
    assert psi.n == 4


@forms
def test_influence_sums_within_clusters(left):
    psi = psi_of(left, cluster=pd.Index(["y", "x", "y", "x"]))
    sums = psi.by_cluster()
    assert sums.index.tolist() == ["x", "y"]
    np.testing.assert_array_equal(sums, [[7.0, -2.0], [2.0, -1.0]])
    other = psi.by_cluster(pd.Index([1, 1, 1, 2]))
    np.testing.assert_array_equal(other, [[6.0, -3.0], [3.0, 0.0]])
    np.testing.assert_array_equal(psi_of(left).by_cluster(), ROWS)
    assert psi_of(left).by_cluster().index.tolist() == list("abcd")


@forms
def test_influence_of_combinations_and_of_estimated_weights(left):
    weights, extra = np.array([[1.0, 1.0]]), np.array([[0.5], [-0.5], [1.0], [-1.0]])
    combined = psi_of(left).transform(weights)
    np.testing.assert_array_equal(combined.rows(), ROWS.sum(axis=1, keepdims=True))
    added = combined.plus(extra)
    np.testing.assert_array_equal(added.rows(), ROWS.sum(axis=1, keepdims=True) + extra)
    np.testing.assert_allclose(added.gram(), added.rows().T @ added.rows() / 16, rtol=1e-12)
    assert added.unit.equals(psi_of(left).unit)


def test_influence_never_holds_units_by_terms():
    n, terms = 2_000, 50
    thin = Influence(left=sparse.eye_array(n, 3, format="csr"), right=np.ones((3, terms)), unit=pd.RangeIndex(n))
    assert len(pickle.dumps(thin)) < n * terms * 8 / 10
    assert thin.gram().shape == (terms, terms)


# ---------------------------------------------------------------- fingerprints

FRAME = pd.DataFrame({"city": ["A", "B"], "month": pd.PeriodIndex(["2020-01", "2020-02"], freq="M"), "calls": [3, 4]})


def test_fingerprints_of_equal_things_are_equal():
    frame = FRAME.copy()
    assert fingerprint(frame, np.arange(3.0), {"b": 1, "a": (2, None)}) == fingerprint(
        FRAME, np.arange(6.0)[:3], {"a": (2, None), "b": 1}
    )
    assert fingerprint(FRAME) == fingerprint(FRAME.set_index(pd.Index([7, 9])))  # row labels are no data
    assert fingerprint(np.arange(6.0)[::2]) == fingerprint(np.array([0.0, 2.0, 4.0]))
    assert len(fingerprint(FRAME)) == 64


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((FRAME,), (FRAME.rename(columns={"calls": "arrests"}),)),
        ((FRAME,), (FRAME[["month", "city", "calls"]],)),
        ((FRAME,), (FRAME.iloc[::-1],)),
        ((FRAME,), (FRAME.assign(calls=[3, 5]),)),
        ((np.zeros((2, 3)),), (np.zeros((3, 2)),)),
        ((np.zeros(2),), (np.zeros(2, dtype=int),)),
        ((1,), (1.0,)),
        ((1,), ("1",)),
        ((None,), ("None",)),
        (("ab", "c"), ("a", "bc")),
        ((1, 2), (2, 1)),
        (({"a": 1, "b": 2},), ({"a": 2, "b": 1},)),
        ((("a", "b"), ()), (("a",), ("b",))),
        ((("a",), "b"), (("a", "b"),)),
        ((FRAME["calls"],), (FRAME["calls"] + 1,)),
    ],
)
def test_fingerprints_of_other_things_differ(one, other):
    assert fingerprint(*one) != fingerprint(*other)


def test_fingerprints_of_text_arrays_follow_the_text():
    words = [f"word {i}" for i in range(3)]
    again = ["".join(list(word)) for word in words]
    assert fingerprint(np.array(words, dtype=object)) == fingerprint(np.array(again, dtype=object))


# ---------------------------------------------------------------- regressors


def test_harmonics_by_hand():
    # Season of 4: sine 0 1 0 −1, cosine 1 0 −1 0; its second pair is the alternation alone, which has no sine.
    first = [[0, 1], [1, 0], [0, -1], [-1, 0]]
    np.testing.assert_allclose(harmonics(np.arange(4.0), 4, 1), first, atol=1e-15)
    np.testing.assert_allclose(harmonics(np.arange(4.0), 4, 2)[:, 2:], [[1], [-1], [1], [-1]], atol=1e-15)


def test_harmonics_are_orthogonal_over_whole_years():
    X = harmonics(np.arange(36.0), 12, 3)
    np.testing.assert_allclose(X.T @ X, 18 * np.eye(6), atol=1e-12)


@pytest.mark.parametrize(("season", "pairs"), [(None, 2), (12, 0)])
def test_no_season_gives_no_column(season, pairs):
    assert harmonics(np.arange(5.0), season, pairs).shape == (5, 0)


def test_log_rate_puts_half_an_event_for_none():
    np.testing.assert_allclose(
        log_rate(np.array([0.0, 1.0, 20.0]), np.array([2.0, 1.0, 10.0])), np.log([0.25, 1.0, 2.0]), rtol=1e-12
    )


def test_absorbed_columns_are_named():
    trend = np.arange(10.0)
    X = np.column_stack([np.ones(10), trend, 3 * trend - 7, np.sin(trend)])
    with pytest.raises(errors.EstimationError, match=r"^'burglary' is absorbed") as caught:
        require_full_rank(X, ["constant", "trend", "burglary", "wave"])
    assert caught.value.mend == "leave it out"
    with pytest.raises(errors.EstimationError, match="'a', 'b' are absorbed"):
        require_full_rank(np.column_stack([np.ones(4), np.zeros(4), np.ones(4)]), ["constant", "a", "b"])
    require_full_rank(X[:, [0, 1, 3]] * [1.0, 1e9, 1e-9], ["constant", "trend", "wave"])  # units do not matter


def test_more_columns_than_rows_are_named():
    with pytest.raises(errors.EstimationError, match="'three', 'four' are absorbed"):
        require_full_rank(np.eye(4)[:2], ["one", "two", "three", "four"])


# ---------------------------------------------------------------- variance records


def test_satterthwaite_of_a_variance_estimated_from_n_squares():
    # V = θ·A with θ̂ = χ²_n θ/n has information n/(2θ²): the df are n for every contrast.
    theta, n, A = 1.7, 12.0, np.array([[2.0, 0.3], [0.3, 1.0]])
    record = VarianceRecord(gradient=A[None], information=np.array([[n / (2 * theta**2)]]), ceiling=100.0)
    for contrast in ([1.0, 0.0], [0.5, -2.0]):
        assert record.df(np.array(contrast), theta * A) == pytest.approx(n, rel=1e-12)


def test_satterthwaite_of_two_independent_variances_is_welch():
    # Welch (1947): (a + b)² / (a²/ν₁ + b²/ν₂) with a = s₁²/n₁ and b = s₂²/n₂.
    a, b, nu = 0.5, 0.2, np.array([4.0, 9.0])
    gradient = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
    record = VarianceRecord(gradient=gradient, information=np.diag(nu / (2 * np.array([a, b]) ** 2)), ceiling=100.0)
    vcov, difference = np.diag([a, b]), np.array([1.0, -1.0])
    assert record.df(difference, vcov) == pytest.approx((a + b) ** 2 / (a**2 / 4 + b**2 / 9), rel=1e-12)
    turned = record.transform(np.array([[1.0, -1.0], [1.0, 1.0]]))
    both = np.array([[1.0, -1.0], [1.0, 1.0]])
    assert turned.df(np.array([1.0, 0.0]), both @ vcov @ both.T) == pytest.approx(
        record.df(difference, vcov), rel=1e-12
    )


def test_df_stay_between_one_and_the_ceiling():
    record = VarianceRecord(gradient=np.ones((1, 1, 1)), information=np.array([[1e-6]]), ceiling=30.0)
    assert record.df(np.ones(1), np.ones((1, 1))) == 1.0
    known = VarianceRecord(gradient=np.zeros((1, 1, 1)), information=np.eye(1), ceiling=30.0)
    assert known.df(np.ones(1), np.ones((1, 1))) == 30.0
    well = VarianceRecord(gradient=np.ones((1, 1, 1)), information=np.array([[1e6]]), ceiling=30.0)
    assert well.df(np.ones(1), np.ones((1, 1))) == 30.0


# ---------------------------------------------------------------- estimand, provenance


def test_estimand_reads_as_a_sentence_and_is_frozen():
    about = Estimand(
        contrast="ATT",
        outcome="calls",
        treatment="0 to 70 hours",
        population="Davis",
        horizon="6 months",
        scale="ratio",
    )
    assert str(about) == "ATT of 0 to 70 hours on calls in Davis, 6 months (ratio)"
    assert Estimand(**about.to_dict()) == about
    assert pickle.loads(pickle.dumps(about)) == about
    with pytest.raises(FrozenInstanceError):
        about.outcome = "arrests"


def test_provenance_gives_options_back_as_they_were_passed():
    about = Provenance(options=json.dumps({"horizons": [6, 12], "errors": "ols", "lags": None}))
    assert about.option_values() == {"horizons": (6, 12), "errors": "ols", "lags": None}
    assert Provenance(**about.to_dict()) == about
