"""Scores of officers or staff as a study asks for them: described, estimated, bounded and checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coresponder_causal import check, estimate
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.inference import interval, minimum_detectable_effect
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.result import Result
from coresponder_causal.data import read_table, reliability, scored, scoring_key
from coresponder_causal.decide.at_this_n import at_this_n
from coresponder_causal.design import WaveDesign
from coresponder_causal.design.officer_words import volunteer_words
from coresponder_causal.design.wave_tables import any_call, asked_waves, carried_on, ten_calls, with_calls_beside
from coresponder_causal.estimate.wave_bounds import Method
from coresponder_causal.plan.attempts import tried
from coresponder_causal.plan.text_columns import with_numbers
from coresponder_causal.plan.workforce_block import WavesAsked
from coresponder_causal.report.workforce_found import ScoreFound, WavesFound

Tables = Mapping[str, pd.DataFrame]
people_of = {"officer": "officers", "staff": "staff"}


def waves_found(asked: WavesAsked, tables: Tables) -> WavesFound:
    """Run one entry of [waves].

    Parameters
    ----------
    asked : WavesAsked
    tables : mapping of DataFrame
        Validated tables of the study.

    Raises
    ------
    DataError, DesignError
        Where the rows of the waves, or a design of them, cannot be formed.
    """
    refused: list[str] = []
    with quietly(), collecting() as said:
        answers, items = _answers(asked, tables)
        frame = _asked(asked, tables, answers)
    courses = pd.concat([_course(frame, name) for name in asked.scores], ignore_index=True)
    moved = pd.DataFrame([_moved(frame, asked, name) for name in asked.scores])
    held = asked.exposure is not None
    scores = tuple(_score(frame, asked, name) for name in asked.scores if held)
    ordinal = tuple(_in_order(frame, asked, name) for name in asked.ordinal if held)
    measured = None
    if items is not None:
        key = [score for score in scoring_key(_instrument(asked)) if score.field in asked.scores]
        found = tried("reliability", lambda: reliability(items, instrument=key, by="wave"), refused)
        measured, said = (None, said) if found is None else (found.table, [*said, *found.notes])
    designs = [note for one in (*scores, *ordinal) for note in one.design.notes]
    return WavesFound(
        who=asked.who,
        scores=scores,
        courses=courses,
        moved=moved,
        reliability=measured,
        ordinal=ordinal,
        remarks=tuple(dict.fromkeys((*said, *designs))),
        refused=tuple(refused),
    )


def _instrument(asked: WavesAsked) -> str:
    return asked.instrument or f"{asked.who}_wave"


def _answers(asked: WavesAsked, tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the answers with every score and item that is asked for, and the items where they are given."""
    waves = tables[f"{asked.who}_waves"]
    if asked.items is None:
        if strange := [name for name in asked.ordinal if name not in waves]:
            raise DataError(f"ordinal names {', '.join(strange)}, no score of the waves", mend="name items= too")
        return waves, None
    key = [item for score in scoring_key(_instrument(asked)) for item in score.items]
    items = with_numbers(read_table(asked.items), ("wave", *key), where="the items", about="[waves]")
    made = scored(items, instrument=_instrument(asked))
    keys = [asked.who, "wave"]
    if absent := [name for name in (*keys, *asked.ordinal) if name not in items and name not in made]:
        raise DataError(f"the items have no columns {', '.join(absent)}", mend="add them")
    wanted = [name for name in dict.fromkeys((*asked.scores, *asked.ordinal)) if name in items]
    frame = made[[name for name in made if name not in wanted]].join(items[wanted])
    dates = waves[[*keys, "date"]]
    return frame.drop(columns="date", errors="ignore").merge(dates, on=keys, how="left"), items


def _asked(asked: WavesAsked, tables: Tables, answers: pd.DataFrame) -> pd.DataFrame:
    """Make a row for everybody and each wave, with the exposure."""
    people = tables.get(people_of[asked.who])
    scores = tuple(dict.fromkeys((*asked.scores, *asked.ordinal)))
    own = (asked.exposure,) if asked.who == "staff" and asked.exposure is not None else ()
    frame = asked_waves(
        answers, people, person=asked.who, scores=(*scores, *own), group=asked.group, seen=_seen(asked, tables)
    )
    if asked.group == "volunteered":
        frame["volunteered"] = frame["volunteered"].map(volunteer_words)
    if own:
        return carried_on(frame, asked.who, own[0])
    return frame if asked.exposure is None else with_calls_beside(frame, tables["rides"], exposure=asked.exposure)


def _seen(asked: WavesAsked, tables: Tables) -> pd.DataFrame | None:
    """When everybody was at work: officers by the units sent, where they are known; staff by first and last day."""
    if asked.who == "officer":
        if "units" not in tables:
            return None
        sent = tables["units"].groupby("officer")["dispatched_at"]
        return pd.DataFrame({"first": sent.min(), "last": sent.max()})
    if "staff" not in tables:
        return None
    staff = tables["staff"].set_index("staff")
    first, last = (pd.to_datetime(staff[name]) for name in ("start_date", "end_date"))
    return pd.DataFrame({"first": first, "last": last.fillna(pd.Timestamp.max.floor("D"))})


