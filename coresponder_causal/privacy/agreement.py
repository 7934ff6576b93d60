"""The agreement between the two agencies, as a template: what goes which way and under which name."""

from __future__ import annotations

from typing import NamedTuple

template = """# Agreement on a return of counts by strata: a draft for counsel

Between {police} ("the police") and {county} ("the county"). Project: {project}. Period: {period}. Key: {key}.
This is a template, not legal advice. Counsel of both agencies decide; CJIS policy, CMIA (Civil Code 56.10) and state
law on records of mental-health care (WIC 5328) are theirs to judge.

## Disclosure 1: from the police to the county

The police disclose to the county that each of {rows:,} persons had a call for service. This is a transfer of personal
information about persons to a health agency, and stands here under its name. Per person leave, in `tokens.csv`:

- {tokens} tokens, keyed digests (HMAC-SHA256), each of one of: {combinations};
- the arm: whether the call was attended by the team;
- the stratum of the probability of being attended, 1 to {strata};
- the {by} of the call.

No name, birth date, address, time of a call or number of an incident leaves. The crosswalk stays with the police.

## Disclosure 2: from the county to the police

The county runs `county_return.py` on its own machine. It returns one number of connected persons for each stratum and
arm, the number of persons, and, where it is not small, the number of linked persons. Connected means: a service in the
{by} of the call{follow}. Counts are returned only where {smallest} or more persons are connected and
{smallest} or more are not; if the county chooses noise, every count carries it. No row, token or date is returned, and
the program has no way to return one.

## What both sides undertake

1. The key is 32 random bytes, held by the two agencies alone, never by whoever analyses the counts; it serves this
   project and period only and is destroyed at its end.
2. The county does not try to identify, contact or act on any person by the list, and destroys it after the return.
3. The police do not ask for a second count of the same persons, and do not combine the counts with other returns so as
   to learn about one person. The county's program refuses a person who was counted under this key: the county keeps
   one copy of the key, in one place, and beside it the ledger of who was counted.
4. The counts are used for the evaluation named above, and for no decision about a person. A breach is reported at
   once.
5. Persons of the list and of the records are not told apart by anything that the return holds.

## What must be known

- A token is derived from information about a person: 45 CFR 164.514(c)(1) then rules out that a file which holds it is
  de-identified. Health data linked in this way are handled as protected health information, or as a limited data set
  under 164.514(e).
- Whoever holds the key and a list of names can make the tokens again: the key is the protection, not the digest.
- A party that chooses whom to list can choose so as to learn about one person, for example by listing them among
  persons whose connection it knows. Minimum cells do not stop this; noise (`--epsilon`) does.
- No program attests that the persons who sign are allowed to.

For the police: ______________________  Date: __________

For the county: ______________________  Date: __________
"""


class Stated(NamedTuple):
    """What the agreement says of one list."""

    police: str
    county: str
    project: str
    period: str
    key: str
    rows: int
    strata: int
    by: str
    follow: int


def agreement_text(stated: Stated, *, combinations: tuple[str, ...], smallest: int) -> str:
    """Fill the template.

    Parameters
    ----------
    stated : Stated
    combinations : tuple of str
        Fields behind the tokens.
    smallest : int
        Least count that is returned.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> stated = Stated("Police", "County", "crisis team", "2026", "ab12cd34", 900, 5, "quarter", 1)
    >>> "each of 900 persons had a call" in agreement_text(stated, combinations=("name",), smallest=11)
    True
    """
    after = f" or in the {stated.follow} after it" if stated.follow else ""
    return template.format(
        **stated._asdict() | {"follow": after},
        tokens=len(combinations),
        combinations="; ".join(combinations),
        smallest=smallest,
    )
