"""Did events change, or what is put on record of them? A change of a count along the course from call to record.

A call is counted at every stage that it reaches: it came in, it was sent to, a report was written, a person was
arrested. With N_k the calls that reached stage k, log N_K = log N_0 + Σ log(N_k/N_{k−1}), so that a change of the last
count is the sum of the changes of its stages.

Estimator: every stage has the same contrast, the difference of log counts after less before the start, in covered less
uncovered hours (or in all hours), here less the mean of comparison cities. It is that of a saturated Poisson regression
of counts pooled over each side of the start, so that weeks without an event cost nothing, and it is linear in the log
counts, so that stages add up to the total exactly.

Inference: weekly counts over their mean, less 1, are the errors of a log count; after the start what follows the hours
that the team was planned for is taken out of the city's own, so that staff that arrives over months is not taken for
noise. Those of all stages are taken together
week by week and city by city; each stage and each sum is a contrast of them, with the prediction interval of
`core.prediction.predict_effects`. A sum therefore holds how its stages move together, and is not put together from
errors of single stages.

What is upstream: everything until somebody was sent comes from dispatch, where no responder writes. The share of calls
with a record changes if other things happened on scene or if the same were recorded otherwise. A *witness* (events that
others record too, such as stays in hospital) tells the two apart: its share of calls says what happened on scene, and
records per witnessed event how much of it came on record. Without a witness that stage stays whole, and both sums are
sets: from none of it to all of it, if the two parts did not move against each other.

Rule: a part is named if its interval lies wholly on that side of no change to which the record moved, and it is at
least half of what the record moved. What dispatch alone knows comes first, which needs no witness; then what dispatch
and witness say together; then recording. Each is wrong, where that part did not change, in half of (1 − level): where
only recording changed, "upstream" is said in at most (1 − level) of studies.

Reference: the identity by hand, and simulated worlds in which events or only records change; the funnel as the rival
explanation of Dee & Pyne 2022, doi:10.1126/sciadv.abm2106.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.core.prediction import predict_effects
from coresponder_causal.decide.assumptions import Funnel, recording_of
from coresponder_causal.design import CoverageDesign

Array = NDArray[np.float64]
Against = Literal["other_hours", "cities"]
Part = Literal["upstream", "scene", "recording", "scene or recording", "afterwards"]
usual_stages, usual_witness = ("dispatched_at", "report_filed", "arrest"), ("ed_transport",)
least_cities, few_cities, few_events, half = 3, 5, 10, 0.5

rule: tuple[tuple[str, Funnel], ...] = (("dispatch", "upstream"), ("upstream", "upstream"), ("recording", "recording"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decomposed:
    """A change of a record, stage by stage; made by `funnel`.

    Parameters
    ----------
    rows : DataFrame
        One row per stage in order: ``stage``, ``given`` (the stage before), ``part`` (upstream, scene, recording, scene
        or recording, afterwards), ``events`` (calls of the city that reached it), ``log_change, std_error, df, low,
        high`` and ``share`` of the change of the record, missing where its interval holds no change.
    sums : DataFrame
        Rows ``record, dispatch, upstream, recording, last``: the change of what is on record, of what dispatch alone
        knows, of what happened, of recording, and of the last count; ``log_low`` and ``log_high``, equal unless the sum
        is a set; ``std_error`` (NaN for a set), ``std_error_apart`` as if stages were independent; ``low, high``.
    verdict : {"upstream", "recording", "unknown"}
    record : str
        The stage that is the record.
    witness : tuple of str
    against : {"other_hours", "cities"}
    city, start : str
    cities : int
        Comparison cities.
    level : float
    notes : tuple of str
        What is to be known of the counts.
    """

    rows: pd.DataFrame
    sums: pd.DataFrame
    verdict: Funnel
    record: str
    witness: tuple[str, ...]
    against: Against
    city: str
    start: str
    cities: int
    level: float
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Decomposed: change of {self.record} in {self.city} from {self.start}: {self.verdict}; see .rows, .sums"


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Change of each log count by city, shape (1 + m, K), and its weekly errors, shape (T, 1 + m, K).

    ``after`` of the T weeks, their ``week`` numbers, and the ``events`` of each count in the treated city.
    """

    change: Array
    errors: Array
    after: NDArray[np.bool_]
    week: Array
    events: Array


