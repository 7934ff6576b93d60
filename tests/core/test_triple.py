"""Changes of classes of hours: small cases by hand, and errors that are the influence of the estimate."""

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.triple import changes

NAMES = ["here", "there", "elsewhere"]


@pytest.fixture
def sample():
    rng = np.random.default_rng(4)
    n = 1500
    week = rng.integers(-15, 15, n)
    given = {"city": rng.integers(0, 3, n), "covered": rng.random(n) < 0.5, "after": week >= 0, "week": week}
    x = rng.normal(size=(n, 1)) + 0.4 * given["covered"][:, None]
    y = 0.5 * x[:, 0] + given["after"] * (1 + 0.3 * x[:, 0]) + rng.normal(size=n)
    return y, given, x


def test_without_covariates_errors_are_the_residuals_of_cells(sample):
    y, given, x = sample
    found = changes(y, **given, covariates=x[:, :0], names=NAMES, known_as=[])
    city, covered, after, week = given.values()

    def cell(j, side, later):
        return (city == j) & (covered == side) & (after == later)

    def residuals(j, side):
        total = np.zeros(30)
        for later, span in ((False, -15), (True, 15)):
            rows = cell(j, side, later)
            sign = 1 if later else -1
            np.add.at(total, week[rows] + 15, span * sign * (y[rows] - y[rows].mean()) / rows.sum())
        return total

    for j, side in ((0, 0), (1, 0), (1, 1), (2, 1)):
        means = [y[cell(j, side, later)].mean() - y[cell(0, True, later)].mean() for later in (False, True)]
        assert found.change[j, side] == pytest.approx(means[1] - means[0], abs=1e-12)
        np.testing.assert_allclose(found.errors[:, j, side], residuals(j, side) - residuals(0, True), atol=1e-12)
    assert (found.change[0, 1], np.abs(found.errors[:, 0, 1]).max()) == (0.0, 0.0)
    np.testing.assert_array_equal(found.week, np.arange(-15, 15))
    np.testing.assert_array_equal(found.after, np.arange(-15, 15) >= 0)


def test_errors_have_no_step_of_their_own(sample):
    """Influence has mean zero: the estimate is what it is, its errors lie around it."""
    y, given, x = sample
    found = changes(y, **given, covariates=x, names=NAMES, known_as=["x"])
    step = found.errors[found.after].mean(axis=0) - found.errors[~found.after].mean(axis=0)
    np.testing.assert_allclose(step, 0, atol=1e-12)
    assert (np.abs(found.errors).max(axis=0) > 0).sum() == 5  # all but the target's own


def test_what_a_class_shares_falls_out_and_the_mix_is_that_of_the_target(sample):
    y, given, x = sample
    first = changes(y, **given, covariates=x, names=NAMES, known_as=["x"])
    city, covered, after, _ = given.values()
    moved = y + after * (2.0 * (city == 1) * covered - 3.0 * (city == 0) * covered)
    second = changes(moved, **given, covariates=x, names=NAMES, known_as=["x"])
    expected = first.change + np.array([[3.0, 0.0], [3.0, 5.0], [3.0, 3.0]])
    np.testing.assert_allclose(second.change, expected, atol=1e-9)


def test_a_covariate_that_adds_nothing_is_left_out_and_said(sample):
    y, given, x = sample
    with collecting() as notes:
        doubled = changes(y, **given, covariates=np.column_stack([x, 2 * x]), names=NAMES, known_as=["x", "2x"])
    np.testing.assert_allclose(
        doubled.change, changes(y, **given, covariates=x, names=NAMES, known_as=["x"]).change, atol=1e-10
    )
    assert "uncovered hours of here: 1 covariates add nothing to the others, and are left out" in notes


def test_an_empty_class_is_named(sample):
    y, given, x = sample
    gone = ~((given["city"] == 2) & given["covered"] & given["after"])
    less = {name: values[gone] for name, values in given.items()}
    with pytest.raises(EstimationError, match=r"covered hours of elsewhere: \d+ calls before and 0 after the start"):
        changes(y[gone], **less, covariates=x[gone], names=NAMES, known_as=["x"])


def test_without_overlap_the_covariate_that_differs_most_is_named(sample):
    y, given, x = sample
    load = 500.0 * (given["covered"] & (given["city"] == 0)) * (np.arange(len(y)) % 5 == 0)
    beside = np.column_stack([x, load + np.random.default_rng(5).normal(size=len(y))])
    with pytest.raises(
        EstimationError, match=r"uncovered hours of here: .*'load' differs most, by 0\.\d standard"
    ) as caught:
        changes(y, **given, covariates=beside, names=NAMES, known_as=["x", "load"])
    assert caught.value.mend.startswith("leave out 'load', or use method='reg'")