def _course(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean of a score by wave, of all who answered."""
    found = frame.groupby("wave")[name].agg(["count", "mean", "std"]).reset_index()
    many = found["count"].to_numpy(float)
    low, high = interval(found["mean"], found["std"] / np.sqrt(many), np.maximum(many - 1, 1))
    return found.rename(columns={"count": "persons"}).assign(score=name, low=low, high=high)


def _moved(frame: pd.DataFrame, asked: WavesAsked, name: str) -> dict[str, object]:
    """Change of the same persons from the first to the last wave, and what it means at their number."""
    wide = frame.pivot(index=asked.who, columns="wave", values=name).astype(float)
    first = wide[wide.columns[0]]
    change = (wide[wide.columns[-1]] - first).dropna()
    n, matters = len(change), asked.matters * float(first.std())
    row = {"score": name, "persons": n, "change": change.mean(), "matters": matters}
    if n < 2:
        return row | {"low": np.nan, "high": np.nan, "verdict": "not testable at this n"}
    error = float(change.std() / np.sqrt(n))
    low, high = interval(change.mean(), error, n - 1)
    found = at_this_n(float(low), float(high), detectable=minimum_detectable_effect(error, n - 1.0), matters=matters)
    return row | {"low": float(low), "high": float(high), "verdict": found}


def _design(frame: pd.DataFrame, asked: WavesAsked, name: str) -> WaveDesign:
    """Form the design of one score or item."""
    exposure = {"any": any_call, "calls": ten_calls}.get(str(asked.exposure), str(asked.exposure))
    with quietly(), collecting():
        return WaveDesign.from_frame(
            frame, outcome=name, person=asked.who, wave="wave", exposure=exposure, group=asked.group
        )


def _score(frame: pd.DataFrame, asked: WavesAsked, name: str) -> ScoreFound:
    """Estimate one score within persons, by group, and at both ends of what is not known; with checks."""
    design, refused = _design(frame, asked, name), list[str]()
    first = tried(f"the change of {name}", lambda: estimate.wave_change(design), refused)
    results: tuple[Result, ...] = () if first is None else (first,)
    if asked.group is not None:
        apart = tried(f"{name} by {asked.group}", lambda: estimate.wave_change(design, by=asked.group), refused)
        results += () if apart is None else (apart,)
    ends = {which: _bound(design, asked, which, refused) for which in asked.bounds}
    spread = float(pd.Series(design.values()[~design.source.duplicated(asked.who).to_numpy()]).std())
    least, matters, verdict = design.detectable(), asked.matters * spread, None
    if first is not None:
        row = first.tidy().iloc[0]
        verdict = at_this_n(row["conf_low"], row["conf_high"], detectable=least, matters=matters)
    return ScoreFound(
        design=design,
        detectable=least,
        spread=spread,
        results=results,
        answered=_answered(design, asked, refused) if ends else None,
        lee=ends.get("lee"),
        worst=ends.get("worst case"),
        checks=() if first is None else check.battery(first, design),
        verdict=verdict,
        matters=matters,
        refused=tuple(refused),
    )


def _in_order(frame: pd.DataFrame, asked: WavesAsked, name: str) -> ScoreFound:
    """Estimate the odds of a higher answer, of which only the order counts."""
    design, refused = _design(frame, asked, name), list[str]()
    odds = tried(f"the odds of {name}", lambda: estimate.officer_ordinal(design), refused)
    return ScoreFound(design=design, results=() if odds is None else (odds,), refused=tuple(refused))


def _bound(design: WaveDesign, asked: WavesAsked, which: Method, refused: list[str]) -> Result | None:
    """Bound the difference in change; for the worst case by the ends of the scale, where its key is known."""
    ends: dict[str, float] = {}
    key = [score for score in scoring_key(_instrument(asked)) if score.field == design.outcome and score.how == "mean"]
    if which == "worst case" and key:
        ends = {"least": float(key[0].low), "most": float(key[0].high)}
    what = f"what {design.outcome} can be ({which})"
    return tried(what, lambda: estimate.wave_bounds(design, method=which, **ends), refused)


def _answered(design: WaveDesign, asked: WavesAsked, refused: list[str]) -> Result | None:
    """Compare the change of those exposed between the first and the last wave with that of others, of who answered."""
    ends = design.source[design.source["wave"].isin([design.waves[0], design.waves[-1]])]
    wide = ends.pivot(index=asked.who, columns="wave", values=design.exposure)
    rose = wide[design.waves[-1]] > wide[design.waves[0]]
    exposed = ends[asked.who].map(rose) & (ends["wave"] == design.waves[-1])
    frame = ends.assign(**{design.exposure: exposed.astype(float)})

    def made() -> Result:
        both = WaveDesign.from_frame(
            frame, outcome=design.outcome, person=asked.who, wave="wave", exposure=design.exposure
        )
        return estimate.wave_change(both)

    return tried(f"the change of {design.outcome} from the first to the last wave", made, refused)
