"""What may leave the project, and what must not.

The gate for counts and its ledger, checks of files, redaction of text, statements to sign, and how two agencies learn a
number together without showing each other a row.

Examples
--------
>>> import coresponder_causal as cc
>>> cc.privacy.zip3_allowed("956")
True
"""

from coresponder_causal.privacy.counts import Counts, months_of, spanning, total
from coresponder_causal.privacy.county_return import Key
from coresponder_causal.privacy.ddg import DdgScore, ddg_score
from coresponder_causal.privacy.expert_report import ExpertReport, expert_report
from coresponder_causal.privacy.family import Earlier
from coresponder_causal.privacy.identifiers import Census, Role, zip3_allowed
from coresponder_causal.privacy.ledger import Ledger
from coresponder_causal.privacy.limited_data_set import LimitedDataSet, limited_data_set
from coresponder_causal.privacy.linkage import clerical_sample, linkage_by_group, linkage_error
from coresponder_causal.privacy.own_codes import link_own_codes
from coresponder_causal.privacy.policy import Audience, Policy, hidden_mark, inside, limits, watermark
from coresponder_causal.privacy.redaction import Recognisers, Redacted, redact
from coresponder_causal.privacy.redaction_files import read_redacted, read_sign_off, write_redacted, write_sign_off
from coresponder_causal.privacy.release import Released, release
from coresponder_causal.privacy.safe_harbor import SafeHarbor, safe_harbor
from coresponder_causal.privacy.said import small_in_words
from coresponder_causal.privacy.sign_off import SignOff, quotes, reading_sample, sign_off
from coresponder_causal.privacy.strata_return import county_file, one_row_a_person, write_list
from coresponder_causal.privacy.tokens import link_tokens, new_key, read_key, tokens
from coresponder_causal.privacy.wave_codes import Codes, issue_codes, read_codes, write_codes
from coresponder_causal.privacy.wave_groups import WaveGroups, dose_groups, read_groups, role_groups, write_groups
from coresponder_causal.privacy.wave_link import LinkedWaves, link_waves, read_linked, write_linked
from coresponder_causal.privacy.wave_return import WaveReturn, record_return, wave_return

__all__ = [
    "Audience",
    "Census",
    "Codes",
    "Counts",
    "DdgScore",
    "Earlier",
    "ExpertReport",
    "Key",
    "Ledger",
    "LimitedDataSet",
    "LinkedWaves",
    "Policy",
    "Recognisers",
    "Redacted",
    "Released",
    "Role",
    "SafeHarbor",
    "SignOff",
    "WaveGroups",
    "WaveReturn",
    "clerical_sample",
    "county_file",
    "ddg_score",
    "dose_groups",
    "expert_report",
    "hidden_mark",
    "inside",
    "issue_codes",
    "limited_data_set",
    "limits",
    "link_own_codes",
    "link_tokens",
    "link_waves",
    "linkage_by_group",
    "linkage_error",
    "months_of",
    "new_key",
    "one_row_a_person",
    "quotes",
    "read_codes",
    "read_groups",
    "read_key",
    "read_linked",
    "read_redacted",
    "read_sign_off",
    "reading_sample",
    "record_return",
    "redact",
    "release",
    "role_groups",
    "safe_harbor",
    "sign_off",
    "small_in_words",
    "spanning",
    "tokens",
    "total",
    "watermark",
    "wave_return",
    "write_codes",
    "write_groups",
    "write_linked",
    "write_list",
    "write_redacted",
    "write_sign_off",
    "zip3_allowed",
]
