"""How often the team came, hour by hour or tenth by tenth of leniency: what an instrument did, as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.design.call_instrument import CallInstrumentDesign

tenths = 10


def shares(d: CallInstrumentDesign) -> pd.DataFrame:
    """Tabulate the share of calls with the team.

    Parameters
    ----------
    d : CallInstrumentDesign

    Returns
    -------
    DataFrame
        ``x, calls_without, calls_with, share_without, share_with, covered``. By the hour of the day: ``coverage_post``
        before the start and from it on, with the share of calls that came in covered hours; ``team_free`` taken and
        free. For ``call_taker`` by the tenth of the calls' leniency, in ``share_with`` alone, what hours of the week
        explain taken off.

    Examples
    --------
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> calls = call_table(np.random.default_rng(2), calls=3000)
    >>> d = CallInstrumentDesign.from_tables(calls, shifts(), outcome=None, start=start.date())
    >>> shares(d).query("covered > 0")["x"].tolist()
    [12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    """
    came = pd.Series(d.calls.treated.astype(float))
    if d.instrument == "call_taker":
        hour = d.timing["hour_of_week"]
        lenient = pd.Series(d.z()) - pd.Series(d.z()).groupby(hour).transform("mean")
        x = np.minimum((lenient.rank(method="first") - 1) * tenths // len(lenient), tenths - 1).astype(int) + 1
        came, favoured = came - came.groupby(hour).transform("mean") + came.mean(), np.ones(len(came), bool)
    else:
        x = d.timing["hour"]
        favoured = d.timing["after"].to_numpy(bool) if d.instrument == "coverage_post" else d.encouraged()
    cells = pd.DataFrame({"x": x, "with": favoured, "came": came})
    table = cells.pivot_table(index="x", columns="with", values="came", aggfunc=["size", "mean"])
    many, share = (pd.DataFrame(table[what]).reindex(columns=[False, True]) for what in ("size", "mean"))
    covered = d.timing["covered"].groupby(x).mean() if d.instrument == "coverage_post" else 0.0
    return pd.DataFrame(
        {
            "calls_without": many[False].fillna(0).astype(int),
            "calls_with": many[True].fillna(0).astype(int),
            "share_without": share[False],
            "share_with": share[True],
            "covered": covered,
        }
    ).reset_index(names="x")
