"""How long a REML fit takes, as multiples of a least-squares fit in the same run: ratios, since machines differ.

Run with ``pytest -m full tests/core/test_reml_speed.py -n 0`` on a machine that has nothing else to do.
"""

from time import process_time

import numpy as np
import pytest

from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.core.serial import ols

SERIES = 60


def shortest(run) -> float:
    """Least processor seconds of five runs; the first, which prepares, does not count."""
    run()
    times = []
    for _ in range(5):
        start = process_time()
        run()
        times.append(process_time() - start)
    return min(times)


def problem(n: int) -> tuple[np.ndarray, np.ndarray]:
    time = np.arange(float(n))
    after = time >= 0.58 * n
    waves = [wave(2 * np.pi * pair * time / 12) for pair in (1, 2) for wave in (np.sin, np.cos)]
    X = np.column_stack([np.ones(n), time / 12, after, after * time / 12, *waves])
    rng = np.random.default_rng(n)
    return X, 0.2 * rng.normal(size=(n, SERIES)).cumsum(axis=0) + rng.normal(size=(n, SERIES))


@pytest.mark.full
def test_costs_in_units_of_least_squares():
    """Measured from 36 to 312 periods: a fit alone costs about 20 least-squares fits, in company 3 to 10, a grid 1."""
    together = {}
    for n in (36, 72, 156, 312):
        X, Y = problem(n)
        design = SerialDesign(X)
        unit = shortest(lambda X=X, Y=Y: [ols(y, X) for y in Y.T])
        alone = shortest(lambda design=design, Y=Y: [design.fit(y) for y in Y.T]) / unit
        together[n] = shortest(lambda design=design, Y=Y: design.fit_many(Y)) / unit
        on_grid = shortest(lambda design=design, Y=Y: design.grid_many(Y)) / unit
        assert on_grid < 2, f"{n} periods: {on_grid:.2f}"
        assert on_grid < together[n] < alone < 60, f"{n} periods: {alone:.1f} alone, {together[n]:.1f} together"
    assert together[312] < 10 * together[36]  # grows with the length, not its square
