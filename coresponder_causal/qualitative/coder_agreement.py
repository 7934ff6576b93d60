"""How far people who coded the same texts agree, code by code, with the counts that such numbers hide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.scale_agreement import refuse_resampling, sizes, statistics

Array = NDArray[np.float64]
Unit: TypeAlias = Literal["source", "case"]

few_texts, rare = 30, 0.1


def agreement(
    coded: Coded,
    *,
    coders: Sequence[str] | None = None,
    read: Mapping[str, Sequence[str]] | None = None,
    unit: Unit = "source",
    roll_up: bool = False,
    level: float = 0.95,
    replications: int = 1000,
    seed: int = 1,
) -> pd.DataFrame:
    """Compare which texts people gave each code.

    A text counts once for a code, wherever in it the code stands: where a segment begins and ends is a matter of taste
    and is not compared. Not for codes that coders agreed upon in talk, and not for texts that a coder did not read.

    Parameters
    ----------
    coded : Coded
    coders : sequence of str, optional
        Who is compared; by default everybody.
    read : mapping of str to sequence of str, optional
        Names of the sources that each coder read. A text read and given no code is otherwise one that was not read,
        which a note says, and agreement on silence is lost.
    unit : {"source", "case"}
        What a code is given to; a case was read by whoever read all of its sources.
    roll_up : bool
        A text has a code that stands above one it was given.
    level : float
    replications, seed : int
        Resamples of texts for the bounds of α.

    Returns
    -------
    DataFrame
        One row for each code: ``texts`` that two or more read, ``once`` that one read alone, ``readings`` of the
        former, ``with_code`` among these, ``prevalence``, the number of texts ``by_all``, ``by_some`` and ``by_none``;
        ``percent, kappa, ac1, alpha``, each with ``_low`` and ``_high``. ``kappa`` is Cohen's for two coders, of the
        texts that both read, Fleiss's for more.

    Raises
    ------
    DataError
        Listing every broken rule: fewer than two coders, names that are nobody's, sources that are not there, codes in
        texts that were not read, no text that two read.

    Notes
    -----
    Where a code is rare κ and α can be near 0 while readers differ on next to nothing, and AC1 near 1 while they never
    find the same text: the counts decide.

    References
    ----------
    Krippendorff (2011), repository.upenn.edu/asc_papers/43; Gwet (2008), doi:10.1348/000711006X126600; Cohen (1960),
    doi:10.1177/001316446002000104; Fleiss (1971), doi:10.1037/h0031619; Feinstein & Cicchetti (1990),
    doi:10.1016/0895-4356(90)90158-L.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> sources = tuple(Source(name=f"I{i}", text="They listened.") for i in range(4))
    >>> def gave(who, *places):
    ...     return tuple(Segment(source=f"I{i}", start=0, end=4, code="Respect", coder=who) for i in places)
    >>> coded = Coded(codes=(Code(name="Respect"),), sources=sources, segments=gave("ann", 0, 1) + gave("bo", 0))
    >>> everything = [source.name for source in sources]
    >>> found = agreement(coded, read={"ann": everything, "bo": everything})
    >>> found[["texts", "by_all", "by_some", "by_none", "percent", "kappa"]].values.tolist()
    [[4.0, 1.0, 1.0, 2.0, 0.75, 0.5]]
    """
    who = tuple(coded.coders if coders is None else coders)
    problems = Problems("agreement")
    refuse_resampling(level, replications, problems)
    names = _read_by(coded, who, read, unit, problems)
    place = dict(zip(*_units(coded, unit), strict=True))
    texts = list(dict.fromkeys(place.values()))
    at, by = {text: i for i, text in enumerate(texts)}, {name: j for j, name in enumerate(who)}
    looked = np.ones((len(texts), len(who)), bool)
    for source, text in place.items():
        looked[at[text]] &= [source in names[name] for name in who]
    rows = []
    for code in coded.codes:
        if not code.codable and not roll_up:
            continue
        given = np.where(looked, 0.0, np.nan)
        for s in coded.segments:
            if s.coder in by and (s.code == code.name or (roll_up and code.name in coded.above(s.code))):
                given[at[place[s.source]], by[s.coder]] += 1.0
        rows.append({"code": code.name, **_compared(np.minimum(given, 1.0), level, replications, seed)})
    found = pd.DataFrame(rows)
    if not found["texts"].any():
        raise DataError("no text was read by two of the coders", mend="give texts to two people, or name them in read=")
    _say(found)
    return found


def _read_by(
    coded: Coded, who: tuple[str, ...], read: Mapping[str, Sequence[str]] | None, unit: Unit, problems: Problems
) -> dict[str, set[str]]:
    """Names of the sources that each coder read."""
    refuse_choice("unit", unit, Unit, problems)
    used = {name: {s.source for s in coded.segments if s.coder == name} for name in who}
    if len(who) < 2:
        problems.add(f"{len(who)} coder", mend="compare two or more")
    if strange := sorted({name for name in who if not used[name] and name not in (read or {})}):
        problems.add(f"{strange} coded nothing", mend=f"take some of {', '.join(coded.coders)}, or name them in read=")
    if read is not None:
        known = {source.name for source in coded.sources}
        if lost := sorted(set(who) - read.keys()):
            problems.add(f"read= does not say what {lost} read", mend="name their sources")
        named = {name: set(read.get(name, ())) for name in who}
        if missing := len(set().union(*named.values()) - known):
            problems.add(f"read= names {missing} sources that are not there", mend="take names of the project")
        if unread := sum(len(used[name] - named[name]) for name in who if name in read):
            problems.add(f"coders gave codes to {unread} texts they are not said to have read", mend="add them")
        used = named
    else:
        note("a text to which a coder gave no code at all counts as not read: read= says who read what")
    problems.raise_if_any(DataError)
    return used


def _units(coded: Coded, unit: Unit) -> tuple[list[str], list[str]]:
    """List sources, and the unit that each belongs to."""
    table = coded.source_table()
    return list(table["source"]), list(table[unit])


def _compared(given: Array, level: float, replications: int, seed: int) -> dict[str, object]:
    """One code: counts, and coefficients with their bounds; ``given`` is 1, 0, or NaN where not read."""
    values = np.array([0.0, 1.0])
    counts = (given[:, :, None] == values).sum(axis=1).astype(float)
    both = counts[counts.sum(axis=1) >= 2]
    readings, yes = float(both.sum()), float(both[:, 1].sum())
    found: dict[str, object] = {
        **sizes(given),
        "with_code": int(yes),
        "prevalence": yes / readings if readings else np.nan,
        "by_all": int((both[:, 0] == 0).sum()),
        "by_some": int((both > 0).all(axis=1).sum()),
        "by_none": int((both[:, 1] == 0).sum()),
    }
    for name, ends in statistics(given, counts, values, "nominal", level, replications, seed):
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    return {"texts" if key == "units" else key: value for key, value in found.items()}


def _say(found: pd.DataFrame) -> None:
    """Say where the numbers stand on few texts, or on a code that hardly anybody gave."""
    few = found.loc[found["texts"] < few_texts, "code"]
    if len(few):
        note(f"{len(few)} of {len(found)} codes were compared on fewer than {few_texts} texts: bounds are rough")
    seldom = found.loc[(found["prevalence"] < rare) | (found["prevalence"] > 1 - rare), "code"]
    if len(seldom):
        note(
            f"{len(seldom)} of {len(found)} codes are in under {100 * rare:.0f} % or over {100 * (1 - rare):.0f} % "
            f"of readings: kappa and alpha fall, AC1 rises, whatever readers do. Read by_all and by_some"
        )
