"""What may leave the project, and what must not.

The gate for counts and its ledger, checks of files, redaction of text, statements to sign, and how two agencies learn a
number together without showing each other a row.

Examples
--------
>>> import coresponder_causal as cc
>>> cc.privacy.zip3_allowed("956")
True
"""

from coresponder_causal.privacy.county_return import Key
from coresponder_causal.privacy.expert_report import ExpertReport, expert_report
from coresponder_causal.privacy.identifiers import Census, Role, zip3_allowed
from coresponder_causal.privacy.limited_data_set import LimitedDataSet, limited_data_set
from coresponder_causal.privacy.linkage import clerical_sample, linkage_by_group, linkage_error
from coresponder_causal.privacy.redaction import Recognisers, Redacted, redact
from coresponder_causal.privacy.redaction_files import read_redacted, read_sign_off, write_redacted, write_sign_off
from coresponder_causal.privacy.safe_harbor import SafeHarbor, safe_harbor
from coresponder_causal.privacy.sign_off import SignOff, quotes, reading_sample, sign_off
from coresponder_causal.privacy.strata_return import county_file, one_row_a_person, write_list
from coresponder_causal.privacy.tokens import link_tokens, new_key, read_key, tokens

__all__ = [
    "Census",
    "ExpertReport",
    "Key",
    "LimitedDataSet",
    "Recognisers",
    "Redacted",
    "Role",
    "SafeHarbor",
    "SignOff",
    "clerical_sample",
    "county_file",
    "expert_report",
    "limited_data_set",
    "link_tokens",
    "linkage_by_group",
    "linkage_error",
    "new_key",
    "one_row_a_person",
    "quotes",
    "read_key",
    "read_redacted",
    "read_sign_off",
    "reading_sample",
    "redact",
    "safe_harbor",
    "sign_off",
    "tokens",
    "write_list",
    "write_redacted",
    "write_sign_off",
    "zip3_allowed",
]
