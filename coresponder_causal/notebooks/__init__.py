"""Notebooks: their sources read, their rules, and their execution on kernels of their own."""

from coresponder_causal.notebooks.check import broken_rules, check
from coresponder_causal.notebooks.run import Ran, raise_failed, run
from coresponder_causal.notebooks.source import Cell, Notebook, read, sources

__all__ = ["Cell", "Notebook", "Ran", "broken_rules", "check", "raise_failed", "read", "run", "sources"]
