"""Disclosure: what may leave, and how two agencies learn a number together without showing each other a row."""

from coresponder_causal.privacy.county_return import Key
from coresponder_causal.privacy.linkage import clerical_sample, linkage_by_group, linkage_error
from coresponder_causal.privacy.strata_return import county_file, one_row_a_person, write_list
from coresponder_causal.privacy.tokens import link_tokens, new_key, read_key, tokens

__all__ = [
    "Key",
    "clerical_sample",
    "county_file",
    "link_tokens",
    "linkage_by_group",
    "linkage_error",
    "new_key",
    "one_row_a_person",
    "read_key",
    "tokens",
    "write_list",
]
