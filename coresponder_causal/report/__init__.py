"""The report room: results as tables, figures, sentences and pages; `write` alone makes files."""

from coresponder_causal.report.figures import figure
from coresponder_causal.report.page import page
from coresponder_causal.report.power_picture import calibration_picture, power_picture
from coresponder_causal.report.sentences import sentence
from coresponder_causal.report.specs import Page, Picture, Sentence, Table
from coresponder_causal.report.switchback_page import calendar_picture, switchback_page
from coresponder_causal.report.tables import table
from coresponder_causal.report.write import write

__all__ = [
    "Page",
    "Picture",
    "Sentence",
    "Table",
    "calendar_picture",
    "calibration_picture",
    "figure",
    "page",
    "power_picture",
    "sentence",
    "switchback_page",
    "table",
    "write",
]
