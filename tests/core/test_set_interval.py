"""Intervals of a value that lies in an estimated set: between one-sided and two-sided, true to their test."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.inference import set_interval, set_p_value
from coresponder_causal.core.result import Result

ABOUT = Estimand(contrast="ATT", outcome="engaged", treatment="yes", population="calls", horizon="a year", scale="d")


def test_the_critical_value_solves_its_equation():
    for width, errors in ((0.0, (0.1, 0.1)), (0.05, (0.1, 0.08)), (0.3, (0.1, 0.2)), (9.0, (0.1, 0.1))):
        low, high = set_interval([[0.2, 0.2 + width]], [errors], [40.0])
        cut = (0.2 - low[0]) / errors[0]
        assert (high[0] - 0.2 - width) / errors[1] == pytest.approx(cut, rel=1e-9)
        covered = stats.t.cdf(cut + width / max(errors), 40) - stats.t.cdf(-cut, 40)
        assert covered == pytest.approx(0.95, abs=1e-9)
        assert stats.t.ppf(0.95, 40) - 1e-9 <= cut <= stats.t.ppf(0.975, 40) + 1e-9


def test_the_p_value_is_where_the_interval_reaches_nothing():
    for ends in ((0.1, 0.4), (-0.5, -0.12), (0.2, 0.2)):
        errors = [[0.06, 0.05]]
        p = float(set_p_value([ends], errors, [25.0])[0])
        low, high = set_interval([ends], errors, [25.0], 1 - p)
        assert min(abs(low[0]), abs(high[0])) == pytest.approx(0.0, abs=1e-8)
    assert set_p_value([[-0.1, 0.1]], [[0.1, 0.1]], [25.0])[0] == 1.0


def test_a_result_shows_the_interval_of_its_set():
    made = {"terms": pd.DataFrame({"term": ["effect"]}), "scale": "difference", "n_obs": 9, "n_units": 9}
    made |= {"estimate": np.array([0.2]), "vcov": np.array([[0.01]]), "df": np.array([np.inf]), "kind": "set"}
    ends = {"set_low": np.array([0.1]), "set_high": np.array([0.3]), "set_spread": np.array([[0.02, 0.04]])}
    row = Result(method="example", estimand=ABOUT, **made, **ends).tidy().iloc[0]
    low, high = set_interval([[0.1, 0.3]], [[0.02, 0.04]], [np.inf])
    assert (row["conf_low"], row["conf_high"]) == (low[0], high[0])
    assert (row["set_low"], row["set_high"]) == (0.1, 0.3)
    assert row["p_value"] == set_p_value([[0.1, 0.3]], [[0.02, 0.04]], [np.inf])[0]
    with pytest.raises(EstimationError, match="set_spread has shape"):
        Result(method="example", estimand=ABOUT, **made, **(ends | {"set_spread": np.array([0.1])}))
