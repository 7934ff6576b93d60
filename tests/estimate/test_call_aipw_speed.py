"""A million calls: ``pytest -m full tests/estimate/test_call_aipw_speed.py``."""

from time import process_time

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.design import CallDesign
from coresponder_causal.estimate import call_aipw

MANY, KNOWN = 1_000_000, [f"known_{number}" for number in range(10)]


@pytest.mark.full
@pytest.mark.parametrize("outcome", ["minutes", "arrest"])
def test_ten_covariates_of_a_million_calls_take_less_than_a_minute(outcome):
    """The whole call, design included, with ten draws of five folds, in seconds of processor time."""
    rng = np.random.default_rng(1)
    known = rng.normal(size=(MANY, 10))
    attended = rng.random(MANY) < 1 / (1 + np.exp(1 - 0.3 * known[:, :4].sum(axis=1)))
    minutes = 0.2 * known.sum(axis=1) - 0.3 * attended + rng.normal(size=MANY)
    arrest = rng.random(MANY) < 1 / (1 + np.exp(1.5 - minutes))
    frame = pd.DataFrame(known, columns=KNOWN).assign(
        person=rng.integers(0, MANY // 2, MANY), attended=attended, minutes=minutes, arrest=arrest
    )
    begun = process_time()
    c = CallDesign.from_frame(frame, outcome=outcome, treatment="attended", covariates=KNOWN, person="person")
    result = call_aipw(c)
    assert process_time() - begun < 60
    assert result.n_obs == MANY
    if outcome == "minutes":
        assert abs(result.estimate[0] + 0.3) < 4 * result.bse["effect"]
