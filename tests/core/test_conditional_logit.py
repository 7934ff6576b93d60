"""The conditional logit worked by hand, against statsmodels, and its derivatives."""

import numpy as np
import pytest

from coresponder_causal.core.conditional_logit import conditional_logit
from coresponder_causal.core.errors import EstimationError


def drawn(units=120, waves=4, seed=0):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), waves)
    matrix = rng.normal(size=(units * waves, 3))
    latent = matrix @ [1, -0.5, 0.2] + 2 * rng.normal(size=units)[unit] + rng.logistic(size=len(unit))
    return matrix, latent > 0, unit


def test_two_rows_a_unit_are_a_logit_of_their_difference():
    # Of 10 units with one yes, 7 have it where x is 1: odds 7 / 3; information 10 · .7 · .3. Others tell nothing.
    x = np.tile([[0.0], [1.0]], (13, 1))
    yes = np.array([[0, 1]] * 7 + [[1, 0]] * 3 + [[0, 0]] * 2 + [[1, 1]], bool).ravel()
    found = conditional_logit(x, yes, np.repeat(np.arange(13), 2))
    assert found.coef[0] == pytest.approx(np.log(7 / 3), abs=1e-10)
    assert found.information[0, 0] == pytest.approx(2.1, abs=1e-9)
    assert int(found.informative.sum()) == 10
    np.testing.assert_allclose(found.scores[:, 0], [0.3] * 7 + [-0.7] * 3 + [0.0] * 3, atol=1e-9)


def test_it_is_that_of_statsmodels():
    from statsmodels.discrete.conditional_models import ConditionalLogit

    matrix, yes, unit = drawn()
    kept = np.random.default_rng(1).random(len(unit)) < 0.85  # units of unlike length, as where waves are missed
    matrix, yes, unit = matrix[kept], yes[kept], np.unique(unit[kept], return_inverse=True)[1]
    sums, sizes = np.bincount(unit, yes), np.bincount(unit)
    varies = ((sums > 0) & (sums < sizes))[unit]  # statsmodels warns of the others
    model = ConditionalLogit(yes[varies].astype(int), matrix[varies], groups=unit[varies])
    peer = model.fit(method="newton", disp=0, skip_hessian=False)
    found = conditional_logit(matrix, yes, unit)
    np.testing.assert_allclose(found.coef, peer.params, atol=1e-4)  # its slopes are exact, its search stops early
    assert model.loglike(found.coef) >= peer.llf - 1e-9
    np.testing.assert_allclose(model.score(found.coef), 0.0, atol=1e-6)
    errors = np.sqrt(np.diag(np.linalg.inv(found.information)))
    np.testing.assert_allclose(errors, peer.bse, rtol=1e-3)


def test_what_units_are_like_and_the_order_of_rows_do_not_enter():
    matrix, yes, unit = drawn(40)
    order = np.random.default_rng(2).permutation(len(unit))
    again = conditional_logit(matrix[order], yes[order], unit[order])
    found = conditional_logit(matrix + 5.0 * unit[:, None], yes, unit)
    np.testing.assert_allclose(found.coef, again.coef, atol=1e-9)


@pytest.mark.parametrize(
    ("x", "yes"),
    [([0.0, 1.0] * 4, [0, 1] * 4), ([1.0, 1.0] * 4, [0, 1] * 4), ([0.0, 1.0] * 4, [0, 0] * 2 + [1, 1] * 2)],
)
def test_what_cannot_be_told_is_refused(x, yes):
    with pytest.raises(EstimationError, match=r"do not settle|no unit has a yes and a no"):
        conditional_logit(np.array(x)[:, None], np.array(yes, bool), np.repeat(np.arange(4), 2))
