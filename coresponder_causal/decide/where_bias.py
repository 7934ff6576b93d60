"""Where bias enters a call: with what is written of it, with who takes it, or with the officers who come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, DesignError, EstimationError, Problems
from coresponder_causal.core.inference import holm, interval, p_value
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.leniency import leniency
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.two_stage import swept
from coresponder_causal.core.verdict import judged
from coresponder_causal.design import columns
from coresponder_causal.design.compared_groups import compared_groups

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
label_stage, taker_stage, officer_stage = "callers and call takers", "call takers", "officers"
matters = 0.05  # a gap of this size, in the share of calls, is one that a stage should be able to show


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WhereBias:
    """Gaps between groups of calls that are alike up to a stage, one row per stage and group.

    Parameters
    ----------
    table : DataFrame
        ``stage, group, gap, std_error, conf_low, conf_high, p_value, p_holm, power, verdict, calls, persons``. ``gap``
        is a difference of shares; of the stage ``call takers`` it is how much wider the gap in what is written is of
        the strictest quarter of the call takers than of the most lenient one. ``power`` is that of a gap of 0.05.
    notes : tuple of str
        Who was left out, and what the comparison cannot see.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        found = self.table.loc[self.table["verdict"] == "contradicts", "stage"].unique().tolist()
        return f"WhereBias: groups are treated unlike by {', '.join(found) or 'no stage that was seen'}; see .table"

    def enters_with(self) -> tuple[str, ...]:
        """Name the stages at which groups whose calls are alike are treated unlike."""
        return tuple(dict.fromkeys(self.table.loc[self.table["verdict"] == "contradicts", "stage"]))


class _Stage(NamedTuple):
    """One stage: its name, the outcome, the calls it is looked for in, and the cells in which they are alike."""

    name: str
    y: Array
    rows: Flags
    cells: pd.Series
    factor: Array | None = None


def where_bias(
    calls: pd.DataFrame,
    *,
    group: str,
    reference: str,
    worse: Sequence[str],
    outcome: str,
    alike: Sequence[str] = ("caller_type",),
    label: str = "initial_type",
    found: str = "final_type",
    taker: str | None = "call_taker",
    person: str | None = "person",
    sent: Sequence[str] = ("attended",),
    level: float = 0.95,
) -> WhereBias:
    """Compare groups stage by stage, each among calls that are alike in all that went before.

    What is written: among calls of which the same was found in the end and of the same kind of caller, how much more
    often the label is one of ``worse``. Call takers: whether that gap is wider with takers who write such labels more
    often, measured by the calls of others, within hours of the day: who takes a call is chance there, so that this is
    of the takers and not of callers. Officers: among calls written and found the same, with the same team sent, how
    much more often the outcome follows.

    Parameters
    ----------
    calls : DataFrame
        One row per call of which it is known what was found.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    worse : sequence of str
        Labels that a call about somebody in need should not have, such as ``disturbance``.
    outcome : str
        What officers do, yes or no, such as ``arrest``.
    alike : sequence of str
        Columns known at receipt in which calls are made alike.
    label, found, taker, person : str
        Columns of what was written first, what was found, who took the call (with ``hour`` or ``received_at``; None: no
        such stage), and the person.
    sent : sequence of str
        Columns that say who came.
    level : float

    Returns
    -------
    WhereBias
        A verdict contradicts equal treatment where the gap differs from 0 at 5 % by Holm's correction over all rows.

    Raises
    ------
    DesignError
        Columns that are missing, an outcome that is not yes or no, no such group.
    EstimationError
        Too few calls in cells of both groups.

    Notes
    -----
    Rests on what was found: where officers write what they expected to see, a bias of theirs hides in ``found`` and
    shows at no stage, or at the wrong one. A label that differs with what happened, and is not in ``alike`` or
    ``found``, looks like bias. Not for calls of which it is unknown what was found: see `label_sensitivity`.

    References
    ----------
    Jackson & VanderWeele (2018), doi:10.1097/EDE.0000000000000901; Arnold, Dobbie & Hull (2022),
    doi:10.1257/aer.20201653 (deciders drawn by chance). Simulated truth.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> asked = {"group": "group", "reference": "reference", "worse": ["disturbance"], "outcome": "arrest"}
    >>> where_bias(biased_calls(calls=8000, caller_bias=0.15), **asked).enters_with()
    ('callers and call takers',)
    >>> where_bias(biased_calls(calls=8000, officer_bias=0.08), **asked).enters_with()
    ('officers',)
    """
    hour = _hours(calls) if taker is not None else None
    named = [label, found, outcome, *alike, *sent, *([taker] if taker else []), *([person] if person else [])]
    problems = Problems("calls")
    columns.rectangular(calls, [group, *named], problems)
    problems.raise_if_any(DesignError)
    if not calls[outcome].dropna().isin([0, 1]).all():
        raise DesignError(f"'{outcome}' is not yes or no", mend="recode it: 1 for yes, 0 for no")
    persons = pd.Index(calls[person]) if person else pd.RangeIndex(len(calls))
    with collecting() as said:
        groups = compared_groups(calls, group=group, reference=reference, persons=persons)
        written = np.asarray(calls[label].isin(list(worse)), float)
        seen = (calls[found].notna() & calls[outcome].notna()).to_numpy()
        in_need = seen & ~calls[found].isin(list(worse)).to_numpy()
        before = _cells(calls, [found, *alike])
        stages = [_Stage(label_stage, written, in_need, before)]
        if taker is not None and hour is not None:
            cells = _cells(calls.assign(hour=hour), [found, *alike, "hour"])
            strict = _strictness(written, calls[taker], cells, in_need)
            known = in_need & calls[taker].notna().to_numpy()
            if np.ptp(strict):
                stages.append(_Stage(taker_stage, written, known, cells, strict))
            else:
                note("call takers write alike: whether a gap is theirs cannot be seen")
        done = calls[outcome].fillna(0).to_numpy(float)
        stages.append(_Stage(officer_stage, done, seen, _cells(calls, [label, found, *alike, *sent])))
        rows = [
            _row(stage, groups.member(name), groups.member(reference), persons, name, level)
            for stage in stages
            for name in groups.others
        ]
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p_value"])
    pairs = zip(table["p_holm"], table["power"], strict=True)
    table["verdict"] = [judged(rejects=p < 0.05, power=able) for p, able in pairs]
    return WhereBias(table=table, notes=tuple(said))


