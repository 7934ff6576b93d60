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

from coresponder_causal.data import frames, periods, registers, schemas
from coresponder_causal.data.follow_up import follow_up, stays_of
from coresponder_causal.data.frames import read_table, to_pandas
from coresponder_causal.data.ingest import Ingested, ingest
from coresponder_causal.data.ingest_write import write_ingested
from coresponder_causal.data.item_differences import ItemDifferences, item_differences
from coresponder_causal.data.metrics import metrics
from coresponder_causal.data.metrics_catalogue import Metric, metric_catalogue
from coresponder_causal.data.metrics_files import metrics_of_files
from coresponder_causal.data.panel import panel
from coresponder_causal.data.panel_files import panel_of_files
from coresponder_causal.data.pathway import pathway, pathway_flows
from coresponder_causal.data.quality import Quality, quality
from coresponder_causal.data.quality_pairs import agreement, unlogged
from coresponder_causal.data.rates import Definition, rates
from coresponder_causal.data.reliability import Reliability, reliability
from coresponder_causal.data.schemas import schema
from coresponder_causal.data.score_change import ScoreChange, reliable_change, retest
from coresponder_causal.data.scoring import scored, scoring_key
from coresponder_causal.data.surface import surface
from coresponder_causal.data.validate import findings, validate

__all__ = [
    "Definition",
    "Ingested",
    "ItemDifferences",
    "Metric",
    "Quality",
    "Reliability",
    "ScoreChange",
    "agreement",
    "dictionary",
    "export_redcap",
    "export_tableschema",
    "export_workbook",
    "export_xlsform",
    "findings",
    "follow_up",
    "forms",
    "frames",
    "ingest",
    "instrument",
    "item_differences",
    "metric_catalogue",
    "metrics",
    "metrics_of_files",
    "panel",
    "panel_of_files",
    "pathway",
    "pathway_flows",
    "periods",
    "quality",
    "rates",
    "read_table",
    "registers",
    "reliability",
    "reliable_change",
    "retest",
    "schema",
    "schemas",
    "scored",
    "scoring_key",
    "stays_of",
    "surface",
    "to_pandas",
    "unlogged",
    "validate",
    "write_ingested",
]

_NAMED_LATER = {
    "dictionary",
    "export_redcap",
    "export_tableschema",
    "export_workbook",
    "export_xlsform",
    "forms",
    "instrument",
}


def __getattr__(name: str) -> object:
    """Load the dictionary and what is made of it when first named."""
    if name in _NAMED_LATER:
        return import_module(f"coresponder_causal.data.{name}")
    raise AttributeError(f"module 'coresponder_causal.data' has no attribute {name!r}")
