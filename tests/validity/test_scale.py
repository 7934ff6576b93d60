"""SQL written by hand and the expressions count the same, also of calls written several times over."""

import numpy as np
import pytest

from coresponder_causal.data.repeat_contact import usual_horizons
from coresponder_causal.simulate import consortium, write_consortium
from coresponder_causal.validity.scale import by_expressions, by_hand, copies, counted


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    calls = write_consortium(consortium(seed=2, cities=3, monthly_calls=20), tmp_path_factory.mktemp("consortium"))
    return sorted(map(str, calls.iterdir()))


def test_both_count_the_same(files):
    hand, made = by_hand(files), by_expressions(files)
    made = made[made["calls"] > 0].reset_index(drop=True)
    assert made["city"].tolist() == hand["city"].tolist()
    assert (made["week"].dt.start_time == hand["week"]).all()
    names = ["calls", *counted, *(f"{kind}_{days}d" for days in usual_horizons for kind in ("followed", "again"))]
    np.testing.assert_array_equal(made[names].to_numpy(), hand[names].to_numpy(np.int64))


def test_copies_are_calls_of_other_cities(files, tmp_path):
    once, thrice = by_hand(files), by_hand(copies(files, 3, tmp_path))
    assert thrice["city"].nunique() == 3 * once["city"].nunique()
    assert thrice["again_90d"].sum() == 3 * once["again_90d"].sum()
