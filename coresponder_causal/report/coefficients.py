"""Results as maketables sets them: one column a result, estimates over their standard errors, as papers print them.

That package reads whatever has its attributes, so that nothing of it is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.report import words

numbers = {
    "estimate": "b",
    "std_error": "se",
    "statistic": "t",
    "p_value": "p",
    "conf_low": "ci95l",
    "conf_high": "ci95u",
}
facts = {"N": "Rows", "units": "Units", "method": "Method", "scale": "Scale"}


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """A result with the attributes that maketables asks a model for.

    Parameters
    ----------
    table : DataFrame
        ``b, se, t, p, ci95l, ci95u`` by term.
    outcome : str
        Heads the column.
    fit : dict
        By ``N, units, method, scale``.
    """

    table: pd.DataFrame
    outcome: str
    fit: dict[str, str | int]

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return self.table

    @property
    def __maketables_depvar__(self) -> str:
        return self.outcome

    def __maketables_stat__(self, key: str) -> str | int | None:
        return self.fit.get(key)

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return facts

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return list(facts)


def coefficients(result: Result) -> Coefficients:
    """Return a result as a column of ``maketables.ETable``, for LaTeX, HTML, Word and Typst.

    Parameters
    ----------
    result : Result
        Of a study that says that its data are sensitive only terms are given behind which many cases stand. What is
        made of any other stays inside: tables that leave are written by `report.write`.

    Returns
    -------
    Coefficients
        Terms in plain words, their keys behind them; on the scale of the method.

    Examples
    --------
    >>> from coresponder_causal import estimate
    >>> from coresponder_causal.testing.examples import example_of
    >>> made = coefficients(estimate.call_difference(example_of("CallDesign").designed()))
    >>> made.fit["N"], made.table.columns.tolist()
    (1500, ['b', 'se', 't', 'p', 'ci95l', 'ci95u'])
    """
    rows = result.tidy()
    rows = rows[result.many_behind()] if result.provenance.sensitive else rows
    named = rows["term"].map(partial(words.term, method=result.method))
    for key in rows.columns[: rows.columns.get_loc("term")]:
        named = named + f", {str(key).replace('_', ' ')} " + rows[key].astype(str)
    fit: dict[str, str | int] = {"N": result.n_obs, "units": result.n_units}
    return Coefficients(
        table=rows[list(numbers)].rename(columns=numbers).set_axis(pd.Index(named, name="Coefficient")),
        outcome=words.outcome(result),
        fit=fit | {"method": words.named(result), "scale": result.scale.replace("_", " ")},
    )
