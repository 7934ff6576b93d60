"""The verdict on one outcome by the decision rule, and what would have to be wrong for it to be another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import names_of, require_choice
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import critical, holm, p_value
from coresponder_causal.core.result import Result
from coresponder_causal.decide.assumptions import Funnel, apart, families, recording_of
from coresponder_causal.decide.converted import Bounds
from coresponder_causal.decide.covariance import Joint, joint_covariance
from coresponder_causal.decide.evidence import Evidence, log_error, too_often
from coresponder_causal.decide.pooled import Pooled, pooled_value
from coresponder_causal.decide.rule import Seen, judged, verdicts

Array = NDArray[np.float64]
most_errors, step = 8.0, 0.05
only_described = ("listed: it only describes", "listed: too few cities for its standard error", too_often)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The verdict on an outcome.

    Parameters
    ----------
    outcome : str
    verdict : str
        One of `coresponder_causal.decide.verdicts`.
    rows : tuple of int
        Rows of the evidence that took part, in the order in which their designs are believed.
    found : tuple of int
        -1, 0 or 1 for each: its corrected interval lies below no change, holds it, lies above.
    apart : ndarray of bool
        Which pairs of them count as two.
    funnel : {"upstream", "recording", "unknown"}
    recorded : bool
        Whether the responders record the outcome, so that the funnel matters.
    mde : float
        Smallest fall in percent that one of them finds four times in five.
    flips : DataFrame
        ``what, to, std_errors, ratio``: the least bias of each design, and of all alike, that gives another verdict.
    must_fail : tuple of tuple of str
        Smallest sets of assumptions without whose designs the verdict is another one.
    """

    outcome: str
    verdict: str
    rows: tuple[int, ...]
    found: tuple[int, ...]
    apart: NDArray[np.bool_]
    funnel: Funnel
    recorded: bool
    mde: float
    flips: pd.DataFrame
    must_fail: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        return f"Judged: {self.outcome}: {self.verdict}, by {len(self.rows)} designs; see .flips, .must_fail"


def judge_outcome(
    evidence: Evidence,
    outcome: str,
    *,
    primaries: Sequence[str] = (),
    other_sources: Sequence[str] = (),
    funnel: Funnel = "unknown",
) -> Judged:
    """Apply the decision rule to one outcome.

    Parameters
    ----------
    evidence : Evidence
    outcome : str
    primaries : sequence of str
        Primary outcomes that get a verdict, over which Holm's correction goes; the outcome alone where none is named.
    other_sources : sequence of str
        The same thing as others record it, such as bookings of a jail beside arrests.
    funnel : {"upstream", "recording", "unknown"}
        Where a change of a recorded outcome lies: before anything is recorded, in the recording, or not known.

    Returns
    -------
    Judged

    Raises
    ------
    DesignError
        If no result speaks to the outcome, or the funnel is none of these.
    """
    require_choice("judge_outcome", "funnel", funnel, Funnel)
    primaries, other_sources = names_of(primaries), names_of(other_sources)
    places = _order(evidence, outcome, other_sources)
    if not places:
        raise DesignError(f"no design that may judge speaks to '{outcome}'", mend="estimate it, or name another")
    among = tuple(dict.fromkeys((outcome, *primaries)))
    rows = evidence.frame.iloc[places]
    sources = [recording_of(str(name)) for name in rows["outcome"]]
    doubtful = [one.by_responders and funnel != "upstream" for one in sources]
    pairs = apart(list(rows["assumption"]), list(rows["before"]), [one.source for one in sources], doubtful)
    holds = (rows["falsification"] != "contradicted").to_numpy(bool)
    seen = _seen(evidence, places, among, np.zeros((1, len(places))), holds)
    reached = int(judged(seen, pairs, evidence.rule.designs_needed)[0])
    detectable = rows.loc[holds, "mde"]
    return Judged(
        outcome=outcome,
        verdict=verdicts[reached],
        rows=tuple(places),
        found=tuple(int(u) - int(d) for d, u in zip(seen.down[0], seen.up[0], strict=True)),
        apart=pairs,
        funnel=funnel,
        recorded=any(one.by_responders for one in sources),
        mde=float(detectable.max()) if detectable.notna().any() else float("nan"),
        flips=_flips(evidence, places, among, holds, pairs, reached),
        must_fail=_must_fail(evidence, places, among, holds, pairs, reached),
    )


