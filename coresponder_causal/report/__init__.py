"""The report room: results as tables, figures, sentences and pages; `write` alone makes files."""

from coresponder_causal.report.figures import figure
from coresponder_causal.report.metric_pictures import flow_picture, rates_picture, surface_picture, trend_picture
from coresponder_causal.report.metrics_page import metrics_page
from coresponder_causal.report.page import page
from coresponder_causal.report.power_picture import calibration_picture, power_picture
from coresponder_causal.report.sentences import sentence
from coresponder_causal.report.specs import Page, Picture, Sentence, Table
from coresponder_causal.report.tables import table
from coresponder_causal.report.write import write

__all__ = [
    "Page",
    "Picture",
    "Sentence",
    "Table",
    "calibration_picture",
    "figure",
    "flow_picture",
    "metrics_page",
    "page",
    "power_picture",
    "rates_picture",
    "sentence",
    "surface_picture",
    "table",
    "trend_picture",
    "write",
]