def _row(stage: _Stage, member: Flags, other: Flags, persons: pd.Index, name: str, level: float) -> dict[str, object]:
    """Gap of one group at one stage, within cells, clustered by person."""
    used = stage.rows & (member | other)
    x = member[used].astype(float)
    columns_ = [stage.y[used], x if stage.factor is None else x * stage.factor[used]]
    beside = pd.DataFrame(index=range(int(used.sum())))
    if stage.factor is not None:
        beside = pd.DataFrame({"group": x, "strictness": stage.factor[used]})
    left, spent = swept(np.column_stack(columns_), strata=stage.cells[used], regressors=beside)
    y, z = left.T
    if not z @ z > 1e-9:
        raise EstimationError(f"no cell holds calls of '{name}' and of the reference", mend="make fewer columns alike")
    gap = float(z @ y / (z @ z))
    who = persons[used]
    variance = float(clustered(z[:, None], y - gap * z, who, kind="CR1", convention="none")[0, 0])
    many = who.nunique()
    error, df = float(np.sqrt(variance * many / (many - 1) * len(y) / max(len(y) - spent - 1, 1))), float(many - 1)
    low, high = (float(end) for end in interval(gap, error, df, level))
    return {
        "stage": stage.name,
        "group": name,
        "gap": gap,
        "std_error": error,
        "conf_low": low,
        "conf_high": high,
        "p_value": float(p_value(gap / error, df)) if error > 0 else 1.0,
        "power": float(power_of(matters, error, df)) if error > 0 else 0.0,
        "calls": int(used.sum()),
        "persons": int(many),
    }


def _strictness(written: Array, takers: pd.Series, cells: pd.Series, rows: Flags) -> Array:
    """How much oftener each taker writes the label in other calls, over the span from lowest to top quarter."""
    kept = rows & takers.notna().to_numpy()
    found = np.zeros(len(written))
    nothing = pd.DataFrame(index=range(int(kept.sum())))
    own = leniency(written[kept], takers[kept].to_numpy(), strata=cells[kept].to_numpy(), regressors=nothing)
    first, last = np.quantile(own, [0.125, 0.875])
    found[kept] = own / (last - first) if last > first else 0.0
    return found


def _cells(calls: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Give each call the number of its cell; a missing value is a value."""
    texts = calls[list(dict.fromkeys(names))].astype("string").fillna("missing")
    return pd.Series(texts.groupby(list(texts), sort=True).ngroup().to_numpy())


def _hours(calls: pd.DataFrame) -> pd.Series:
    """Six hours of the day in which a call came."""
    if "received_at" in calls:
        return pd.to_datetime(calls["received_at"]).dt.hour // 6
    if "hour" in calls:
        return calls["hour"] // 6
    raise DataError("calls have neither 'received_at' nor 'hour'", mend="bring one of them, or take taker=None")