def pool(evidence: Evidence, outcome: str, *, other_sources: Sequence[str] = ()) -> Pooled:
    """Pool what the designs of an outcome say that are neither contradicted nor only listed.

    Parameters
    ----------
    evidence : Evidence
        With elicited biases.
    outcome : str
    other_sources : sequence of str

    Returns
    -------
    Pooled

    Raises
    ------
    EstimationError
        Without an elicited bias of every design.
    """
    places = pooled_places(evidence, outcome, other_sources)
    ratios, _, joint = joint_of(evidence, places)
    return pooled_value(
        ratios,
        joint,
        [float(evidence.results[i].df[0]) for i in places],
        methods=[evidence.results[i].method for i in places],
        kinds=[str(evidence.frame["assumption"].iloc[i]) for i in places],
        bias=evidence.bias,
    )


def pooled_places(evidence: Evidence, outcome: str, other_sources: Sequence[str] = ()) -> list[int]:
    """Rows of an outcome that may be pooled: not only listed, and not contradicted."""
    frame = evidence.frame
    ready = frame["place"].eq("pooled") & frame["falsification"].ne("contradicted")
    return [i for i in evidence.places(outcome, *other_sources) if ready.iloc[i]]


def joint_of(evidence: Evidence, places: Sequence[int]) -> tuple[list[float], list[float], Joint]:
    """Log ratios, standard errors and covariance of rows that may be pooled."""
    bounds = [_ratio(evidence, i) for i in places]
    results = [evidence.results[i] for i in places]
    errors = [log_error(result, found) for result, found in zip(results, bounds, strict=True)]
    return [found.estimate for found in bounds], errors, joint_covariance(results, errors)


def _order(evidence: Evidence, outcome: str, other_sources: Sequence[str]) -> list[int]:
    """Rows that take part, by the order in which families are believed."""
    believed = [family.assumption for family in families]
    mine = [
        i for i in evidence.places(outcome, *other_sources) if evidence.frame["place"].iloc[i] not in only_described
    ]
    return sorted(mine, key=lambda i: believed.index(str(evidence.frame["assumption"].iloc[i])))


def _ratio(evidence: Evidence, place: int) -> Bounds:
    row = evidence.frame.iloc[place]
    with np.errstate(divide="ignore"):
        return Bounds(*(float(np.log(row[name])) for name in ("ratio", "ratio_low", "ratio_high")))


def _seen(
    evidence: Evidence, places: Sequence[int], among: Sequence[str], shift: Array, holds: NDArray[np.bool_]
) -> Seen:
    """Give what the rule looks at if the log ratios of the rows are moved by ``shift``, shape (n, d)."""
    down, up, sign, within = (np.zeros(shift.shape) for _ in range(4))
    for column, place in enumerate(places):
        t, p, inside = _tests(evidence, place, shift[:, column])
        others = _same_design(evidence, place, among)
        found = _corrected(p, others, len(among)) <= 1 - evidence.rule.level
        sign[:, column], within[:, column] = np.sign(t), inside
        down[:, column], up[:, column] = found & (t < 0), found & (t > 0)
    as_truth = [made.astype(bool) for made in (down, up, within)]
    return Seen(
        down=as_truth[0], up=as_truth[1], sign=sign, within=as_truth[2], holds=np.broadcast_to(holds, shift.shape)
    )


