"""A wrong answer in place of a right one: put before a notebook, to see whether one of its checks finds it."""

from dataclasses import fields, is_dataclass, replace
from functools import wraps
from importlib import import_module

import numpy as np
import pandas as pd

from coresponder_causal.core.result import Result

ARITHMETIC = {
    "sign": lambda value: -value,
    "double": lambda value: 2 * value,
    "shrink": lambda value: value / 10,
    "shift": lambda value: value + 3,
}


def wrong(value, way):
    """Change an answer: a result's estimates by their standard errors, other numbers as they come, or lose rows."""
    if isinstance(value, Result):
        return wrong_result(value, way)
    if isinstance(value, pd.DataFrame):
        return wrong_frame(value, way)
    if isinstance(value, pd.Series):
        return wrong_frame(value.to_frame("x"), way)["x"]
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(wrong(item, way) for item in (value[: len(value) // 2] if way == "lose" else value))
    if isinstance(value, dict):
        return {key: wrong(item, way) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{field.name: wrong(getattr(value, field.name), way) for field in fields(value) if field.init}
        )
    if isinstance(value, bool) or (isinstance(value, np.ndarray) and value.dtype == bool):
        return ~np.asarray(value) if isinstance(value, np.ndarray) else not value
    if isinstance(value, (float, np.floating)) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return ARITHMETIC.get(way, lambda kept: kept * 0)(value)
    return value


def wrong_result(result, way):
    """Change estimates: their sign, their size, by three standard errors, their standard errors, or half the rows."""
    if way == "shrink":
        return replace(result, vcov=result.vcov / 100)
    if way == "lose":
        return replace(result, n_obs=result.n_obs // 2, estimate=result.estimate / 2, vcov=2 * result.vcov)
    move = 3 * np.sqrt(np.diag(result.vcov)) if way == "shift" else 0
    return replace(result, estimate=move + result.estimate * {"sign": -1, "double": 2}.get(way, 1))


def wrong_frame(frame, way):
    """Change every column of numbers and turn every yes into a no, or lose half the rows."""
    if way == "lose":
        return frame.iloc[: len(frame) // 2]
    turned = {name: ~frame[name] for name in frame.select_dtypes(bool)}
    return frame.assign(**turned, **{name: ARITHMETIC[way](frame[name]) for name in frame.select_dtypes("number")})


def mutate(target, way):
    """Put a wrong function, or a wrong field of its answer (``room.function:field``), in the place of the right one."""
    path, _, field = target.partition(":")
    room, _, name = path.rpartition(".")
    module = import_module(f"coresponder_causal.{room}")
    right = getattr(module, name)

    @wraps(right)
    def wrongly(*args, **options):
        found = right(*args, **options)
        return replace(found, **{field: wrong(getattr(found, field), way)}) if field else wrong(found, way)

    setattr(module, name, wrongly)
