"""Where bias enters a call: with what is written of it, with who takes it, or with the officers who come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, DesignError, EstimationError
from coresponder_causal.core.inference import holm
from coresponder_causal.core.leniency import leniency
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.verdict import judged
from coresponder_causal.decide.stage_gap import Stage, stage_row
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.compared_calls import ComparedCalls, compared_calls

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
label_stage, taker_stage, officer_stage = "callers and call takers", "call takers", "officers"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WhereBias:
    """Gaps between groups of calls that are alike up to a stage, one row per stage and group.

    Parameters
    ----------
    table : DataFrame
        ``stage, group, gap, std_error, conf_low, conf_high, p_value, p_holm, power, verdict, calls, events, persons``;
        the last three count calls with others beside them, of the group or of the reference, whichever has fewer.
        ``gap`` is a difference of shares; of the stage ``call takers`` it is how much wider the gap in what is written
        is of the strictest quarter of the call takers than of the most lenient one. ``power`` is that of a gap of 0.05.
        A stage at which all like calls end alike has no row, which a doubt says.
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
    clusters: Clusters = "person",
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
    clusters : {"person", "week", "person and week"}
        As in `disparity_rates`. Gaps of call takers are judged by persons and call takers, which cross.
    level : float

    Returns
    -------
    WhereBias
        A verdict contradicts equal treatment where the gap differs from 0 at 5 % by Holm's correction over all rows.

    Raises
    ------
    DesignError
        Listing every broken rule: columns that are missing, an outcome that is not yes or no, no such group, labels
        in ``worse`` that no call has.
    EstimationError
        Too few calls in cells of both groups.

    Notes
    -----
    With fewer than 15 events, or calls without one, on a side the interval reaches as far as Newcombe's for the gap
    of two shares, by effective numbers: t alone is too narrow. Of call takers that is said by a doubt.

    Rests on what was found: where officers write what they expected to see, a bias of theirs hides in ``found`` and
    shows at no stage, or at the wrong one. A label that differs with what happened, and is not in ``alike`` or
    ``found``, looks like bias. Not for calls of which it is unknown what was found: see `label_sensitivity`.

    References
    ----------
    Jackson & VanderWeele (2018), doi:10.1097/EDE.0000000000000901; Arnold, Dobbie & Hull (2022),
    doi:10.1257/aer.20201653 (deciders drawn by chance); Newcombe (1998), Statistics in Medicine 17:873. Simulated
    truth.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> asked = {"group": "group", "reference": "reference", "worse": ["disturbance"], "outcome": "arrest"}
    >>> where_bias(biased_calls(calls=8000, caller_bias=0.15), **asked).enters_with()
    ('callers and call takers',)
    >>> where_bias(biased_calls(calls=8000, officer_bias=0.08), **asked).enters_with()
    ('officers',)
    """
    named = [label, found, *alike, *sent, *([taker] if taker else [])]
    with collecting() as said:
        read = compared_calls(
            calls, subject="where_bias", group=group, reference=reference, wanted=named, yes_no=[outcome],
            person=person, clusters=clusters, level=level,
        )  # fmt: skip
        if strange := sorted(set(worse) - set(read.table[label].dropna())):
            raise DesignError(f"no call is labelled {', '.join(strange)}", mend=f"name labels of '{label}' in worse")
        known = read.table[[found, label, outcome]].notna().all(axis=1).to_numpy()
        if lost := int((~known).sum()):
            note(
                f"{lost} of {len(known)} calls without label, without what was found or without {outcome} are left out"
            )
        read = read.keep(known)
        written, done = np.asarray(read.table[label].isin(list(worse)), float), read.yes(outcome)
        in_need = ~read.table[found].isin(list(worse)).to_numpy()
        before = _cells(read.table, [found, *alike])
        stages = [Stage(label_stage, written, in_need, before, read.clusters)]
        if taker is not None:
            stages += _of_takers(read, written, in_need, taker, [found, *alike])
        alike_until = _cells(read.table, [label, found, *alike, *sent])
        stages.append(Stage(officer_stage, done, np.ones(len(done), bool), alike_until, read.clusters))
        told = [stage_row(stage, read, name, level) for stage in stages for name in read.groups.others]
        rows = [row for row in told if row is not None]
        if not rows:
            raise EstimationError("at no stage do calls that are alike end unlike", mend="bring more calls")
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p_value"])
    pairs = zip(table["p_holm"], table["power"], strict=True)
    table["verdict"] = [judged(rejects=p < 0.05, power=able) for p, able in pairs]
    return WhereBias(table=table, notes=tuple(said))


def _of_takers(
    read: ComparedCalls, written: Array, in_need: Flags, taker: str, alike: Sequence[str]
) -> tuple[Stage, ...]:
    """Give the stage of the call takers; none, and a note, where they write alike."""
    takers = read.table[taker]
    cells = _cells(read.table.assign(hour=_hours(read.table)), [*alike, "hour"])
    known = in_need & takers.notna().to_numpy()
    if lost := int((in_need & ~known).sum()):
        note(f"{lost} calls without a code of who took them are left out where takers are compared")
    strict = _strictness(written, takers, cells, known)
    if not np.ptp(strict):
        note("call takers write alike: whether a gap is theirs cannot be seen")
        return ()
    codes = pd.Index(pd.factorize(takers)[0])
    return (Stage(taker_stage, written, known, cells, (read.persons, codes), strict),)


def _strictness(written: Array, takers: pd.Series, cells: pd.Series, rows: Flags) -> Array:
    """How much oftener each taker writes the label in other calls, over the span from lowest to top quarter."""
    found = np.zeros(len(written))
    nothing = pd.DataFrame(index=range(int(rows.sum())))
    own = leniency(written[rows], takers[rows].to_numpy(), strata=cells[rows].to_numpy(), regressors=nothing)
    first, last = np.quantile(own, [0.125, 0.875])
    found[rows] = own / (last - first) if last > first else 0.0
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
