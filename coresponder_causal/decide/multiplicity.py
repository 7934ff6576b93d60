"""Several outcomes, honestly: the chance of any false finding among primaries, the share of false ones elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from coresponder_causal.core import inference
from coresponder_causal.core.choices import require_choice
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import sharpened_q
from coresponder_causal.core.result import Result
from coresponder_causal.decide.family import Family, Terms, family, listed
from coresponder_causal.decide.joint_law import Method, joint_law, tested_by_t

Asked = Literal[Method, "both"]

__all__ = ["exploratory", "holm", "sharpened_q", "step_down"]


def holm(results: Sequence[Result], *, domains: Mapping[str, str] | None = None, level: float = 0.95) -> Family:
    """Judge the primary outcomes, one of each domain, by Holm's correction, which needs no knowledge of their law.

    Parameters
    ----------
    results : sequence of Result
        One for each domain; its first term is judged.
    domains : mapping of str to str, optional
        Domain of each outcome; by default an outcome is its own.
    level : float
        1 less the chance of any false finding.

    Returns
    -------
    Family
        With ``p_holm``.

    Raises
    ------
    DesignError
        If a domain has two results, or an outcome none.
    EstimationError
        Without results, or with one that has no test.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from coresponder_causal.core.estimand import Estimand
    >>> def made(outcome, t):
    ...     about = Estimand(contrast="ATT", outcome=outcome, treatment="0 to 70 hours", population="one city",
    ...                      horizon="30 months", scale="ratio of rates")
    ...     return Result(method="example", estimand=about, terms=pd.DataFrame({"term": ["effect"]}), n_units=11,
    ...                   estimate=np.array([t]), vcov=np.eye(1), df=np.array([np.inf]), scale="log_ratio", n_obs=72)
    >>> holm([made("calls", -2.4), made("arrest", -2.1)]).table["p_holm"].round(3).tolist()
    [0.033, 0.036]
    """
    rows = listed(results, "headline", domains)
    twice = rows["domain"][rows["domain"].duplicated()].unique()
    if len(twice):
        raise DesignError(
            f"more than one primary result for {', '.join(map(str, twice))}",
            mend="keep one of each domain, and judge the others by exploratory()",
        )
    adjusted = {"p_holm": inference.holm(rows["p_value"])}
    return family(results, rows, adjusted, kind="primary", level=level)


def step_down(
    results: Sequence[Result],
    *,
    method: Asked = "romano_wolf",
    terms: Terms = "headline",
    domains: Mapping[str, str] | None = None,
    draws: int = 10_000,
    seed: int = 1,
    level: float = 0.95,
) -> Family:
    """Judge hypotheses together by the law of their largest statistic, in steps; Holm's correction beside it.

    Estimates on the same units move together, and a correction that knows it is less strict. Influence functions are
    added up within the coarsest clusters that results share (calls within persons, persons within weeks), and drawn
    with a normal multiplier for each: exactly N(0, Ψ'Ψ/n²), studentised. Each draw is brought to the t law of its
    hypothesis, so that a hypothesis alone keeps its own p-value. Results that share no unit are independent. Terms of
    one result without influence move by its covariance, ranks among the same cities by those cities' own statistics.
    Where no joint law is known chances are added up, as Holm does, and the notes say so.

    Parameters
    ----------
    results : sequence of Result
    method : {"romano_wolf", "westfall_young", "both"}
        Largest `|t|`, or smallest p-value. They differ only where hypotheses have different df or tests: then the
        largest `|t|` looks hardest at those with few df, the smallest p-value at all alike.
    terms : {"headline", "all"}
        The first term of each result, or every one, e.g. of subgroups.
    domains : mapping of str to str, optional
        Domain of each outcome, for the table.
    draws : int
        Number of joint draws; an adjusted p-value is no smaller than 1/(draws + 1).
    seed : int
        The same seed gives the same table.
    level : float
        1 less the chance of any false finding.

    Returns
    -------
    Family
        With ``p_romano_wolf`` or ``p_westfall_young``, or both, and ``p_holm``.

    Raises
    ------
    DesignError
        A method that is none of these.
    EstimationError
        Without results, with one that has no test, with units that cannot be told to be the same, or too few draws.

    Notes
    -----
    Units are the same where their labels are: give designs a column ``call_id``. Units without names are taken by the
    number of their row, which the notes say.

    References
    ----------
    Romano & Wolf (2005), doi:10.1111/j.1468-0262.2005.00615.x, and (2016), doi:10.1016/j.spl.2016.02.012; Westfall &
    Young (1993), Resampling-Based Multiple Testing; multipliers: Chernozhukov, Chetverikov & Kato (2013),
    doi:10.1214/13-AOS1161.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from coresponder_causal.core.notes import quietly
    >>> from coresponder_causal.design import CallDesign
    >>> from coresponder_causal.estimate import call_difference
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"call_id": range(400), "attended": rng.random(400) < 0.5})
    >>> shared = rng.normal(size=400) - 0.25 * frame["attended"]
    >>> for name in ("minutes", "force", "repeat"):
    ...     frame[name] = shared + 0.3 * rng.normal(size=400)
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    >>> with quietly():
    ...     found = step_down([call_difference(c.with_outcome(name)) for name in ("minutes", "force", "repeat")])
    >>> bool(found.table["p_romano_wolf"].sum() < found.table["p_holm"].sum())
    True
    """
    require_choice("step_down", "method", method, Asked)
    if draws < 99:
        raise EstimationError(f"{draws} draws", mend="ask for 999 or more")
    rows = tested_by_t(results, listed(results, terms, domains))
    law = joint_law(results, rows)
    raw = rows["p_value"].to_numpy(float)
    adjusted = {}
    asked: tuple[Method, ...] = ("romano_wolf", "westfall_young") if method == "both" else (method,)
    for one in asked:
        sizes, blocks, df = law.blocks(rows, one, draws, seed)
        adjusted[f"p_{one}"] = np.maximum(inference.step_down(sizes, blocks, df), raw)
    adjusted["p_holm"] = inference.holm(raw)
    notes = [*law.notes, *_said(results)]
    return family(
        results,
        rows,
        adjusted,
        kind="primary",
        level=level,
        correlation=law.correlation(len(rows)),
        notes=notes,
    )


def exploratory(results: Sequence[Result], *, terms: Terms = "headline", level: float = 0.95) -> Family:
    """Judge outcomes that nobody named beforehand by the share of false ones among the findings: sharpened q-values.

    Parameters
    ----------
    results : sequence of Result
    terms : {"headline", "all"}
        The first term of each result, or every one.
    level : float
        1 less the false discovery rate.

    Returns
    -------
    Family
        With ``q_value``, see `sharpened_q`.

    Raises
    ------
    EstimationError
        Without results, or with one that has no test.

    References
    ----------
    Anderson (2008), doi:10.1198/016214508000000841.
    """
    rows = listed(results, terms)
    return family(results, rows, {"q_value": sharpened_q(rows["p_value"])}, kind="exploratory", level=level)


def _said(results: Sequence[Result]) -> list[str]:
    """Say where units are told apart by the numbers of their rows alone."""
    unnamed = [result for result in results if result.influence is not None and result.influence.unit.name is None]
    if len(unnamed) < 2:
        return []
    return ["units without names were taken to be the same where the numbers of their rows are"]
