"""Days as they are written, and what is no day."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.days import day_of
from coresponder_causal.core.errors import DataError

MOMENTS = ["2020-07-15", "2020-07-15T10:30", dt.date(2020, 7, 15), np.datetime64("2020-07-15")]


@pytest.mark.parametrize("written", MOMENTS)
def test_a_day_is_read_from_what_stands_for_it(written):
    assert day_of(written, "since") == pd.Timestamp("2020-07-15")


@pytest.mark.parametrize("written", ["a/../b", "", "nan", "07/15/2020", "2020-13-01", "99999-01-01"])
def test_what_is_no_day_is_refused_by_name(written):
    with pytest.raises(DataError, match="since is"):
        day_of(written, "since")
