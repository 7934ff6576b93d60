"""What may leave the project, and what must not: checks of files, redaction of text, and statements to sign.

Examples
--------
>>> import coresponder_causal as cc
>>> cc.privacy.zip3_allowed("956")
True
"""

from coresponder_causal.privacy.expert_report import ExpertReport, expert_report
from coresponder_causal.privacy.identifiers import zip3_allowed
from coresponder_causal.privacy.limited_data_set import LimitedDataSet, limited_data_set
from coresponder_causal.privacy.safe_harbor import SafeHarbor, safe_harbor

__all__ = [
    "ExpertReport",
    "LimitedDataSet",
    "SafeHarbor",
    "expert_report",
    "limited_data_set",
    "safe_harbor",
    "zip3_allowed",
]
