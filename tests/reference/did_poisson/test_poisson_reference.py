"""Pooled Poisson fits against R fixest (fepois, 0.14.2; the calls stand beside the numbers in the reference file)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_poisson import did_poisson

# The same optimum. Errors take fixest's last weights, which its iterations leave at a relative deviance of 1e-8.
COEFFICIENTS, ERRORS = {"rtol": 1e-10}, {"rtol": 1e-6}


@pytest.mark.filterwarnings("ignore:units start at:coresponder_causal.core.errors.IdentificationWarning")
@pytest.mark.parametrize(
    ("covariates", "call", "order"),
    [(["unemp"], "fepois_twfe_cl_city", ["mean_post", "unemp"]), ([], "fepois_nocov", ["mean_post"])],
)
def test_coefficients_and_clustered_errors(golden, covariates, call, order):
    expected = json.loads((golden / "fixest_fepois_city_week.json").read_text(encoding="utf-8"))["results"][call]
    frame = pd.read_csv(golden / "data" / "city_week_calls.csv")
    frame["cohort"] = frame["g"].where(frame["g"] > 0)
    d = PanelDesign.from_frame(
        frame, outcome="calls", unit="city", time="week", cohort="cohort", exposure="pop", covariates=covariates
    )
    result = did_poisson(d, effects="pooled")
    np.testing.assert_allclose(result.params[order], np.atleast_1d(expected["estimate"]), **COEFFICIENTS)
    np.testing.assert_allclose(result.bse[order], np.atleast_1d(expected["se"]), **ERRORS)
    assert result.n_obs == expected["nobs"]
