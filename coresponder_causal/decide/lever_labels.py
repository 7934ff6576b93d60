"""The lever of labels: crises that intake does not name, counted by two records that err, or by people who read.

Reference: Tenenbein (1970), doi:10.1080/01621459.1970.10481170 (counts from an erring record and a true reading of a
sample); Brown, Cai & DasGupta (2001), doi:10.1214/ss/1009213286 (Jeffreys' rule).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.data.metrics_eligible import eligibility, eligible_reported, flags
from coresponder_causal.decide.converted import Attendance
from coresponder_causal.decide.improve import Lever
from coresponder_causal.decide.worth_of_calls import (
    Flags,
    PerCall,
    Yearly,
    fewest_weeks,
    lacking,
    lacks_for,
    no,
    worth,
    yes,
)

fewest_read = 10


def lever_labels(each: PerCall, calls: pd.DataFrame, narratives: pd.DataFrame | None = None) -> Lever:
    """Let intake know a crisis by its name: calls of the team's hours that turned out to be one and were not labelled.

    Parameters
    ----------
    each : PerCall
    calls : DataFrame
        As for `lever_reach`, with ``final_type`` and a flag (``crisis_on_scene`` or ``crisis_flagged``).
    narratives : DataFrame, optional
        ``call_id, crisis_coded, coded_by, sampling_probability``: what people read in a drawn sample. With ten or more
        of either flag they say how often the flag is right; else the flag and the last code bound the count: both say
        crisis, or either.

    Notes
    -----
    A call that is labelled is taken to be attended as often as labelled ones are. The code at intake and the flag both
    err, and the flag may err otherwise where the team came: only calls that it did not attend are counted here.
    """
    what = "label at intake the crises that are found only on scene"
    flag = next((name for name in flags if name in calls), None)
    needed = ("received_at", "initial_type", "final_type", "team_on_duty", "attended")
    empty = Lever(what=what, currency="averted", outcome=each.outcome)
    if lacks := lacking(calls, needed):
        return lacks_for(empty, lacks)
    if flag is None:
        return lacks_for(empty, f"what was found on scene: {' or '.join(flags)}")
    on, heard, gone = yes(calls["team_on_duty"]), yes(eligible_reported(calls)), calls["attended"]
    unheard = ~heard & eligible_reported(calls).notna().to_numpy() & no(gone)
    reached = _reached(calls[on & heard & gone.notna().to_numpy()])
    if reached is None or not (unheard & on).any():
        return lacks_for(empty, "eight weeks of calls in the team's hours, with whether it attended")
    tapped = calls[flag].astype("boolean")
    read = _read(calls, tapped, unheard, narratives)
    if read is not None:
        counted = _by_reading(calls, tapped, unheard & on, read)
        formula = "flagged and other unlabelled calls a year × the share of each that people read as a crisis"
        ends, said = (counted, counted), f"{len(read):,} narratives read by people"
    else:
        code = calls["final_type"].str.casefold().map(eligibility("found")).eq("yes").to_numpy()
        both, either = code & yes(tapped), code | tapped.fillna(True).to_numpy(bool)
        found = [Yearly.of_weeks(calls["received_at"], (unheard & on & one).astype(float)) for one in (both, either)]
        ends = found[0], found[1]
        formula = "unlabelled calls a year that both the flag and the last code, or either, call a crisis"
        said = "a range: neither record is the truth, and a sample of narratives read by people would narrow it"
    return worth(
        each,
        [None if end is None else _share_of(end, reached) for end in ends],
        what=what,
        formula=f"{formula} × share of labelled calls attended × events averted per attended call",
        assumes=f"these calls would gain as much as {each.of}, and be attended as often as labelled ones",
        said=said,
        many=int((unheard & on).sum()),
    )


def _share_of(calls: Yearly, reached: Attendance) -> Yearly:
    """Count calls a year of which a share is attended, with the errors of both."""
    error = np.hypot(calls.std_error * reached.share, calls.mean * reached.std_error)
    return Yearly(calls.mean * reached.share, float(error))


def _reached(heard: pd.DataFrame) -> Attendance | None:
    """Count the share attended of labelled calls in the team's hours."""
    weeks = heard["received_at"].dt.to_period("W").astype(str)
    if weeks.nunique() < fewest_weeks or not heard["attended"].any():
        return None
    return Attendance.of_calls(heard["attended"].astype("boolean"), weeks)


def _read(
    calls: pd.DataFrame, tapped: pd.Series, unheard: Flags, narratives: pd.DataFrame | None
) -> pd.DataFrame | None:
    """Find readings by people of unlabelled calls that the team did not attend; None if too few of one flag."""
    needed = {"call_id", "crisis_coded", "coded_by"}
    if narratives is None or not needed <= set(narratives) or tapped[unheard].isna().any():
        return None
    hand = narratives[narratives["coded_by"].eq("hand") & narratives["crisis_coded"].notna()]
    known = calls[["call_id"]].assign(flag=tapped)[unheard].merge(hand.drop_duplicates("call_id"), on="call_id")
    sizes = known["flag"].value_counts()
    return known if sizes.reindex([True, False], fill_value=0).min() >= fewest_read else None


def _by_reading(calls: pd.DataFrame, tapped: pd.Series, unheard: Flags, read: pd.DataFrame) -> Yearly | None:
    """Count calls a year that people would read as a crisis: Σ_f n_f λ_f, with λ_f the share so read of flag f.

    Shares by Jeffreys' rule, over the number of readings that equal chances would need for as much.
    """
    chance = (
        read["sampling_probability"].astype(float) if "sampling_probability" in read else pd.Series(1.0, read.index)
    )
    weight, error, share_of = 1 / chance, 0.0, np.zeros(len(calls))
    for flag in (True, False):
        own = read["flag"].eq(flag).to_numpy(bool)
        w, yes = weight[own].to_numpy(float), read.loc[own, "crisis_coded"].astype(float).to_numpy()
        size = w.sum() ** 2 / (w**2).sum()
        share = (size * (w @ yes) / w.sum() + 0.5) / (size + 1)
        share_of[tapped.eq(flag).to_numpy(bool)] = share
        counted = Yearly.of_weeks(calls["received_at"], (unheard & tapped.eq(flag).to_numpy(bool)).astype(float))
        error += 0.0 if counted is None else counted.mean**2 * share * (1 - share) / (size + 2)
    together = Yearly.of_weeks(calls["received_at"], unheard * share_of)
    return None if together is None else Yearly(together.mean, float(np.hypot(together.std_error, np.sqrt(error))))
