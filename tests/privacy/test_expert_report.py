"""Classes of look-alikes, by the tables of the papers that define the measures, and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError, EstimationError
from coresponder_causal.core.notes import collecting
from coresponder_causal.privacy.closeness import earth_mover
from coresponder_causal.privacy.population_uniqueness import _log_likelihood, pitman_uniqueness
from coresponder_causal.privacy.uniqueness_study import study

# Sweeney (2002), figure 2: two-anonymous in race, birth, gender and ZIP.
SWEENEY = pd.DataFrame(
    [("Black", 1965, "m", "0214*")] * 2
    + [("Black", 1965, "f", "0213*")] * 2
    + [("Black", 1964, "f", "0213*")] * 2
    + [("White", 1964, "m", "0213*")] * 3
    + [("White", 1967, "m", "0213*")] * 2,
    columns=["race", "birth", "gender", "zip"],
)
# Machanavajjhala et al. (2007): the four-anonymous table of inpatients, and the three-diverse one, by class.
FOUR_ANONYMOUS = [["heart", "heart", "viral", "viral"], ["cancer", "heart", "viral", "viral"], ["cancer"] * 4]
THREE_DIVERSE = [["heart", "viral", "cancer", "cancer"], ["cancer", "heart", "viral", "viral"]]
THREE_DIVERSE += [["heart", "viral", "cancer", "cancer"]]
# Li, Li & Venkatasubramanian (2007): salaries in thousands, by class of the three-diverse and of the closer table.
SIMILAR = [[3, 4, 5], [6, 11, 8], [7, 9, 10]]
CLOSER = [[3, 5, 9], [6, 11, 8], [4, 7, 10]]


def in_classes(values: list[list[object]], name: str) -> pd.DataFrame:
    return pd.DataFrame([(i, value) for i, held in enumerate(values) for value in held], columns=["class", name])


def diversity(values: list[list[object]]) -> pd.Series:
    found = cc.privacy.expert_report(in_classes(values, "v"), quasi_identifiers=["class"], sensitive=["v"])
    return found.diversity.iloc[0]


def test_the_two_anonymous_table_of_sweeney() -> None:
    found = cc.privacy.expert_report(SWEENEY, quasi_identifiers=SWEENEY.columns)
    assert found.k == 2
    assert found.classes[["size", "classes", "rows"]].values.tolist() == [[2, 4, 8], [3, 1, 3]]
    prosecutor = found.risks.set_index("attacker").loc["prosecutor"]
    assert prosecutor["highest"] == 0.5
    assert prosecutor["average"] == pytest.approx(5 / 11, rel=1e-14)  # classes over rows
    assert prosecutor["share_above"] == 1.0


def test_the_homogeneous_class_and_the_three_diverse_table() -> None:
    assert diversity(FOUR_ANONYMOUS)[["distinct_l", "entropy_l"]].tolist() == [1, 1.0]
    found = diversity(THREE_DIVERSE)
    assert found["distinct_l"] == 3
    assert found["entropy_l"] == pytest.approx(2 * np.sqrt(2), rel=1e-14)  # exp of the entropy of 1/2, 1/4, 1/4


def test_the_distances_of_the_paper_on_closeness() -> None:
    salaries = np.arange(3, 12)
    q = np.full(9, 1 / 9)
    for held, printed in (([3, 4, 5], 0.375), ([6, 8, 11], 0.167)):
        assert round(earth_mover(np.isin(salaries, held) / 3, q, ordered=True), 3) == printed
    assert round(diversity(CLOSER)["t"], 3) == 0.167
    assert diversity(SIMILAR)["t"] == pytest.approx(0.375, rel=1e-14)


def test_the_equal_distance_by_hand() -> None:
    found = diversity([["a", "a", "b"], ["b", "b", "c"]])
    assert found["distance"] == "equal"
    assert found["t"] == pytest.approx(1 / 3, rel=1e-14)  # (2/3, 1/3, 0) against (1/3, 1/2, 1/6)


def test_the_three_attackers_by_hand() -> None:
    table = pd.DataFrame({"q": ["a", "a", "b"]})
    everyone = pd.DataFrame({"q": ["a"] * 4 + ["b"] * 20 + ["c"]})
    found = cc.privacy.expert_report(table, quasi_identifiers=["q"], population=everyone)
    risks = found.risks.set_index("attacker")
    assert risks.loc["prosecutor", ["highest", "average"]].tolist() == pytest.approx([1, 2 / 3])
    assert risks.loc["journalist", ["highest", "average"]].tolist() == pytest.approx(
        [1 / 4, (1 / 4 + 1 / 4 + 1 / 20) / 3]
    )
    assert risks.loc["journalist", "share_above"] == pytest.approx(2 / 3)
    assert risks.loc["marketer", "average"] == risks.loc["journalist", "average"]
    assert found.uniqueness["share"].tolist() == pytest.approx([1 / 3, 1 / 25])


def test_missing_values_are_a_value_of_their_own() -> None:
    table = pd.DataFrame({"q": ["a", "a", None, None], "s": [1, None, 2, 2]})
    with collecting() as notes:
        found = cc.privacy.expert_report(table, quasi_identifiers=["q"], sensitive=["s"])
    assert found.k == 2
    assert notes == ["1 rows without 's' are left out of its diversity"]


def test_what_cannot_be_measured_is_refused() -> None:
    table = pd.DataFrame({"q": ["a", "a", "b"]})
    with pytest.raises(DataError, match=r"2 rules[\s\S]*no quasi-identifier[\s\S]*'z'"):
        cc.privacy.expert_report(table, quasi_identifiers=[], sensitive=["z"])
    with pytest.raises(DataError, match="population of 2 for 3 rows"):
        cc.privacy.expert_report(table, quasi_identifiers=["q"], population=2)
    with pytest.raises(DataError, match="2 rows are in classes with fewer persons"):
        cc.privacy.expert_report(table, quasi_identifiers=["q"], population=pd.DataFrame({"q": ["a", "b", "b", "b"]}))


def test_no_value_and_no_row_of_the_table_is_shown() -> None:
    table = pd.DataFrame({"q": ["canary-1", "canary-2"], "s": ["canary-3", "canary-4"]})
    found = cc.privacy.expert_report(table, quasi_identifiers=["q"], sensitive=["s"], population=table)
    assert "canary" not in str(found) + repr(found)
    assert "Not legal advice" in str(found)


def test_pitmans_formula_by_its_products() -> None:
    theta, alpha, sizes = 3.0, 0.4, [3, 1, 2]
    by_hand = sum(np.log(theta + i * alpha) for i in (1, 2)) - sum(np.log(theta + i) for i in range(1, 6))
    by_hand += sum(np.log(i - alpha) for size in sizes for i in range(1, size))
    counts, many = np.unique(np.array(sizes, float), return_counts=True)
    assert _log_likelihood(theta, alpha, counts, many) == pytest.approx(by_hand, rel=1e-12)


def test_a_census_has_the_uniqueness_that_is_counted() -> None:
    sizes = np.repeat([1, 2, 5, 40], [200, 60, 30, 4])
    assert pitman_uniqueness(sizes, int(sizes.sum())) == pytest.approx(200 / sizes.sum(), abs=0.03)


def test_where_everybody_is_alone_the_population_is_not_told() -> None:
    frame = pd.DataFrame({"id": range(300)})
    told = cc.privacy.expert_report(frame, quasi_identifiers=["id"], population=10_000).uniqueness.set_index("of")
    assert told.loc["sample", "share"] == 1
    assert np.isnan(told.loc["population", "share"])
    assert told.loc["population", "method"] == "cannot be estimated: everybody is alone in the sample"
    with pytest.raises(EstimationError, match="everybody is alone"):
        pitman_uniqueness(np.ones(300, int), 10_000)


def test_uniqueness_is_found_in_populations_of_the_formula() -> None:
    # Populations drawn from the formula itself, by the Chinese restaurant: there the estimate must centre on the truth.
    rng = np.random.default_rng(3)
    ratios = []
    for _ in range(6):
        classes = restaurant(rng, theta=60.0, alpha=0.5, n=2000)
        truth = (np.bincount(classes) == 1).sum() / 2000
        sample = rng.choice(classes, 400, replace=False)
        ratios.append(pitman_uniqueness(np.unique(sample, return_counts=True)[1], 2000) / truth)
    assert np.mean(ratios) == pytest.approx(1, abs=0.15)  # two standard errors: one ratio varies by .19


def restaurant(rng: np.random.Generator, *, theta: float, alpha: float, n: int) -> np.ndarray:
    sizes: list[float] = []
    seats = []
    for i in range(n):
        weights = np.array([*(size - alpha for size in sizes), theta + alpha * len(sizes)])
        table = int(np.searchsorted(np.cumsum(weights), rng.random() * (theta + i), side="right"))
        table = min(table, len(sizes))
        if table == len(sizes):
            sizes.append(0)
        sizes[table] += 1
        seats.append(table)
    return np.array(seats)


def test_the_study_errs_upwards_and_its_words_come_from_its_table() -> None:
    found = study(replications=2, seed=5)
    assert (found.query("shape == 'lognormal'")["estimate"] > found.query("shape == 'lognormal'")["truth"]).all()
    table = pd.DataFrame({"q": [*range(40), *[7] * 60]})
    told = cc.privacy.expert_report(table, quasi_identifiers=["q"], population=1000).uniqueness["method"].iloc[1]
    assert "at a sample of 0.1 of them" in told


def test_the_formula_of_the_share_at_two_persons() -> None:
    # Of two persons, P(different) = (θ + α)/(θ + 1): the ratio of gamma functions at N = 2.
    theta, alpha = 2.0, 0.3
    share = np.exp(gammaln(theta + 1) + gammaln(theta + alpha + 1) - gammaln(theta + alpha) - gammaln(theta + 2))
    assert share == pytest.approx((theta + alpha) / (theta + 1), rel=1e-12)
