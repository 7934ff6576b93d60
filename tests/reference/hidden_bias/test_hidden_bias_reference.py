"""Hidden bias against R: EValue 4.1.4, rbounds 2.2, sensitivitymv 1.4.3, sensemakr 0.1.6 (R 4.2.2, script 07_sens.R).

The golden files hold the calls and full digits. All are closed forms: 1e-9 relative, or the digits that R printed.
"""

import json
import math

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.check import evalue_of_counts, evalue_of_published
from coresponder_causal.core.evalue import evalue, evalues
from coresponder_causal.core.omitted import adjusted, as_strong_as, partial_r2, regression, robustness_value
from coresponder_causal.core.rosenbaum import (
    amplified,
    binary_tails,
    hodges_lehmann,
    m_scores,
    m_test,
    signed_rank_tails,
)

EXACT = 1e-9
PUBLISHED = {
    "RR_3.9_1.8_8.7": (3.9, 1.8, 8.7, {}),
    "RR_0.80_.71_.91": (0.80, 0.71, 0.91, {}),
    "RR_1.10_.95_1.28": (1.10, 0.95, 1.28, {}),
    "RR_.6_true1.2": (0.6, 0.4, 0.9, {"true": 1.2}),
    "RR_null_crossing_.98": (0.98, 0.9, 1.07, {}),
    "RR_1_.8_1.3": (1.0, 0.8, 1.3, {}),
    "OR_rare_.86": (0.86, 0.75, 0.99, {"measure": "odds ratio", "common": False}),
    "OR_common_2.5": (2.5, 1.6, 3.9, {"measure": "odds ratio"}),
    "HR_common_.56": (0.56, 0.46, 0.69, {"measure": "hazard ratio"}),
    "HR_rare_.56": (0.56, 0.46, 0.69, {"measure": "hazard ratio", "common": False}),
}


def loaded(golden, name):
    return json.loads((golden / f"{name}.json").read_text(encoding="utf-8"))["results"]


@pytest.mark.parametrize("key", PUBLISHED)
def test_evalues_of_ratios(golden, key):
    estimate, low, high, options = PUBLISHED[key]
    there, found = loaded(golden, "evalue")[key], evalues(estimate, low, high, **options)
    ratios = [there["RR"][part] for part in ("point", "lower", "upper")]
    np.testing.assert_allclose([found.ratio, found.low, found.high], ratios, rtol=EXACT)
    limits = [there["E-values"][part] for part in ("lower", "upper") if there["E-values"][part] is not None]
    np.testing.assert_allclose([found.point, found.limit], [there["E-values"]["point"], *limits], rtol=EXACT)


@pytest.mark.parametrize(
    ("key", "difference", "error"),
    [("MD_smd_.42_se.14", 0.42, 0.14), ("OLS_est.293_se.0145_sd.6", 0.293 / 0.6, 0.0145 / 0.6)],
)
def test_evalues_of_standardised_differences(golden, key, difference, error):
    there = loaded(golden, "evalue")[key]
    half = 1.959963984540054 * error
    found = evalues(difference, difference - half, difference + half, measure="standardised difference")
    ratios = [there["RR"][part] for part in ("point", "lower", "upper")]
    np.testing.assert_allclose([found.ratio, found.low, found.high], ratios, rtol=EXACT)
    expected = there["E-values"]["point"], there["E-values"]["lower"]
    np.testing.assert_allclose([found.point, found.limit], expected, rtol=EXACT)


def test_evalues_of_counts_are_exact_where_r_searches_a_grid(golden):
    """EValue tries bias factors in steps of .0001 and takes the first that loses the bound; here the root is found."""
    there = loaded(golden, "evalue")["RD"]
    found = evalue_of_counts((397, 51), (397 + 78557, 51 + 108778)).table.iloc[0]
    assert found["evalue"] == pytest.approx(there["est.Evalue"], rel=EXACT)
    stepped = 1 + np.ceil((found["low"] - 1) / 1e-4) * 1e-4
    assert evalue(float(stepped)) == pytest.approx(there["lower.Evalue"], rel=EXACT)
    assert found["evalue_limit"] == pytest.approx(there["lower.Evalue"], abs=2e-4)
    turned = evalue_of_counts((51, 397), (51 + 108778, 397 + 78557)).table.iloc[0]
    assert turned["evalue_limit"] == pytest.approx(found["evalue_limit"], rel=EXACT)
    assert turned["ratio"] == pytest.approx(1 / found["ratio"], rel=EXACT)


