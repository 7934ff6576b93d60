"""Studies of the methods themselves: how often their intervals hold, on worlds whose truth is known."""

from coresponder_causal.validity.cells import Cell, cells
from coresponder_causal.validity.coverage import Entry, measure, read_table, run_study, study

__all__ = ["Cell", "Entry", "cells", "measure", "read_table", "run_study", "study"]
