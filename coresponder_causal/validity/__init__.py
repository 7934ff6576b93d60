"""Studies of validity: what a design can find, and how often methods err, on worlds whose truth is known."""

from coresponder_causal.validity.calibrate import Calibration, calibrate
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.coverage import Entry, measure, read_table, run_study, study
from coresponder_causal.validity.officer_truth import learnt
from coresponder_causal.validity.power import Power, power
from coresponder_causal.validity.switchback_power import SwitchbackPower, switchback_power

__all__ = [
    "Calibration",
    "Cell",
    "Entry",
    "Power",
    "SwitchbackPower",
    "calibrate",
    "cells",
    "learnt",
    "measure",
    "power",
    "read_table",
    "run_study",
    "study",
    "switchback_power",
]
