"""What may leave the project, and what must not: checks of files, redaction of text, and statements to sign.

Examples
--------
>>> import coresponder_causal as cc
>>> cc.privacy.zip3_allowed("956")
True
"""

from coresponder_causal.privacy.expert_report import ExpertReport, expert_report
from coresponder_causal.privacy.identifiers import Census, Role, zip3_allowed
from coresponder_causal.privacy.limited_data_set import LimitedDataSet, limited_data_set
from coresponder_causal.privacy.redaction import Recognisers, Redacted, redact
from coresponder_causal.privacy.redaction_files import read_redacted, read_sign_off, write_redacted, write_sign_off
from coresponder_causal.privacy.safe_harbor import SafeHarbor, safe_harbor
from coresponder_causal.privacy.sign_off import SignOff, quotes, reading_sample, sign_off

__all__ = [
    "Census",
    "ExpertReport",
    "LimitedDataSet",
    "Recognisers",
    "Redacted",
    "Role",
    "SafeHarbor",
    "SignOff",
    "expert_report",
    "limited_data_set",
    "quotes",
    "read_redacted",
    "read_sign_off",
    "reading_sample",
    "redact",
    "safe_harbor",
    "sign_off",
    "write_redacted",
    "write_sign_off",
    "zip3_allowed",
]
