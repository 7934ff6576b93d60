"""Tables: what their fields mean, whether they keep to it, and the counts made of them.

Functions that carry the name of their file are loaded here at once, so that ``data.panel`` is always the function;
the files that only hold values are loaded when first named.

Examples
--------
>>> import coresponder_causal as cc
>>> "received_at" in cc.data.dictionary.table("calls").required
True
"""

from __future__ import annotations

from importlib import import_module

from coresponder_causal.data import frames, periods, registers
from coresponder_causal.data.frames import read_table, to_pandas
from coresponder_causal.data.metrics import metrics
from coresponder_causal.data.metrics_catalogue import Metric, metric_catalogue
from coresponder_causal.data.panel import panel
from coresponder_causal.data.pathway import pathway, pathway_flows
from coresponder_causal.data.rates import rates
from coresponder_causal.data.surface import surface
from coresponder_causal.data.validate import findings, validate

__all__ = [
    "Metric",
    "dictionary",
    "findings",
    "frames",
    "metric_catalogue",
    "metrics",
    "panel",
    "pathway",
    "pathway_flows",
    "periods",
    "rates",
    "read_table",
    "registers",
    "surface",
    "to_pandas",
    "validate",
]


def __getattr__(name: str) -> object:
    """Load the dictionary when it is first named, so that ``python -m`` can run it as a program."""
    if name == "dictionary":
        return import_module("coresponder_causal.data.dictionary")
    raise AttributeError(f"module 'coresponder_causal.data' has no attribute {name!r}")
