"""What is not known of effects, prices and posts: every end of what only bounds are known of, and draws of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import as_student
from coresponder_causal.core.result import Result
from coresponder_causal.decide.account import Account, Effect, Rows
from coresponder_causal.decide.covariance import joint_correlation
from coresponder_causal.decide.prices import drawn_prices

Array = NDArray[np.float64]


class World(NamedTuple):
    """One way in which what is not known may be: centres, errors and correlation of the estimates."""

    theta: Array
    errors: Array
    correlation: Array


def worlds_of(effects: Sequence[Effect]) -> tuple[list[World], int]:
    """Give every end of what is not known, the better one first."""
    joint = joint_correlation([e.result for e in effects])
    ends = [[_end(e.result, place) for e in effects] for place in (0, 1)]
    ends = ends if any(e.result.kind == "set" for e in effects) else ends[:1]
    return [
        World(np.array([at for at, _ in one]), np.array([error for _, error in one]), matrix)
        for one in ends
        for matrix in joint.choices
    ], joint.unknown


def _end(result: Result, place: int) -> tuple[float, float]:
    """Centre and standard error of a result, of a set those of its lower or upper end."""
    if result.kind == "point" or result.set_low is None or result.set_high is None:
        return float(result.estimate[0]), float(np.sqrt(result.vcov[0, 0]))
    error = 0.0 if result.set_spread is None else float(result.set_spread[0, place])
    return float((result.set_low, result.set_high)[place][0]), error


def _averted(world: World, effects: Sequence[Effect], normal: Array) -> Array:
    """Events averted a year, shape (draws, effects)."""
    values, vectors = np.linalg.eigh(world.correlation)
    z = normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    theta = world.theta + world.errors * np.sign(z) * as_student(z, [e.result.df[0] for e in effects])
    with np.errstate(over="ignore"):
        return np.column_stack([e.averted(theta[:, place]) for place, e in enumerate(effects)])


def drawn_rows(account: Account, worlds: Sequence[World], draws: int, rng: np.random.Generator) -> list[Rows]:
    """Draw all that is not known, in each world with the same chance: effects, then prices, then the posts filled."""
    amounts = drawn_prices(account.prices, draws, rng)
    normal = rng.standard_normal((draws, len(account.effects)))
    filled = np.zeros(draws) if account.posts is None else account.posts.drawn(draws, rng)
    return [Rows(_averted(world, account.effects, normal), amounts, filled) for world in worlds]


def centre(account: Account, world: World) -> Array:
    """Return events averted a year, amounts and the share filled at their estimates, side by side."""
    averted = [float(e.averted(np.array(at))) for e, at in zip(account.effects, world.theta, strict=True)]
    filled = 0.0 if account.posts is None else account.posts.filled
    return np.array([*averted, *(p.amount for p in account.prices), filled], float)


def law(account: Account, world: World) -> Array:
    """Return the covariance of what `centre` gives, that of averted events by the delta method."""
    ratio = np.array([e.result.scale == "log_ratio" for e in account.effects])
    per_theta = np.array([e.per_year for e in account.effects]) * np.where(ratio, np.exp(-world.theta), 1.0)
    errors = per_theta * world.errors
    posts = 0.0 if account.posts is None else account.posts.spread
    many = len(errors)
    whole = np.diag([*np.zeros(many), *(p.spread**2 for p in account.prices), posts**2])
    whole[:many, :many] = world.correlation * np.outer(errors, errors)
    return whole
