"""The gate in the one door: what of a spec may leave, for whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

import numpy as np

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.core.support import known_counts, small_rows
from coresponder_causal.data import dictionary
from coresponder_causal.privacy import Counts, Earlier, Policy, release, small_in_words, watermark
from coresponder_causal.report.joint_display import unsigned
from coresponder_causal.report.printed import Blank
from coresponder_causal.report.redact import Bools, withheld, without_points, without_rows, without_words
from coresponder_causal.report.sensitive import as_sensitive
from coresponder_causal.report.specs import Block, Bullets, Fold, Page, Picture, Section, Sentence, Spec, Table

Part: TypeAlias = Table | Picture | Sentence
never_passed_on = "Not for release."
of_simulation = "This is a simulated city."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passed:
    """Specs as they leave, and the cells that leave with them.

    Parameters
    ----------
    specs : tuple of Table, Picture, Sentence, Page, Paper or Leaflet
    marked : tuple of bool
        Which of them must stay inside.
    cells : mapping of str to list of Earlier
        By family, for the ledger.
    """

    specs: tuple[Spec, ...]
    marked: tuple[bool, ...]
    cells: Mapping[str, list[Earlier]]


def passed(specs: Sequence[Spec], policy: Policy, *, earlier: Mapping[str, Sequence[Earlier]] | None = None) -> Passed:
    """Let specs through together: marked for those inside, without small counts and what gives them away for others.

    Parameters
    ----------
    specs : sequence of Table, Picture, Sentence, Page, Paper or Leaflet
        All that leaves together.
    policy : Policy
    earlier : mapping of family to sequence of Earlier, optional
        What left before.

    Returns
    -------
    Passed

    Raises
    ------
    DisclosureError
        Parts of which nothing is known, all of them listed, or counts that cannot be protected.
    """
    parts = [part for spec in specs for part in _parts(spec)]
    _refuse_rows_of_people(parts, policy)
    _refuse_unsigned(parts, policy)
    if not policy.guarded:
        inside = tuple(any(_of_people(part) for part in _parts(spec)) for spec in specs)
        marked = tuple(_marked(spec) if own else spec for spec, own in zip(specs, inside, strict=True))
        return Passed(specs=marked, marked=inside, cells={})
    if policy.agreement is None:
        _refuse_unknown(parts)
    counts = [(number, one) for number, part in enumerate(parts) for one in _counts(part)]
    found = release([one for _, one in counts], policy=policy, earlier=earlier)
    masks: dict[int, list[tuple[Counts, Bools]]] = {}
    for (number, one), hidden in zip(counts, found.hidden, strict=True):
        masks.setdefault(number, []).append((one, hidden))
    left = iter([_left(part, masks.get(number, []), policy) for number, part in enumerate(parts)])
    rebuilt = (_rebuilt(spec, lambda _: next(left), policy) for spec in specs)
    made = tuple(as_sensitive(spec, False) for spec in rebuilt)
    return Passed(specs=made, marked=(False,) * len(made), cells=found.cells)


def _parts(spec: Spec) -> list[Part]:
    if isinstance(spec, Blank):
        return []
    return list(spec.parts()) if isinstance(spec, Page) else [spec]


def _counts(part: Part) -> tuple[Counts, ...]:
    return () if isinstance(part, Sentence) else part.counts


def _says_numbers(part: Part) -> bool:
    """Whether a part shows any number at all."""
    if isinstance(part, Picture):
        return True
    if isinstance(part, Sentence):
        return any(letter.isdigit() for letter in part.text)
    texts = part.frame[[column.name for column in part.columns if column.wordy]]
    digits = texts.astype(str).apply(lambda column: column.str.contains(r"\d")).to_numpy().any()
    return bool(digits) or any(not column.wordy for column in part.columns)


def _of_people(part: Part) -> bool:
    """Whether anybody may stand behind a part."""
    return _says_numbers(part) and not (part.support is not None and part.support.empty)


def _refuse_unknown(parts: Sequence[Part]) -> None:
    problems = Problems("what is to be made public")
    for part in parts:
        if _of_people(part) and not _counts(part) and known_counts(part.support).empty:
            if isinstance(part, Sentence):
                what = f"the sentence “{part.text[:60]}{'…' * (len(part.text) > 60)}”"
            elif isinstance(part, Table):
                what = f"the table “{part.title}” ({len(part.frame)} rows)"
            else:
                what = f"the picture “{part.title}” ({sum(map(len, part.data.values()))} points)"
            problems.add(f"{what}: nothing is known of who stands behind it", mend="give support= or counts=")
    problems.raise_if_any(DisclosureError)


def _refuse_rows_of_people(parts: Sequence[Part], policy: Policy) -> None:
    """Refuse tables with a column that names people, calls or places, by agreement or without."""
    if not policy.guarded:
        return
    problems = Problems("what is to leave")
    named = identifying()
    for part in parts:
        shown = {column.name for column in part.columns} & named if isinstance(part, Table) else set()
        if isinstance(part, Table) and shown:
            what = f"the table “{part.title}” ({len(part.frame)} rows) shows {', '.join(sorted(shown))}"
            problems.add(f"{what}: that names persons or calls", mend="count them instead")
    problems.raise_if_any(DisclosureError)


def _refuse_unsigned(parts: Sequence[Part], policy: Policy) -> None:
    """Refuse quotes for which nobody signed, whoever outside they are for."""
    many = unsigned([part for part in parts if isinstance(part, Table)]) if policy.guarded else 0
    if many:
        raise DisclosureError(
            f"{many} quotes are not signed off", mend="have them read and sign for them: qualitative.sign_quotes"
        )


@cache
def identifying() -> frozenset[str]:
    """Names of fields whose values are identifying; those that our own tables bear for other things left out."""
    fields = (field for table in dictionary.tables().values() for field in table.fields)
    return frozenset(field.name for field in fields if field.privacy == "identifying") - {"unit", "text"}


def hidden_whole(part: Part, policy: Policy) -> bool:
    """Whether a part may not leave at all: it stands on small counts of which it is not known which rows they are.

    Parameters
    ----------
    part : Table, Picture or Sentence
    policy : Policy
    """
    small = small_rows(part.support, policy.threshold)
    if isinstance(part, Sentence):
        return bool(policy.guarded and small.any())
    first = part.frame if isinstance(part, Table) else next(iter(part.data.values()))
    return bool(policy.guarded and small.any() and len(small) != len(first))


def _left(part: Part, masks: Sequence[tuple[Counts, Bools]], policy: Policy) -> Part:
    """Return what is left of a part."""
    if hidden_whole(part, policy):
        return withheld("A sentence" if isinstance(part, Sentence) else f"“{part.title}”", policy)
    if isinstance(part, Sentence):
        return without_words(part, policy)
    frames = {"": part.frame} if isinstance(part, Table) else dict(part.data)
    first = next(iter(frames))
    small = small_rows(part.support, policy.threshold)
    hidden = {name: np.zeros(len(frame), bool) for name, frame in frames.items()}
    if len(small) == len(frames[first]):
        hidden[first] |= small
    for one, rows in masks:
        hidden[one.part][one.frame.index[rows]] = True
    if isinstance(part, Table):
        return without_rows(part, hidden[""], policy)
    touched = {name: mask for name, mask in hidden.items() if mask.any() or name == first}
    return without_points(part, touched, policy)


def _rebuilt(spec: Spec, next_part: Callable[[Part], Part], policy: Policy) -> Spec:
    """Put what is left into the place of what was."""
    if isinstance(spec, Blank):
        return spec
    if not isinstance(spec, Page):
        made = next_part(spec)
        if str(made) != str(spec) if isinstance(spec, Sentence) else type(made) is not type(spec):
            raise DisclosureError(str(made), mend="merge its categories or periods, then write it again")
        return _headed(made, policy.banner)
    finding = tuple(made for part in spec.finding if isinstance(made := next_part(part), Sentence))
    sections = tuple(
        Section(title=section.title, blocks=tuple(_block(block, next_part) for block in section.blocks))
        for section in spec.sections
    )
    banners = [text for text in spec.banners if not text.startswith(never_passed_on)]
    kept = [text for text in banners if not small_in_words(text, threshold=policy.threshold)]
    subtitle = "" if small_in_words(spec.subtitle, threshold=policy.threshold) else spec.subtitle
    return replace(spec, subtitle=subtitle, banners=(policy.banner, *kept), finding=finding, sections=sections)


def _block(block: Block, next_part: Callable[[Part], Part]) -> Block:
    """Return a block with what is left of its parts; remarks that are withheld are said once."""
    if isinstance(block, Bullets):
        said = dict.fromkeys(str(next_part(item)) for item in block.items)
        return Bullets(items=tuple(Sentence(text=text) for text in said))
    if isinstance(block, Fold):
        drawn = None if block.picture is None else next_part(block.picture)
        made, shown = next_part(block.table), drawn if isinstance(drawn, Picture) else None
        return replace(block, table=made, picture=shown) if isinstance(made, Table) else made
    return next_part(block)


def _headed(part: Part, text: str) -> Part:
    """Put a line under a table or a picture that leaves alone."""
    if isinstance(part, Table):
        return replace(part, note=f"{part.note} {text}".strip())
    return replace(part, caption=f"{part.caption} {text}".strip()) if isinstance(part, Picture) else part


def _marked(spec: Spec) -> Spec:
    """Mark what stays inside; a page that says so itself, or is simulated, is marked already."""
    if isinstance(spec, Blank):
        return spec
    if not isinstance(spec, Page):
        return _headed(spec, watermark)
    marked = any(text.startswith((never_passed_on, of_simulation)) for text in spec.banners)
    return spec if marked else replace(spec, banners=(*spec.banners, watermark))