def test_a_printed_estimate_has_a_sentence():
    found = evalue_of_published(0.86, 0.75, 0.99, measure="odds ratio", common=False)
    assert found.verdict == "reported"
    assert "1.60" in found.sentence
    assert "1.11" in found.sentence


@pytest.fixture(scope="module")
def pairs(golden):
    table = pd.read_csv(golden / "data" / "rosenbaum_pairs.csv")
    return table[["treated", "control"]].to_numpy(float)


def test_signed_ranks(golden, pairs):
    """psens prints four decimals and leaves ties out of the variance, which changes 4e-6 of it here."""
    there, apart = loaded(golden, "rosenbaum_bounds"), pairs[:, 0] - pairs[:, 1]
    found = [signed_rank_tails(apart, gamma) for gamma in there["psens"]["Gamma"]]
    np.testing.assert_allclose([tails.low for tails in found], there["psens"]["Lower bound"], atol=6e-5)
    np.testing.assert_allclose([tails.high for tails in found], there["psens"]["Upper bound"], atol=6e-5)
    assert found[0].high == pytest.approx(there["wilcox_p"], rel=EXACT)


def test_hodges_lehmann_bounds(golden, pairs):
    """Hlsens walks in steps of .1 from the estimate; the bounds here are the quantiles themselves, within a step."""
    there, apart = loaded(golden, "rosenbaum_bounds")["hlsens"], pairs[:, 0] - pairs[:, 1]
    found = np.array([hodges_lehmann(apart, gamma) for gamma in there["Gamma"]])
    printed = np.column_stack([there["Lower bound"], there["Upper bound"]])
    assert np.abs(found - printed).max() < 0.1001
    assert found[0, 0] == pytest.approx(1.0, abs=1e-9)


