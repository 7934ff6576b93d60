"""What people said, and how it was coded: codebooks, coded text, and its exchange with the programs that code.

Examples
--------
>>> import coresponder_causal as cc
>>> cc.qualitative.Code(name="Respect").codable
True
"""

from coresponder_causal.qualitative.coded import Case, Code, Coded, Segment, Source, joined

__all__ = ["Case", "Code", "Coded", "Segment", "Source", "joined"]
