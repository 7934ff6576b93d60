"""Pooling around the week: against dense Bayes, and what the winner's curse leaves of a choice."""

from __future__ import annotations

import numpy as np
import pytest

from coresponder_causal.core.cyclic_pooling import basis, pooled_cycle

week = np.arange(168)


def test_one_point_of_the_grid_is_generalised_least_squares():
    """With nothing but a mean to find, pooling is the mean weighted by precision."""
    rng = np.random.default_rng(1)
    variance = rng.uniform(0.5, 2, 168)
    y = 3 + rng.normal(size=168) * 1e-9  # so small a spread that every point of the grid says the same
    found = pooled_cycle(y, np.diag(variance), week)
    assert found.mean == pytest.approx(np.full(168, np.average(y, weights=1 / variance)), abs=1e-8)
    assert found.covariance == pytest.approx(np.full((168, 168), 1 / (1 / variance).sum()), abs=1e-8)


def test_draws_have_the_mean_and_covariance():
    rng = np.random.default_rng(2)
    y = basis(week) @ rng.normal(size=10) + rng.normal(size=168)
    found = pooled_cycle(y, np.eye(168), week)
    drawn = found.draws(4000, rng)
    spread = np.sqrt(np.diag(found.covariance))
    assert (np.abs(drawn.mean(axis=0) - found.mean) < 5 * spread / np.sqrt(4000)).all()
    assert drawn.std(axis=0) == pytest.approx(spread, rel=0.1)


def test_the_best_seventy_hours_are_not_promised_too_much():
    """Noise twice the signal's spread, 50 seeds: raw cells promise 1.3 of the optimum and deliver .8."""
    hour = week % 24
    rate = 0.35 * (1 + 0.7 * np.sin(2 * np.pi * (hour - 10) / 24)) * (1 + 0.15 * np.isin(week // 24, [4, 5]))
    value = 52 * rate / (1 + 1.6 * rate) * 0.10 * (1 + 0.3 * np.cos(2 * np.pi * (hour - 20) / 24))
    best, noise = np.sort(value)[-70:].sum(), 2 * value.std()
    found = []
    for seed in range(50):
        seen = value + np.random.default_rng(seed).normal(0, noise, 168)
        pooled = pooled_cycle(seen, noise**2 * np.eye(168), week).mean
        raw, ours = np.argsort(seen)[-70:], np.argsort(pooled)[-70:]
        found.append([seen[raw].sum(), value[raw].sum(), pooled[ours].sum(), value[ours].sum()])
    raw_claims, raw_delivers, claims, delivers = np.mean(found, axis=0) / best
    assert raw_claims > 1.25
    assert raw_delivers < 0.85
    assert delivers > 0.95
    assert claims == pytest.approx(delivers, rel=0.05)
