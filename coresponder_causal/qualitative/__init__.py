"""What people said, and how it was coded: codebooks, coded text, and its exchange with the programs that code.

Examples
--------
>>> import coresponder_causal as cc
>>> cc.qualitative.Code(name="Respect").codable
True
"""

from coresponder_causal.qualitative.coded import Case, Code, Coded, Segment, Source, joined
from coresponder_causal.qualitative.refi_codes import read_qdc, write_qdc
from coresponder_causal.qualitative.refi_read import read_qdpx
from coresponder_causal.qualitative.refi_write import write_qdpx
from coresponder_causal.qualitative.taguette import read_taguette

__all__ = [
    "Case",
    "Code",
    "Coded",
    "Segment",
    "Source",
    "joined",
    "read_qdc",
    "read_qdpx",
    "read_taguette",
    "write_qdc",
    "write_qdpx",
]
