"""Results for other programs: one row per term, named as R's broom names it, and JSON Schemas of what is written."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Literal

import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.result import Result
from coresponder_causal.report.sensitive import as_its_items
from coresponder_causal.report.specs import Column, Form, Table
from coresponder_causal.report.tables import support_of

first, last = ["result", "method", "outcome", "scale"], ["nobs", "n_units"]
whole = ("nobs", "n_units")


@as_its_items
def tidy_table(*results: Result, level: float = 0.95) -> Table:
    """Return every term of results, one below the other, as broom's ``tidy`` does.

    Parameters
    ----------
    *results : Result
    level : float
        Confidence level.

    Returns
    -------
    Table
        ``result`` (its place among the results, from 1), ``method, outcome, scale``, the keys of the terms, ``term,
        estimate, std.error, statistic, p.value, conf.low, conf.high``, bounds of joint bands and of sets where there
        are any, ``nobs, n_units``: on the scale of each method, at full precision. `report.write` makes .csv, .json,
        .tex, .md, .html or .xlsx of it.

    Raises
    ------
    EstimationError
        Without a result: give one.

    Examples
    --------
    >>> from coresponder_causal import estimate
    >>> from coresponder_causal.testing.examples import example_of
    >>> made = tidy_table(estimate.call_difference(example_of("CallDesign").designed()))
    >>> made.frame.columns.tolist()[4:9]
    ['term', 'estimate', 'std.error', 'statistic', 'p.value']
    """
    if not results:
        raise EstimationError("there is no result to make a table of", mend="give one or several")
    frames = []
    for place, result in enumerate(results, 1):
        about = {"method": result.method, "outcome": result.estimand.outcome, "scale": result.scale}
        sizes = {"result": place, "nobs": result.n_obs, "n_units": result.n_units}
        frames.append(result.tidy(level=level, names="broom").assign(**about, **sizes))
    keys = list(dict.fromkeys(str(name) for result in results for name in result.terms if name != "term"))
    frame = pd.concat(frames, ignore_index=True)
    own = [name for name in frame if name not in (*first, *keys, *last)]
    frame = frame[[*first, *keys, *own, *last]]
    return Table(
        title="Estimates",
        frame=frame,
        columns=tuple(Column(str(name), str(name), _form(str(name), keys)) for name in frame),
        note=f"Log ratios where the scale is log_ratio. conf.low, conf.high: {100 * level:g} % intervals.",
        support=support_of(results),
    )


def json_schema(of: Literal["results", "tidy"]) -> dict[str, Any]:
    """Return the JSON Schema of a file that is written for other programs.

    Parameters
    ----------
    of : {"results", "tidy"}
        Of ``results.json``, every field of every result, or of the rows of `tidy_table`.

    Returns
    -------
    dict
        Draft 2020-12.

    Examples
    --------
    >>> json_schema("tidy")["title"]
    'Estimates in the words of broom'
    """
    if of not in ("results", "tidy"):
        raise EstimationError(f"there is no schema of {of!r}", mend="ask for 'results' or 'tidy'")
    text = files("coresponder_causal.report").joinpath(f"{of}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _form(name: str, keys: list[str]) -> Form:
    if name in (*first, *keys, "term"):
        return "text"
    return "whole" if name in whole else "p" if name == "p.value" else "fine"
