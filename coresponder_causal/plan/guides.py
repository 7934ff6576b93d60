"""Guides as files: one page for the public, for dispatchers or for officers, and the facts of a city to fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.data.guide_facts import city_facts_file, read_city_facts
from coresponder_causal.data.guides import GuideFor, GuideLanguage, guide
from coresponder_causal.plan.run import refuse_present


def write_guide(
    audience: GuideFor,
    language: GuideLanguage,
    out: Path,
    *,
    facts: Path | None = None,
    given: Mapping[str, str] | None = None,
    force: bool = False,
) -> Path:
    """Write a guide as one page to print, or to read on a phone.

    Parameters
    ----------
    audience : {"public", "dispatcher", "officer"}
    language : {"en", "es"}
    out : Path
        Folder for ``guide_<audience>_<language>.html``.
    facts : Path, optional
        TOML file of what is so in the city.
    given : mapping of str to str, optional
        Facts that go before those of the file.
    force : bool
        Whether a file of that name is replaced.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        Facts that are blank or cannot be printed, all of them listed; or the file is there.
    DesignError
        Another audience or language.
    """
    target = out / f"guide_{audience}_{language}.html"
    local = read_city_facts(audience, language, facts, given=given)
    refuse_present(target, force=force)
    return report.write(report.leaflet(guide(audience, language, local=local)), target, audience="public")


def write_city_facts(target: Path, *, force: bool = False) -> Path:
    """Write the file of facts to fill in, every one blank.

    Parameters
    ----------
    target : Path
    force : bool
        Whether the file may be replaced.

    Raises
    ------
    DataError
        The file is there: name another, or replace it with ``--force``.
    """
    refuse_present(target, force=force)
    return write_whole(target, city_facts_file().encode())


def facts_of(pairs: Sequence[str]) -> dict[str, str]:
    """Read facts given as ``name=value``.

    Parameters
    ----------
    pairs : sequence of str
        One fact each.

    Raises
    ------
    DataError
        A pair without "=".

    Examples
    --------
    >>> facts_of(["city=River City"])
    {'city': 'River City'}
    """
    split = [pair.partition("=") for pair in pairs]
    if wrong := [name for name, sign, _ in split if not sign]:
        raise DataError(f"{', '.join(wrong)} has no value", mend="write name=value, e.g. --set city='River City'")
    return {name.strip(): value for name, _, value in split}