def funnel(
    d: CoverageDesign,
    *,
    stages: Sequence[str] = usual_stages,
    record: str = "report_filed",
    witness: Sequence[str] = usual_witness,
    against: Against = "other_hours",
    level: float = 0.95,
) -> Decomposed:
    """Decompose a change of records into what happened and what was recorded.

    Parameters
    ----------
    d : CoverageDesign
        Formed of calls. Its rule of eligibility is the label at receipt.
    stages : sequence of str
        Columns of its calls, in order: yes or no, or a time that is missing where the stage was not reached. A call
        that did not reach one stage reached none after it.
    record : str
        The one of ``stages`` that responders write. Those before it must be known from elsewhere.
    witness : sequence of str
        Columns of events on scene that others record too; a call with any of them is witnessed. Empty: none is known.
    against : {"other_hours", "cities"}
        Covered against uncovered hours and across cities; or all hours of the city against the other cities, which is
        the change of the whole bundle.
    level : float

    Returns
    -------
    Decomposed

    Raises
    ------
    DesignError
        If the design holds no calls, or a column is not there or neither yes or no nor a time.
    EstimationError
        With fewer than three comparison cities, or none of a stage's calls before or after the start.

    Notes
    -----
    Witnessed events are themselves changed by a team that sends fewer people to hospital: "what happened on scene" is
    what the witness saw. Records per witnessed event are not to be read where the team changes the witness alone.

    Examples
    --------
    >>> from coresponder_causal.simulate import world
    >>> w = world("funnel_only", seed=1)
    >>> asked = {"outcome": "report_filed", "start": "2020-07-15", "exposure": "calls"}
    >>> d = CoverageDesign.from_tables(w.tables["calls"], w.tables["schedule"], **asked)
    >>> funnel(d).verdict
    'recording'
    """
    with collecting() as said:
        reached, names = _reached(d, stages, record, witness)
        counts = _counts(d, reached, against)
        if not witness:
            note("no witness tells what happened on scene from what was recorded of it: both sums are sets")
    rows = _rows(names, list(stages), record, bool(witness))
    steps = np.array(rows.pop("contrast").tolist())
    at = {part: steps[rows["part"].eq(part).to_numpy()].sum(axis=0) for part in dict.fromkeys(rows["part"])}
    estimated = pd.DataFrame([_contrast(counts, c, level) for c in steps])
    made = pd.concat([rows.assign(events=counts.events[rows.pop("place")]), estimated], axis=1)
    sums = _sums(counts, at, made, level)
    on_record = sums.to_dict("index")["record"]
    moved = on_record["low"] * on_record["high"] > 0
    made["share"] = (made["log_change"] / on_record["log_low"]).where(made["part"].ne("afterwards") & moved)
    return Decomposed(
        rows=made,
        sums=sums,
        verdict=_verdict(sums),
        record=record,
        witness=tuple(witness),
        against=against,
        city=d.treated,
        start=d.start,
        cities=counts.change.shape[0] - 1,
        level=level,
        notes=tuple(said),
    )


def _reached(
    d: CoverageDesign, stages: Sequence[str], record: str, witness: Sequence[str]
) -> tuple[Array, tuple[str, ...]]:
    """Whether each call reached each stage, the call itself first and witnessed calls last, shape (n, K)."""
    calls = d.require_calls()
    if record not in stages:
        raise DesignError(f"the record '{record}' is not among the stages", mend=f"name one of {', '.join(stages)}")
    for name in (name for name in witness if recording_of(name).by_responders):
        doubt(f"the responders write '{name}' themselves: as a witness it may change as the record does")
    flags = {name: _flag(calls, name) for name in (*stages, *witness)}
    passed = np.column_stack([np.ones(len(calls)), *(flags[name] for name in stages)])
    nested: Array = np.multiply.accumulate(passed, axis=1)
    if not witness:
        return nested, ("calls", *stages)
    before = nested[:, list(stages).index(record)]
    seen = np.any([flags[name] for name in witness], axis=0)
    return np.column_stack([nested, before * seen]), ("calls", *stages, "witness")


