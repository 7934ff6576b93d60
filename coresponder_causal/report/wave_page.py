"""What an employer gets of survey waves, as a page and as a table: mean changes that passed, and how to read them."""

from __future__ import annotations

import math

import pandas as pd

from coresponder_causal.data import dictionary
from coresponder_causal.privacy import WaveReturn
from coresponder_causal.privacy.wave_groups import waves_of
from coresponder_causal.privacy.wave_return import not_reported, step_of
from coresponder_causal.report.specs import Bullets, Column, Page, Section, Sentence, Table, of_nobody

rounded = "Rounded; bounds outwards. No interval is shown where it would tell how alike the answers are."
headings = {
    "all": "Everybody",
    "band": "Calls answered with the team",
    "squad": "Squad",
    "role": "Role",
    "sworn": "Sworn",
}
how_to_read = (
    "The university holds the answers and the key to the codes under which they are kept. The employer gets this page.",
    f"“{not_reported}” stands for a group of few, and for whatever would give one away, also together with "
    "earlier returns. It does not say which.",
    "The number of persons is a lower bound, so that nobody can tell who did not answer.",
    "A change is that of the same persons from wave to wave. Groups were not drawn by lot: officers who sought the "
    "team, for one, differ from others before they begin. What the team changed is for the evaluation to say.",
    "Answers were given voluntarily, and nothing here may be used about anybody.",
)


def means_table(returned: WaveReturn, person: str) -> Table:
    """Put mean changes into a table of numbers.

    Parameters
    ----------
    returned : WaveReturn
    person : {"officer", "staff"}
        Whose answers.
    """
    rows = returned.frame
    frame = pd.DataFrame(
        {
            "score": [_label(name, person) for name in rows["score"]],
            "group": [headings.get(name, name.replace("_", " ")) for name in rows["group"]],
            "label": rows["label"].where(rows["group"] != "all", ""),
            **{name: rows[name] for name in ("said", "persons", "change", "low", "high")},
        }
    )
    texts = {"score": "Score", "group": "By", "label": "Group", "said": "Mean of the group"}
    numbers = {"change": "Mean change", "low": "At least (95 %)", "high": "At most (95 %)"}
    columns = (
        *(Column(name, label) for name, label in texts.items()),
        Column("persons", "Persons", "said"),
        *(Column(name, label, "signed") for name, label in numbers.items()),
    )
    return Table(title=_title(returned), frame=frame, columns=columns, note=rounded, support=_persons(rows))


def _section(returned: WaveReturn, score: str, person: str) -> Section:
    """Put the mean changes of one score into a section."""
    rows = returned.frame[returned.frame["score"] == score].reset_index(drop=True)
    low, high = returned.scales[score]
    places = max(0, -math.floor(math.log10(step_of((low, high))) + 1e-9))
    said = [
        "" if pd.isna(row["low"]) else f"{_signed(row['low'], places)} to {_signed(row['high'], places)}"
        for row in rows.to_dict("records")
    ]
    frame = pd.DataFrame(
        {
            "by": [headings.get(name, name.replace("_", " ")) for name in rows["group"]],
            "group": rows["label"].where(rows["group"] != "all", ""),
            "persons": rows["persons"],
            "change": [not_reported if pd.isna(mean) else _signed(mean, places) for mean in rows["change"]],
            "interval": said,
        }
    )
    texts = {"by": "By", "group": "Group"}
    numbers = {"persons": "Persons", "change": "Mean change", "interval": "95 % interval"}
    columns = (
        *(Column(name, label) for name, label in texts.items()),
        *(Column(name, label, "said") for name, label in numbers.items()),
    )
    scale = Sentence(text=f"On a scale from {low:g} to {high:g}; {_direction(score, person)}.", support=of_nobody)
    table = Table(title=_title(returned), frame=frame, columns=columns, note=rounded, support=_persons(rows))
    return Section(title=_label(score, person), blocks=(scale, table))


def _signed(number: float, places: int) -> str:
    return f"{number:+.{places}f}".replace("-", "−")


def _title(returned: WaveReturn) -> str:
    return f"Mean change from wave {returned.between[0]} to wave {returned.between[1]}"


def _persons(rows: pd.DataFrame) -> pd.DataFrame:
    """Fewest persons that each reported mean is said to be of."""
    return pd.DataFrame({"persons": pd.to_numeric(rows["persons"].str.split(" ").str[0], errors="coerce")})


def _label(score: str, person: str) -> str:
    fields = dictionary.table(waves_of[person])
    return fields.field(score).label if score in fields.names else score


def _direction(score: str, person: str) -> str:
    """Say what a high score means, as the dictionary does."""
    fields = dictionary.table(waves_of[person])
    return fields.field(score).why.split("; ")[-1] if score in fields.names else "see its key"


def means_page(returned: WaveReturn, person: str, employer: str) -> Page:
    """Put mean changes on a page with how to read them.

    Parameters
    ----------
    returned : WaveReturn
    person : {"officer", "staff"}
    employer : str
    """
    hidden = int((returned.frame["said"] == not_reported).sum())
    many = f"{len(returned.frame) - hidden} of {len(returned.frame)} means are reported."
    lines = tuple(Sentence(text=text, support=of_nobody) for text in how_to_read)
    scores = list(dict.fromkeys(returned.frame["score"]))
    return Page(
        title=f"Answers of {'officers' if person == 'officer' else 'staff'}, wave by wave",
        subtitle=f"For {employer}",
        finding=(Sentence(text=many, support=of_nobody),),
        sections=(
            *(_section(returned, score, person) for score in scores),
            Section(title="How to read this", blocks=(Bullets(items=lines),)),
        ),
    )
