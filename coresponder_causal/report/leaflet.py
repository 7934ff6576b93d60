"""Guides as they are handed out: one printed sheet, its reading level at the foot."""

from __future__ import annotations

from string import Template

from coresponder_causal.data.guides import Guide, band_in_words
from coresponder_causal.qualitative.reading_level import reading_level
from coresponder_causal.report.printed import Leaflet


def leaflet(guide: Guide) -> Leaflet:
    """Return a guide as it is printed.

    Parameters
    ----------
    guide : Guide
        Of `data.guides.guide`, filled in.

    Returns
    -------
    Leaflet
        `report.write` makes the file.

    Examples
    --------
    >>> from coresponder_causal.data.guides import guide, needed_facts
    >>> filled = guide("public", "en", local=dict.fromkeys(needed_facts("public", "en"), "here"))
    >>> leaflet(filled).foot[1][:27]
    'Reading level: school grade'
    """
    level = reading_level(guide.read(), language=guide.language)
    value = f"{level.value:.1f}" if guide.language == "en" else f"{level.value:.0f}"
    said = {"value": value, "words": str(level.words), "band": band_in_words(level.band, guide.language)}
    return Leaflet(guide=guide, foot=(guide.page["made_up"], Template(guide.page["level"]).substitute(said)))
