"""Results as JSON text and back, digit for digit; influence functions stay behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.variance import VarianceRecord

if TYPE_CHECKING:
    from coresponder_causal.core.result import Result

left_behind = ("influence",)


def dumps(result: Result) -> str:
    """JSON text of every field but the influence functions."""
    content = {f.name: _plain(getattr(result, f.name)) for f in fields(result) if f.name not in left_behind}
    return json.dumps(content, allow_nan=False)


def loads(text: str) -> dict[str, Any]:
    """Fields of a result from the text of `dumps`."""
    content: dict[str, Any] = {name: _restored(value) for name, value in json.loads(text).items()}
    return content | {"notes": tuple(_note(item) for item in content["notes"])}


def _note(item: Any) -> str:  # noqa: ANN401
    return Doubt(item["doubt"]) if isinstance(item, dict) else str(item)


def _plain(value: object) -> object:
    if isinstance(value, pd.DataFrame):
        return {"frame": {str(name): _column(value[name]) for name in value}}
    if isinstance(value, np.ndarray):
        return {"array": _numbers(value)}
    if isinstance(value, VarianceRecord):
        parts = {"gradient": _numbers(value.gradient), "information": _numbers(value.information)}
        return {"record": parts | {"ceiling": value.ceiling}}
    if isinstance(value, (Estimand, Provenance)):
        return {type(value).__name__.lower(): value.to_dict()}
    if isinstance(value, Facts):
        return {"facts": {key: _fact(item) for key, item in value.items()}}
    if isinstance(value, tuple):
        return [{"doubt": str(item)} if isinstance(item, Doubt) else item for item in value]
    return value


def _restored(value: object) -> object:
    if not isinstance(value, dict):
        return value
    (kind, content), *_ = value.items()
    makers: dict[str, Callable[[Any], object]] = {
        "frame": lambda part: pd.DataFrame({name: _series(column) for name, column in part.items()}),
        "array": _array,
        "record": lambda part: VarianceRecord(
            gradient=_array(part["gradient"]), information=_array(part["information"]), ceiling=part["ceiling"]
        ),
        "estimand": lambda part: Estimand(**part),
        "provenance": lambda part: Provenance(**part),
        "facts": lambda part: Facts({key: _unfact(item) for key, item in part.items()}),
    }
    return makers[kind](content)


def _column(values: pd.Series) -> dict[str, object]:
    if isinstance(values.dtype, pd.PeriodDtype):
        return {"period": str(values.dtype), "values": [None if v is pd.NaT else str(v) for v in values]}
    if pd.api.types.is_datetime64_any_dtype(values):
        return {"dtype": str(values.dtype), "values": [None if pd.isna(v) else v.isoformat() for v in values]}
    if pd.api.types.is_float_dtype(values):
        return {"dtype": "float64", "values": _numbers(values.to_numpy(float))["values"]}
    return {"dtype": str(values.dtype), "values": [None if pd.isna(v) else v for v in values.tolist()]}


def _series(column: dict[str, Any]) -> pd.Series:
    values = column["values"]
    if "period" in column:
        return pd.Series(pd.array(values, dtype=column["period"]))
    if column["dtype"] == "float64":
        return pd.Series(_array({"shape": [len(values)], "values": values}))
    return pd.Series(pd.array(values, dtype=column["dtype"]))


def _numbers(array: np.ndarray) -> dict[str, Any]:
    return {"shape": list(array.shape), "values": [_fact(float(value)) for value in array.ravel()]}


def _array(part: dict[str, Any]) -> np.ndarray:
    return np.array([_unfact(value) for value in part["values"]], dtype=float).reshape(part["shape"])


def _fact(value: object) -> object:
    """Numbers JSON cannot carry (nan, inf) as a one-key object, also inside tuples."""
    if isinstance(value, tuple):
        return [_fact(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": str(value)}
    return value


def _unfact(value: object) -> object:
    if isinstance(value, list):
        return tuple(_unfact(item) for item in value)
    return float(value["float"]) if isinstance(value, dict) else value
