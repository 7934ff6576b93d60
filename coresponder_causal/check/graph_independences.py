"""Whether the data bear out the independences that a causal graph implies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.independence import Independence, conditional_independence
from coresponder_causal.core.inference import holm
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.covariates import as_numbers, is_text

Array = NDArray[np.float64]
Implied: TypeAlias = tuple[str, str, Sequence[str]]
name = "graph_independences"
assumption = "What the causal graph says has no link has none in the data."
notable, nominal = 0.1, 0.05


def graph_independences(
    result: Result | None,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    independences: Iterable[Implied] = (),
) -> CheckResult:
    """Test every implied independence whose columns the calls have.

    Parameters
    ----------
    result : Result or None
        Not looked at: it is the graph that is tested.
    design : CallDesign
        Its frame holds the columns; its persons are clusters.
    independences : iterable of (str, str, sequence of str)
        Two columns, and those given which the graph has them independent.

    Returns
    -------
    CheckResult
        Contradicts when, after Holm's correction over all that were tested, one is rejected at 5 %. The table has a row
        for each: ``first, second, given, correlation, std_error, df, p_value, p_holm, power``. Its power is that of the
        median test to see a partial correlation of 0.1. Independences of columns that the calls lack are counted, not
        tested: a graph whose arrows to what is hidden are wrong passes.

    Notes
    -----
    Residuals are those of least squares on what is given, numbers with their square and cube, text by its levels. An
    independence that holds says nothing about the arrows of the graph, and many graphs imply the same ones.

    References
    ----------
    Shah & Peters (2020), doi:10.1214/19-AOS1857; Ankan, Wortel & Textor (2021), doi:10.1002/cpz1.45 (local tests).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"hour": rng.normal(size=600), "kind": rng.choice(["a", "b"], 600)})
    >>> frame["attended"] = frame["hour"] + rng.normal(size=600) > 0
    >>> frame["minutes"] = frame["hour"] + rng.normal(size=600)
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour", "kind"])
    >>> said = [("attended", "minutes", ["hour"]), ("kind", "attended", [])]
    >>> graph_independences(None, d, independences=said).verdict
    'no contradiction found'
    >>> graph_independences(None, d, independences=[("attended", "minutes", [])]).verdict
    'contradicts'
    """
    implied = [(first, second, tuple(given)) for first, second, given in independences]
    if not implied or not isinstance(design, CallDesign):
        return not_applicable(name, assumption, "It needs a design of calls and the independences of a causal graph.")
    known = [one for one in implied if {one[0], one[1], *one[2]} <= set(design.source.columns)]
    tested = [(one, test) for one in known if (test := _tested(design, one)) is not None]
    if not tested:
        return not_applicable(name, assumption, f"None of {len(implied)} implied independences is of known columns.")
    rows = [
        {"first": first, "second": second, "given": ", ".join(given)} | test._asdict()
        for (first, second, given), test in tested
    ]
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p_value"])
    table["power"] = power_of(notable, table["std_error"], table["df"])
    able = float(table["power"].median())
    broken = table[table["p_holm"] < nominal]
    listed = "; ".join(
        f"{row['first']} and {row['second']}{' given ' * bool(row['given'])}{row['given']} ({row['correlation']:+.2f})"
        for row in broken.to_dict("records")
    ).replace("-", "−")
    untested = len(implied) - len(tested)
    sentence = (
        f"{len(broken)} of {len(table)} implied independences are rejected at 5 % after Holm's correction"
        f"{f': {listed}' if listed else ''}. A partial correlation of {notable} would be seen with probability "
        f"{able:.2f} in the typical test."
        + (f" {untested} implied independences are of columns that the calls lack." if untested else "")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=len(broken) > 0, power=able),
        power=able,
        table=table,
        sentence=sentence,
    )


def implied_by(design: object) -> tuple[Implied, ...]:
    """Return what the graph of a design of calls implies of the columns that its calls have; nothing without a graph.

    Parameters
    ----------
    design : object
    """
    if not isinstance(design, CallDesign) or design.graph is None:
        return ()
    return design.graph.implied_independences(there=list(design.source.columns))


def _tested(design: CallDesign, one: Implied) -> Independence | None:
    """Test an independence among the calls that have all its columns."""
    first, second, given = one
    table = design.source[list(dict.fromkeys((first, second, *given)))]
    kept = table.notna().all(axis=1).to_numpy()
    table = table[kept].reset_index(drop=True)
    if len(table) < len(given) + 30:
        return None
    A, B = (as_numbers(table, [column], reference_levels=False).to_numpy(float) for column in (first, second))
    clusters = np.asarray(design.persons, np.int64)[kept]
    return conditional_independence(A, B, _given(table, given), clusters)


def _given(table: pd.DataFrame, given: Sequence[str]) -> Array:
    """Give a constant, levels of text, and the first three powers of numbers, standardised."""
    texts = [column for column in given if is_text(table[column])]
    parts = [np.ones((len(table), 1)), as_numbers(table, texts, reference_levels=False)]
    for column in given:
        if is_text(table[column]):
            continue
        values = table[column].to_numpy(float)
        z = (values - values.mean()) / (values.std() or 1.0)
        powers = 3 if len(np.unique(values)) > 3 else 1
        parts.append(np.column_stack([z**power for power in range(1, powers + 1)]))
    return np.hstack([np.asarray(part, float) for part in parts])
