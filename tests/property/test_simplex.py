"""The conditions of Karush, Kuhn and Tucker say of any weights whether they are the best."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coresponder_causal.core.simplex import gram_of, simplex_weights


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 60),
    m=st.integers(1, 30),
    ridge=st.sampled_from([0.0, 0.1, 10.0]),
    noise=st.sampled_from([0.0, 0.1, 1.0]),
    common=st.sampled_from([0.0, 1.0, 10.0]),
    copies=st.booleans(),
)
def test_no_weight_can_move_to_the_better(seed, n, m, ridge, noise, common, copies):
    """The gradient is the same for all positive weights and not higher for the others, to rounding."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, m)) + common * rng.normal(size=(n, 1))
    if copies:
        X[:, m // 2] = X[:, 0]
    y = X @ rng.dirichlet(np.full(m, 0.3)) + noise * rng.normal(size=n)
    gram = gram_of(X, y, ridge=ridge)
    w = simplex_weights(gram)
    assert (w >= 0).all()
    assert abs(w.sum() - 1) < 1e-9
    gradient = gram.cross - gram.inner @ w
    above = (gradient - w @ gradient) / (np.abs(gram.inner).max() + np.abs(gram.cross).max())
    assert above.max() < 1e-9
    assert np.abs(above[w > 0]).max() < 1e-9
