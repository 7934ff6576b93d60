"""Several people's projects of the same texts as one, each under the name of who coded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.entries import Case, Code, Segment, Source


def merged(projects: Mapping[str, Coded], *, name: str = "coded text") -> Coded:
    """Put projects in which people coded the same texts by themselves into one.

    Not for two rounds of one person: they would pass for two people who agree.

    Parameters
    ----------
    projects : mapping of str to Coded
        By who coded: all segments of a project become this person's.
    name : str
        What the whole is called.

    Returns
    -------
    Coded
        Sources, codes and cases of all, those of the first project first; of a code or source that is in several the
        first one's wording and attributes, which a note says where others differ.

    Raises
    ------
    DataError
        Listing every broken rule: no project, a source whose text differs between projects, a code that stands below
        another one elsewhere, a case of other sources.

    Examples
    --------
    >>> def project(*codes):
    ...     spoken = tuple(Segment(source="I01", start=0, end=4, code=code) for code in codes)
    ...     return Coded(codes=tuple(map(lambda own: Code(name=own), codes)), segments=spoken,
    ...                  sources=(Source(name="I01", text="They listened."),))
    >>> both = merged({"ann": project("Respect"), "bo": project("Respect", "Calm")})
    >>> both.coders, [code.name for code in both.codes], len(both.segments)
    (('ann', 'bo'), ['Respect', 'Calm'], 3)
    """
    problems = Problems("the projects")
    if not projects:
        problems.add("no project", mend="give one for each person who coded")
    codes: dict[str, Code] = {}
    sources: dict[str, Source] = {}
    cases: dict[str, Case] = {}
    segments: list[Segment] = []
    apart = 0
    for coder, project in projects.items():
        texts = [own.name for own in project.sources if sources.setdefault(own.name, own).text != own.text]
        below = [own.name for own in project.codes if codes.setdefault(own.name, own).parent != own.parent]
        other = [own.name for own in project.cases if set(cases.setdefault(own.name, own).sources) != set(own.sources)]
        if texts:
            problems.add(f"{len(texts)} texts of {coder} differ from another's", mend="code the same files")
        if below:
            problems.add(f"codes {below} of {coder} stand below others", mend="use one codebook")
        if other:
            problems.add(f"{len(other)} cases of {coder} have other sources", mend="use the same cases")
        apart += sum(_wording(codes[own.name]) != _wording(own) for own in project.codes)
        segments += [replace(own, coder=coder, guid="") for own in project.segments]
    problems.raise_if_any(DataError)
    if apart:
        note(f"{apart} codes are worded otherwise in another project: the first wording is kept")
    return Coded(
        codes=tuple(codes.values()),
        sources=tuple(sources.values()),
        segments=tuple(segments),
        cases=tuple(cases.values()),
        name=name,
    )


def _wording(code: Code) -> tuple[str, ...]:
    return code.definition, code.include, code.exclude, code.example
