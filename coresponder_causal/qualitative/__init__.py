"""What people said, and how it was coded: codebooks, coded text, and its exchange with the programs that code.

Examples
--------
>>> import coresponder_causal as cc
>>> len(cc.qualitative.codebook("interviews")) > 20
True
"""

from coresponder_causal.qualitative.answered_forms import form_workbook
from coresponder_causal.qualitative.code_forms import (
    coder_agreement_of,
    coding_form,
    coding_key,
    read_codes,
    with_codes,
)
from coresponder_causal.qualitative.code_sample import NarrativeSample, draw_narratives
from coresponder_causal.qualitative.code_saturation import Saturation, saturation
from coresponder_causal.qualitative.codebook import codebook, codebook_table, read_codebook
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.coder_agreement import agreement
from coresponder_causal.qualitative.entries import Case, Code, Segment, Source, joined
from coresponder_causal.qualitative.joint_display import JointDisplay, Theme, joint_display
from coresponder_causal.qualitative.keywords import keyness
from coresponder_causal.qualitative.lexicon_use import LexiconUse, lexicon_use
from coresponder_causal.qualitative.matrices import code_counts, code_matrix, cooccurrence, framework
from coresponder_causal.qualitative.merging import merged
from coresponder_causal.qualitative.quote_forms import quote_answer, quote_form, read_quote_form
from coresponder_causal.qualitative.refi_codes import read_qdc, write_qdc
from coresponder_causal.qualitative.refi_read import read_qdpx
from coresponder_causal.qualitative.refi_write import write_qdpx
from coresponder_causal.qualitative.register import consented, interview_register, quotas
from coresponder_causal.qualitative.retrieval import quotes, read_signed_quotes, sign_quotes, write_signed_quotes
from coresponder_causal.qualitative.scale_agreement import rating_agreement
from coresponder_causal.qualitative.segments_table import read_segments, read_texts, write_segments
from coresponder_causal.qualitative.taguette import read_taguette
from coresponder_causal.qualitative.theme_search import Themes, themes
from coresponder_causal.qualitative.word_lists import Lexicon, lexicon

__all__ = [
    "Case",
    "Code",
    "Coded",
    "JointDisplay",
    "Lexicon",
    "LexiconUse",
    "NarrativeSample",
    "Saturation",
    "Segment",
    "Source",
    "Theme",
    "Themes",
    "agreement",
    "code_counts",
    "code_matrix",
    "codebook",
    "codebook_table",
    "coder_agreement_of",
    "coding_form",
    "coding_key",
    "consented",
    "cooccurrence",
    "draw_narratives",
    "form_workbook",
    "framework",
    "interview_register",
    "joined",
    "joint_display",
    "keyness",
    "lexicon",
    "lexicon_use",
    "merged",
    "quotas",
    "quote_answer",
    "quote_form",
    "quotes",
    "rating_agreement",
    "read_codebook",
    "read_codes",
    "read_qdc",
    "read_qdpx",
    "read_quote_form",
    "read_segments",
    "read_signed_quotes",
    "read_taguette",
    "read_texts",
    "saturation",
    "sign_quotes",
    "themes",
    "with_codes",
    "write_qdc",
    "write_qdpx",
    "write_segments",
    "write_signed_quotes",
]
