"""What default calls find where nothing happened: ``python -m coresponder_causal.validity.safety``, at a checkout.

Data without any effect, and once more with one, go through the calls that the pages of other programs show first, and
through ours: a city among others, the series of one city alone, calls of a town. It writes safety.csv beside this file
and docs/safety.md, row by row, and goes on where it stopped: a row that stands in safety.csv is not measured again. The
other programs are those of the extra ``peers``, imported where they are called.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError, EstimationError
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.core.notes import quietly
from coresponder_causal.validity.safety_calls import town
from coresponder_causal.validity.safety_cities import cities
from coresponder_causal.validity.safety_question import Call, Drawn, Question, nominal, ours, version_of
from coresponder_causal.validity.safety_series import one_series

table_path, page = Path(__file__).with_name("safety.csv"), Path("docs", "safety.md")
questions = (cities, one_series, town)
asked_by = ["question", "program", "version", "call", "draws"]
mostly, errors_allowed = 0.5, 3.0
Key: TypeAlias = tuple[object, ...]


def measured(chosen: tuple[Question, ...] = questions, kept: pd.DataFrame | None = None) -> Iterator[pd.DataFrame]:
    """Run every call on the same data, without an effect and with one.

    Parameters
    ----------
    chosen : tuple of Question
    kept : DataFrame, optional
        An earlier table; its rows are not measured again.

    Yields
    ------
    DataFrame
        The table, after each row that was not there before, and at the end: ``question, program, version, call, draws,
        answers, invented, found``: data sets, those that gave a p-value where nothing happened, those of them with one
        below 5 %, and those where something did.

    Raises
    ------
    EstimationError
        Programs that are not installed.
    """
    versions = {call.program: version_of(call.program) for one in chosen for call in one.calls}
    missing = [name for name, there in versions.items() if not there]
    if missing:
        raise EstimationError(f"{', '.join(missing)} not installed", mend='pip install "coresponder-causal[peers]"')
    asked: dict[Key, tuple[Question, Call]] = {
        (one.name, call.program, versions[call.program], call.code, call.draws): (one, call)
        for one in chosen
        for call in one.calls
    }
    rows = [] if kept is None else kept.itertuples(index=False, name=None)
    found = {row[: len(asked_by)]: row[len(asked_by) :] for row in rows}
    for key, (one, call) in asked.items():
        if key not in found:
            found[key] = _counts(one, call)
            yield _table(asked, found)
    yield _table(asked, found)


def _table(asked: Mapping[Key, object], found: Mapping[Key, tuple[int, ...]]) -> pd.DataFrame:
    rows = [(*key, *found[key]) for key in asked if key in found]
    return pd.DataFrame(rows, columns=[*asked_by, "answers", "invented", "found"])


def _counts(one: Question, call: Call) -> tuple[int, int, int]:
    """Answers where there is nothing, and p-values below the nominal size where there is nothing and something."""
    without, with_effect = (
        np.array([_asked(call, drawn) for drawn in islice(one.draw(size), call.draws)]) for size in (0.0, one.effect)
    )
    below = [int((p_values < nominal).sum()) for p_values in (without, with_effect)]
    return int(np.isfinite(without).sum()), below[0], below[1]


def _asked(call: Call, drawn: Drawn) -> float:  # type: ignore[type-arg]
    """P-value of one call, NaN where the program refuses; what other programs warn of is left out."""
    try:
        with quietly(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call.p_value(drawn)
    except CausalError:
        return np.nan


def held(table: pd.DataFrame) -> pd.Series:
    """Say which calls answered and found effects that are not there in 5 % of data sets, but for Monte-Carlo error."""
    most = [many * rejection_rate_limit(nominal, max(many, 1), errors_allowed) for many in table["answers"]]
    return table["answers"].gt(0) & table["invented"].le(pd.Series(most, table.index))


def safety_page(table: pd.DataFrame, chosen: tuple[Question, ...] = questions) -> str:
    """Write the table as a page.

    Parameters
    ----------
    table : DataFrame
        As `measured` gives it last.
    chosen : tuple of Question

    Returns
    -------
    str
        Markdown.
    """
    sections = "\n".join(_section(one, table[table["question"] == one.name]) for one in chosen)
    return f"""# What is found where nothing happened