def test_mcnemar(golden):
    """rbounds 2.2 sums the tail beyond the observed 25 of 33 pairs: what is here the tail from 26 on.

    A p-value counts what was observed; with 25 of 33 and no hidden bias it is Σ C(33, k) / 2^33, k ≥ 25: .0023.
    """
    there = loaded(golden, "rosenbaum_bounds")["binarysens_25_8"]

    def tails(first, gamma):
        outcomes = np.repeat([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [first, 33 - first, 4], axis=0)
        return binary_tails(outcomes, np.ones(len(outcomes)), gamma)

    found = [tails(26, gamma) for gamma in there["Gamma"]]
    np.testing.assert_allclose([one.low for one in found], there["Lower bound"], atol=6e-6)
    np.testing.assert_allclose([one.high for one in found], there["Upper bound"], atol=6e-6)
    assert tails(25, 1.0).high == pytest.approx(sum(math.comb(33, k) for k in range(25, 34)) / 2**33, rel=EXACT)


def test_m_statistics(golden, pairs):
    there = loaded(golden, "rosenbaum_bounds")
    default, inner = m_scores(pairs), m_scores(pairs, inner=0.5, trim=2.0)
    one = np.ones(len(pairs))
    found = [m_test(default, one, gamma).p_value for gamma in there["senmv_t_default"]["gamma"]]
    np.testing.assert_allclose(found, there["senmv_t_default"]["pval"], rtol=EXACT)
    found = [m_test(inner, one, gamma).p_value for gamma in there["senmv_huber_inner.5"]["gamma"]]
    np.testing.assert_allclose(found, there["senmv_huber_inner.5"]["pval"], rtol=EXACT)


@pytest.mark.parametrize(
    ("name", "trim", "gamma", "key"), [("erpcp", 1.0, 3.0, "erpcp_senmv_g3"), ("lead150", 2.5, 1.9, "lead150_g1.9")]
)
def test_m_statistics_of_larger_sets(golden, name, trim, gamma, key):
    there = loaded(golden, "rosenbaum_bounds")[key]
    outcomes = pd.read_csv(golden / "data" / f"{name}.csv").to_numpy(float)
    found = m_test(m_scores(outcomes, trim=trim), np.ones(len(outcomes)), gamma)
    got = [found.p_value, found.statistic, found.expectation, found.variance]
    np.testing.assert_allclose(
        got, [there[part] for part in ("pval", "statistic", "expectation", "variance")], rtol=EXACT
    )


def test_amplification(golden):
    for gamma, there in loaded(golden, "rosenbaum_bounds")["amplify"].items():
        for odds, worked in there.items():
            assert amplified(float(gamma), float(odds)) == pytest.approx(worked, rel=EXACT)


@pytest.fixture(scope="module")
def darfur(golden):
    table = pd.read_csv(golden / "data" / "darfur.csv")
    names = ["age", "farmer_dar", "herder_dar", "pastvoted", "hhsize_darfur", "female"]
    villages = pd.get_dummies(table["village"], drop_first=True).to_numpy(float)
    matrix = np.column_stack([table[names].to_numpy(float), villages])
    return regression(table["peacefactor"].to_numpy(float), table["directlyharmed"].to_numpy(float), matrix)


def test_robustness_values(golden, darfur):
    there = loaded(golden, "sensemakr_darfur")
    stats, t = there["darfur"]["sensitivity_stats"], darfur.estimate / darfur.std_error
    assert darfur.dof == stats["dof"]
    got = [
        darfur.estimate,
        darfur.std_error,
        partial_r2(t, darfur.dof),
        robustness_value(t, darfur.dof),
        robustness_value(t, darfur.dof, level=0.95),
        robustness_value(t, darfur.dof, q=0.5),
        darfur.benchmark([0, 5]).r2yx,
    ]
    expected = [stats[part] for part in ("estimate", "se", "r2yd.x", "rv_q", "rv_qa")]
    expected += [there["darfur"]["rv_q50"], there["darfur"]["group_female_age"]]
    np.testing.assert_allclose(got, expected, rtol=EXACT)


def test_benchmarks(golden, darfur):
    """Sensemakr 0.1.6 takes t(df) for the adjusted interval, though its standard error counts the omitted variable.

    Here t(df − 1): 1e-7 of the bound with 783 degrees of freedom.
    """
    there = loaded(golden, "sensemakr_darfur")["darfur"]["bounds"]
    strengths = [as_strong_as(darfur.benchmark([5]), times) for times in (1, 2, 3)]
    np.testing.assert_allclose(np.array(strengths).T, [there["r2dz.x"], there["r2yz.dx"]], rtol=EXACT)
    found = [adjusted(darfur.estimate, darfur.std_error, darfur.dof, *strength) for strength in strengths]
    np.testing.assert_allclose([one.estimate for one in found], there["adjusted_estimate"], rtol=EXACT)
    np.testing.assert_allclose([one.std_error for one in found], there["adjusted_se"], rtol=EXACT)
    np.testing.assert_allclose([one.low for one in found], there["adjusted_lower_CI"], atol=1e-7)
    np.testing.assert_allclose([one.high for one in found], there["adjusted_upper_CI"], atol=1e-7)


def test_grid_of_strengths(golden, darfur):
    there = loaded(golden, "sensemakr_darfur")["adjusted"]
    strengths = pd.DataFrame(there["grid"])
    found = adjusted(darfur.estimate, darfur.std_error, darfur.dof, strengths["r2dz"], strengths["r2yz"])
    np.testing.assert_allclose(found.estimate, there["estimate"], rtol=EXACT)
    np.testing.assert_allclose(found.std_error, there["se"], rtol=EXACT)


def test_the_e_value_of_a_co_responder_study_as_printed():
    """Bailey 2022: odds ratio .48 (.25 to .92) of a rare outcome; 3.59, and 1.39 for the bound."""
    found = evalue_of_published(0.48, 0.25, 0.92, measure="odds ratio", common=False).table.iloc[0]
    assert (round(found["evalue"], 2), round(found["evalue_limit"], 2)) == (3.59, 1.39)
