"""The jump at a boundary against statsmodels 0.15 (WLS) and linearmodels 7.1 (IV2SLS with weights); drawn data.

All solve the same weighted normal equations, here after sweeping the constants out: 1e-10.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.design.coverage_boundary import boundary_calls
from coresponder_causal.estimate import call_boundary
from coresponder_causal.validity.boundary_worlds import boundary_design


@cache
def drawn():
    return boundary_design(np.random.default_rng(8), calls=20_000, holding=0.2)


def lines(*, bandwidth=120.0, donut=10.0, kernel="triangular", contrast="difference", boundary="opening"):
    """The regression written out: eight columns (four for one period), weights, outcome, treatment, weeks."""
    rows = boundary_calls(drawn(), boundary, within=bandwidth)
    rows = rows[rows["minutes"].abs() >= donut]
    rows = rows[rows["after"]] if contrast == "discontinuity" else rows
    x, inside = rows["minutes"] / 60, rows["inside"].astype(float)
    columns = {"constant": 1.0 + 0 * x, "x": x, "x inside": x * inside}
    if contrast == "difference":
        after = rows["after"].astype(float)
        columns |= {"inside": inside, "after": after, "x after": x * after, "x inside after": x * inside * after}
    z = rows["inside"] & rows["after"]
    weights = 1 - rows["minutes"].abs() / bandwidth if kernel == "triangular" else 1.0 + 0 * x
    return pd.DataFrame(columns), z.astype(float), weights, rows


CHOICES = [
    {},
    {"kernel": "uniform"},
    {"bandwidth": 90.0, "donut": 0.0},
    {"boundary": "closing"},
    {"contrast": "discontinuity"},
]


@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_jump_is_weighted_least_squares(choice):
    import statsmodels.api as sm

    columns, z, weights, rows = lines(**choice)
    fit = sm.WLS(rows["y"], columns.assign(z=z), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": (rows["week"] - rows["week"].min()).to_numpy()}
    )
    result = call_boundary(drawn(), **choice)
    np.testing.assert_allclose(result.params["itt"], fit.params["z"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result.bse["itt"], fit.bse["z"], rtol=1e-10)
    first = sm.WLS(rows["attended"], columns.assign(z=z), weights=weights).fit()
    np.testing.assert_allclose(result.extra["first_stage"], first.params["z"], rtol=1e-10)


@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_ratio_is_weighted_two_stage_least_squares(choice):
    pytest.importorskip("linearmodels")
    from linearmodels.iv import IV2SLS

    columns, z, weights, rows = lines(**choice)
    model = IV2SLS(rows["y"], columns, rows["attended"], z.rename("z"), weights=weights)
    fit = model.fit(cov_type="clustered", clusters=rows["week"].to_numpy(), debiased=False)
    result = call_boundary(drawn(), **choice)
    np.testing.assert_allclose(result.estimate[0], fit.params["attended"], rtol=1e-10, atol=1e-12)
    n, k, many = len(rows), columns.shape[1] + 1, rows["week"].nunique()
    factor = many / (many - 1) * (n - 1) / (n - k)
    np.testing.assert_allclose(result.bse.iloc[0] / np.sqrt(factor), fit.std_errors["attended"], rtol=1e-10)