def _flag(calls: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """Whether a stage was reached; what is not known counts as not, and is said."""
    if name not in calls:
        raise DesignError(f"the calls have no column '{name}'", mend="leave the stage out: the next one holds its part")
    values = calls[name]
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.notna().to_numpy(bool)
    if not values.dropna().isin([0, 1]).all():
        raise DesignError(f"'{name}' is neither yes or no nor a time", mend="make it one")
    if values.isna().any():
        doubt(f"'{name}' is not known of {int(values.isna().sum())} of {len(calls)} calls: they count as not reached")
    return values.fillna(False).to_numpy(bool)


def _counts(d: CoverageDesign, reached: Array, against: Against) -> _Counts:
    """Pool the counts of each city on each side of the start, and in covered and uncovered hours."""
    calls = d.require_calls()
    cities = [d.treated, *d.comparison_units]
    place = pd.Index(cities).get_indexer(pd.Index(calls["city"]))
    week, at = np.unique(calls["week"].to_numpy(), return_inverse=True)
    after = np.bincount(at, weights=calls["after"]) > 0
    side = calls["covered"].to_numpy(int) if against == "other_hours" else np.ones(len(calls), int)
    sides = np.zeros((len(week), len(cities), 2, reached.shape[1]))
    np.add.at(sides, (at, place, side), reached)
    used = sides if against == "other_hours" else sides[:, :, 1:]
    kept = _kept(cities, used, after)
    mean = np.where(after[:, None, None, None], used[after].mean(axis=0), used[~after].mean(axis=0))[:, kept]
    change = np.log(used[after][:, kept].mean(axis=0) / used[~after][:, kept].mean(axis=0))
    errors, signs = used[:, kept] / mean - 1, np.array([-1.0, 1.0])[-used.shape[2] :]
    errors[after, 0] = _unplanned(errors[after, 0], _planned(d, week[after]))
    return _Counts(
        np.einsum("jsk,s->jk", change, signs),
        np.einsum("tjsk,s->tjk", errors, signs),
        after,
        week.astype(float),
        used[:, 0].sum(axis=(0, 1)),
    )


def _planned(d: CoverageDesign, week: NDArray[np.int64]) -> Array:
    """Team hours planned in each week, less their mean."""
    began = (d.roster["shift_start"] - d.begin) // pd.Timedelta(days=7)
    hours = d.roster["planned_hours"].groupby(began).sum().reindex(week, fill_value=0.0).to_numpy(float)
    return np.asarray(hours - hours.mean())


def _unplanned(errors: Array, planned: Array) -> Array:
    """Take out what follows the team's planned hours: an effect that comes with staff is no error of its mean."""
    if np.ptp(planned) < 1e-9:
        return errors
    slope = np.tensordot(planned, errors, axes=1) / (planned @ planned)
    return np.asarray(errors - planned[:, None, None] * slope)


def _kept(cities: list[str], sides: Array, after: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Places of the cities that have every count on both sides of the start."""
    least = np.minimum(sides[after].sum(axis=0), sides[~after].sum(axis=0)).min(axis=(1, 2))
    if least[0] == 0:
        raise EstimationError(
            f"a stage has no call in {cities[0]} in covered or uncovered hours before or after the start",
            mend="leave the stage out, so that the next one holds its part",
        )
    if least[0] < few_events:
        doubt(f"a stage rests on {least[0]:.0f} calls in {cities[0]} on one side of the start: its interval is rough")
    kept = np.flatnonzero(least > 0)
    if gone := [city for city, events in zip(cities, least, strict=True) if events == 0]:
        doubt(f"left out, for a stage that no call reached on one side of the start: {', '.join(gone)}")
    if len(kept) - 1 < least_cities:
        raise EstimationError(
            f"{len(kept) - 1} comparison cities have every stage: how far cities drift apart cannot be seen",
            mend=f"bring the calls of at least {least_cities}, or leave rare stages out",
        )
    if len(kept) - 1 < few_cities:
        doubt(f"{len(kept) - 1} comparison cities: the spread between cities is hardly known")
    return kept


def _rows(names: tuple[str, ...], stages: list[str], record: str, witnessed: bool) -> pd.DataFrame:
    """Stages in order, each with the contrast of log counts that is its change."""
    unit = dict(zip(names, np.eye(len(names)), strict=True))
    made: list[tuple[str, str, Part, int, Array]] = [("calls", "", "upstream", 0, unit["calls"])]
    before = "calls"
    for name in stages:
        part: Part = "upstream"
        if name == record:
            part = "scene or recording"
            if witnessed:
                made.append(("witness", before, "scene", len(names) - 1, unit["witness"] - unit[before]))
                before, part = "witness", "recording"
        elif stages.index(name) > stages.index(record):
            part = "afterwards"
        made.append((name, before, part, names.index(name), unit[name] - unit[before]))
        before = name
    return pd.DataFrame(made, columns=["stage", "given", "part", "place", "contrast"])


def _contrast(counts: _Counts, weights: Array, level: float) -> dict[str, float]:
    """Estimate one contrast of log counts; one that every call goes through did not change."""
    errors = counts.errors @ weights
    if np.allclose(errors, 0.0):
        return {"log_change": 0.0, "std_error": 0.0, "df": np.inf, "low": 0.0, "high": 0.0}
    found = predict_effects(counts.change @ weights, errors, counts.after, counts.week)
    error = float(np.sqrt(found.variance))
    low, high = interval(found.effect, error, found.df, level)
    return {"log_change": found.effect, "std_error": error, "df": found.df, "low": float(low), "high": float(high)}


def _sums(counts: _Counts, at: dict[str, Array], rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Sum stages by part, as numbers where a witness parts scene and recording, as sets where none does."""
    none = np.zeros(counts.change.shape[1])
    certain, mixed = at["upstream"] + at.get("scene", none), at.get("scene or recording", none)
    recording, after = at.get("recording", none), at.get("afterwards", none)
    on_record = certain + mixed + recording
    parts = {
        "record": (("upstream", "scene", "recording", "scene or recording"), [on_record]),
        "dispatch": (("upstream",), [at["upstream"]]),
        "upstream": (("upstream", "scene"), [certain, certain + mixed]),
        "recording": (("recording",), [recording, recording + mixed]),
        "last": (tuple(rows["part"]), [on_record + after]),
    }
    made = []
    for name, (held, ends) in parts.items():
        found = [_contrast(counts, end, level) for end in ends]
        whole = len(ends) == 1 or not mixed.any()
        apart = float(np.sqrt((rows["std_error"][rows["part"].isin(held)] ** 2).sum()))
        made.append(
            {
                "part": name,
                "log_low": min(one["log_change"] for one in found),
                "log_high": max(one["log_change"] for one in found),
                "std_error": found[0]["std_error"] if whole else np.nan,
                "std_error_apart": apart if whole else np.nan,
                "low": min(one["low"] for one in found),
                "high": max(one["high"] for one in found),
            }
        )
    return pd.DataFrame(made).set_index("part")


def _verdict(sums: pd.DataFrame) -> Funnel:
    """Apply the rule; of a set its end nearest to no change counts."""
    by_part = sums.to_dict("index")
    record = float(by_part["record"]["log_low"])
    way, limit, nearest = (1, "low", "log_low") if record > 0 else (-1, "high", "log_high")
    for part, verdict in rule:
        if way * by_part[part][limit] > 0 and way * by_part[part][nearest] >= half * abs(record):
            return verdict
    return "unknown"