The same data go through default calls of other programs and through ours. Where nothing happens, a test at 5 % should \
find an effect in 5 % of data sets at most; where something does, in many. A test that often finds effects that are \
not there says nothing when it finds one; a test that finds none is blind. ± is one Monte-Carlo error; slow calls went \
through fewer data sets. A call “holds” where what it invents is within {errors_allowed:g} such errors of 5 %.

{sections}
Written, with `coresponder_causal/validity/safety.csv`, by `python -m coresponder_causal.validity.safety`.
"""


def _section(one: Question, rows: pd.DataFrame) -> str:
    lines = "\n".join(
        f"| {row.program} {row.version} | `{_cell(row.call)}` | {row.draws} | {_shares(row)} |"
        for row in rows.itertuples(index=False)
    )
    return f"""## {one.name}

{one.told}

| Program | Call | Data sets | Found an effect where there is none | Found it where there is one |
| --- | --- | ---: | ---: | ---: |
{lines}

{_conclusion(rows)}
"""


def _conclusion(rows: pd.DataFrame) -> str:
    """Sort the calls by what they are worth, ours among them."""
    holds, sees, refuses = held(rows), rows["found"] >= mostly * rows["answers"], rows["answers"] == 0
    said = {
        f"Hold, and find the effect in {100 * mostly:g} % of data sets or more": holds & sees,
        "Hold, and are blind to it more often than not": holds & ~sees,
        "Find what is not there": ~holds & ~refuses,
        "Refuse, and name what to take": refuses,
    }
    lines = [f"- {words}: {_named(rows[chosen])}." for words, chosen in said.items() if chosen.any()]
    return "\n".join(lines) + _most_often(rows[holds & sees])


def _most_often(rows: pd.DataFrame) -> str:
    """Name the call that finds the effect most often among those that hold, and the first of ours."""
    shares = (rows["found"] / rows["answers"]).sort_values(ascending=False, kind="stable")
    ranked = rows.loc[shares.index]
    mine = ranked[ranked["program"] == ours]
    if ranked.empty or mine.empty:
        return ""
    first, own = (f"`{_cell(one.iloc[0]['call'])}`" for one in (ranked, mine))
    said = [f"{100 * shares[one.index[0]]:.1f} %" for one in (ranked, mine)]
    if first == own:
        return f"\n\nOf those that hold ours finds the effect most often: {own}, {said[0]}."
    whose = ranked.iloc[0]["program"]
    most = f"{first} of {whose} finds the effect most often, {said[0]}"
    return f"\n\nOf those that hold {most}; of ours {own}, {said[1]}."


def _named(rows: pd.DataFrame) -> str:
    """Name ours one by one, of others the programs."""
    mine, others = rows[rows["program"] == ours], rows[rows["program"] != ours]
    counts = others["program"].value_counts(sort=False)
    said = [f"{program} ({many} call{'s' if many > 1 else ''})" for program, many in counts.items()]
    own = ["of ours " + ", ".join(f"`{_cell(call)}`" for call in mine["call"])] if len(mine) else []
    return "; ".join([*([", ".join(said)] if said else []), *own])


def _cell(code: object) -> str:
    """Escape what would end the cell of a table."""
    return str(code).replace("|", "\\|")


def _shares(row: tuple[object, ...]) -> str:
    answers, invented, found = (int(str(count)) for count in row[-3:])
    if not answers:
        return "refuses, and names what to take | "
    return " | ".join(_share(count, answers) for count in (invented, found))


def _share(count: int, answers: int) -> str:
    drawn_to = (count + 0.5) / (answers + 1)
    return f"{100 * count / answers:.1f} % (± {100 * np.sqrt(drawn_to * (1 - drawn_to) / answers):.1f})"


if __name__ == "__main__":
    had = pd.read_csv(table_path) if table_path.exists() else None
    for table in measured(kept=had):
        table.to_csv(table_path, index=False)
    page.write_text(safety_page(table), encoding="utf-8")
