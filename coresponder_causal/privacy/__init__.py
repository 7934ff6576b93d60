"""The privacy room: what may leave, for whom, and what stays hidden."""

from coresponder_causal.privacy.counts import Counts, months_of, spanning, total
from coresponder_causal.privacy.ddg import DdgScore, ddg_score
from coresponder_causal.privacy.family import Earlier
from coresponder_causal.privacy.ledger import Ledger
from coresponder_causal.privacy.policy import Audience, Policy, hidden_mark, inside, limits, watermark
from coresponder_causal.privacy.release import Released, release
from coresponder_causal.privacy.said import small_in_words

__all__ = [
    "Audience",
    "Counts",
    "DdgScore",
    "Earlier",
    "Ledger",
    "Policy",
    "Released",
    "ddg_score",
    "hidden_mark",
    "inside",
    "limits",
    "months_of",
    "release",
    "small_in_words",
    "spanning",
    "total",
    "watermark",
]