def _tests(evidence: Evidence, place: int, moved: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return signed statistic, p-value, and whether all that fits is too small to matter, if a row is moved.

    Intervals that are no t intervals stay as they are, whatever the shift.
    """
    result, rule = evidence.results[place], evidence.rule
    limit = -np.log(rule.smallest_effect)
    if evidence.frame["place"].iloc[place] == "pooled":
        ratio = _ratio(evidence, place)
        error, df = log_error(result, ratio), float(result.df[0])
        own = ratio.estimate + moved
        inside = np.abs(own) + float(critical(df, rule.equivalence_level)) * error < limit
        return own / error, p_value(own / error, df), inside
    if result.kind == "set" and result.set_spread is None:  # bounds of what was drawn, without an interval
        return np.zeros(len(moved)), np.ones(len(moved)), np.zeros(len(moved), bool)
    row = result.tidy(level=rule.equivalence_level).iloc[0]
    ends = np.array([row["conf_low"], row["conf_high"]], float)
    inside = bool((np.abs(ends) < limit).all()) and result.scale == "log_ratio"
    way = float(result.estimate[0])
    ones = np.ones(len(moved))
    return way * ones, float(row["p_value"]) * ones, np.full(len(moved), inside)


def _same_design(evidence: Evidence, place: int, among: Sequence[str]) -> list[float]:
    """P-values of the same design for the other primary outcomes."""
    own = evidence.results[place]
    found: dict[str, float] = {}
    for result in evidence.results:
        other = result.estimand.outcome
        if other in among and other != own.estimand.outcome and _alike(result, own):
            found.setdefault(other, float(result.tidy()["p_value"].iloc[0]))
    return list(found.values())


def _alike(one: Result, other: Result) -> bool:
    return (one.method, one.provenance.options) == (other.method, other.provenance.options)


def _corrected(p: Array, others: Sequence[float], many: int) -> Array:
    """P-values after Holm's correction among those of the other outcomes; outcomes without one count as 1."""
    rest = [*others, *[1.0] * (many - 1 - len(others))][: many - 1]
    values, back = np.unique(p, return_inverse=True)
    return np.array([holm([own, *rest])[0] for own in values])[back]


def _flips(
    evidence: Evidence,
    places: Sequence[int],
    among: Sequence[str],
    holds: NDArray[np.bool_],
    pairs: NDArray[np.bool_],
    reached: int,
) -> pd.DataFrame:
    """Least bias of each design, and of all alike, with which the verdict is another one."""
    grid = np.arange(step, most_errors + step / 2, step)
    both = np.stack([grid, -grid], axis=1).ravel()
    movable = [j for j, i in enumerate(places) if evidence.frame["place"].iloc[i] == "pooled"]
    errors = {j: log_error(evidence.results[places[j]], _ratio(evidence, places[j])) for j in movable}
    tried = [(str(evidence.frame["design"].iloc[places[j]]), [j], errors[j]) for j in movable]
    if len(movable) > 1:
        tried.append(("all designs alike", movable, float(np.mean(list(errors.values())))))
    rows = []
    for what, moved, error in tried:
        shift = np.zeros((len(both), len(places)))
        shift[:, moved] = both[:, None] * error
        made = judged(_seen(evidence, places, among, shift, holds), pairs, evidence.rule.designs_needed)
        other = np.flatnonzero(made != reached)
        size = float(both[other[0]]) if len(other) else np.nan
        said = verdicts[int(made[other[0]])] if len(other) else ""
        rows.append({"what": what, "to": said, "std_errors": -size, "ratio": float(np.exp(-size * error))})
    return pd.DataFrame(rows, columns=["what", "to", "std_errors", "ratio"])


def _must_fail(
    evidence: Evidence,
    places: Sequence[int],
    among: Sequence[str],
    holds: NDArray[np.bool_],
    pairs: NDArray[np.bool_],
    reached: int,
) -> tuple[tuple[str, ...], ...]:
    """Smallest sets of assumptions without whose designs the rule says something else."""
    kinds = evidence.frame["assumption"].iloc[list(places)].to_numpy(object)
    names = list(dict.fromkeys(kinds[holds]))
    still = np.zeros((1, len(places)))
    for size in range(1, len(names) + 1):
        found = []
        for gone in combinations(names, size):
            left = holds & ~np.isin(kinds.astype(str), gone)
            made = judged(_seen(evidence, places, among, still, left), pairs, evidence.rule.designs_needed)
            if int(made[0]) != reached:
                found.append(tuple(map(str, gone)))
        if found:
            return tuple(found)
    return ()
