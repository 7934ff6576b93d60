"""A family of hypotheses: every one with its own p-value, and what is left of it when all are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.result import Result

Terms = Literal["headline", "all"]
Kind = Literal["primary", "exploratory"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """Several hypotheses, judged together.

    Parameters
    ----------
    table : DataFrame
        One row per hypothesis: ``domain, outcome, method, term, scale, estimate, std_error, df, conf_low, conf_high,
        p_value`` and the adjusted columns. Estimates, errors and intervals are not adjusted.
    adjusted : tuple of str
        Its adjusted columns; the first one judges.
    kind : {"primary", "exploratory"}
        Whether the chance of any false finding is held, or the share of false ones among the findings.
    level : float
        A hypothesis holds where its first adjusted column is at most 1 − level.
    correlation : DataFrame or None
        Correlation of the statistics where there is nothing, by row; NaN where it is not known.
    notes : tuple of str
        What must be read beside the numbers.
    results : tuple of Result
        Where the hypotheses come from.
    places : tuple of pair of int
        Result and term of each row.
    """

    table: pd.DataFrame
    adjusted: tuple[str, ...]
    kind: Kind
    level: float = 0.95
    correlation: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    places: tuple[tuple[int, int], ...] = ()

    @property
    def holds(self) -> NDArray[np.bool_]:
        """Whether each hypothesis is a finding when all are counted, shape (k,)."""
        return np.asarray(self.table[self.adjusted[0]] <= 1 - self.level + 1e-12, bool)

    @property
    def sensitive(self) -> bool:
        """Whether one of the results is of a study that says its data are."""
        return any(result.provenance.sensitive for result in self.results)

    @property
    def support(self) -> pd.DataFrame | None:
        """What stands behind each row; None where a result does not say it of each of its terms."""
        behind = []
        for number, place in self.places:
            support = self.results[number].support
            if support is None or len(support) != len(self.results[number].terms):
                return None
            behind.append(support.iloc[[place]])
        return pd.DataFrame(pd.concat(behind, ignore_index=True))

    def __repr__(self) -> str:
        shown = self.table[["outcome", "method", "term", "estimate", "p_value", *self.adjusted]]
        return str(shown.to_string(index=False, float_format=lambda value: f"{value:.4g}"))


def listed(results: Sequence[Result], terms: Terms, domains: Mapping[str, str] | None = None) -> pd.DataFrame:
    """One row per hypothesis, as in `Family`, and two columns that find it again: ``result`` and ``place``.

    Parameters
    ----------
    results : sequence of Result
    terms : {"headline", "all"}
        The first term of each result, or every one.
    domains : mapping of str to str, optional
        Domain of each outcome; by default an outcome is its own.

    Raises
    ------
    EstimationError
        Without results, or with one that has no test: leave it out.
    DesignError
        If outcomes have no domain: name one.
    """
    if not results:
        raise EstimationError("a family of no results", mend="give the results that are judged together")
    problems = Problems("family")
    for untested in dict.fromkeys(
        result.method for result in results if result.kind == "set" and result.set_spread is None
    ):
        problems.add(f"{untested} gives a set of values without a test", mend="leave it out")
    problems.raise_if_any(EstimationError)
    if domains is not None:
        for outcome in dict.fromkeys(result.estimand.outcome for result in results):
            if outcome not in domains:
                problems.add(f"outcome '{outcome}' has no domain", mend="name it in domains=")
        problems.raise_if_any(DesignError)
    return pd.concat([_rows(result, i, terms, domains) for i, result in enumerate(results)], ignore_index=True)


def _rows(result: Result, number: int, terms: Terms, domains: Mapping[str, str] | None) -> pd.DataFrame:
    tidy = result.tidy()
    chosen = tidy if terms == "all" else tidy.iloc[:1]
    outcome = result.estimand.outcome
    known = ["term", "estimate", "std_error", "conf_low", "conf_high", "p_value"]
    about: dict[str, Any] = {
        "domain": outcome if domains is None else domains[outcome],
        "outcome": outcome,
        "method": result.method,
        "scale": result.scale,
        "df": result.df[: len(chosen)],
        "result": number,
        "place": np.arange(len(chosen)),
    }
    return chosen[known].assign(**about)


def family(
    results: Sequence[Result],
    rows: pd.DataFrame,
    adjusted: Mapping[str, NDArray[np.float64]],
    *,
    kind: Kind,
    level: float,
    correlation: NDArray[np.float64] | None = None,
    notes: Sequence[str] = (),
) -> Family:
    """Put adjusted values beside the rows of `listed`, the first of which judges."""
    if not 0 < level < 1:
        raise EstimationError(f"level={level!r}", mend="give a level between 0 and 1, e.g. 0.95")
    first = ["domain", "outcome", "method", "term", "scale", "estimate", "std_error", "df", "conf_low", "conf_high"]
    return Family(
        table=rows[[*first, "p_value"]].assign(**adjusted),
        adjusted=tuple(adjusted),
        kind=kind,
        level=level,
        correlation=None if correlation is None else pd.DataFrame(correlation),
        notes=tuple(notes),
        results=tuple(results),
        places=tuple((int(i), int(j)) for i, j in zip(rows["result"], rows["place"], strict=True)),
    )
