"""The benchmark of several starts runs, and its kernels grow with what they must."""

import numpy as np

from coresponder_causal.validity import adoption_speed


def test_kernels_and_whole_calls_are_timed_beside_least_squares():
    table = adoption_speed.measure(400).set_index("what")
    assert len(table) == 6
    assert (table["whole_seconds"] >= 0).all()
    timed = table["kernel_seconds"].notna()
    assert timed.sum() == 4
    np.testing.assert_allclose(
        table.loc[timed, "kernel_over_ols"], table.loc[timed, "kernel_seconds"] / table.loc[timed, "ols_seconds"]
    )


def test_a_band_by_normal_draws_costs_about_what_the_errors_cost():
    """Draws from N(0, V) do not see the units: 1,000 of them by multipliers would cost hundreds of passes."""
    table = adoption_speed.measure(4_000).set_index("what")["kernel_seconds"]
    assert table["group-time, band of 1,000 draws"] < 20 * table["group-time"]
