"""A panel of cities by its rates themselves, for the methods that compare log rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design.panel import PanelDesign

most, lifted = 500.0, 100.0  # of the exponent; so many events that no method takes a period for a sparse one


def in_levels(d: PanelDesign) -> PanelDesign:
    """Return the design whose log rates are its rates, in units of the treated city's mean rate before the start.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit.

    Returns
    -------
    PanelDesign
        A method of log rates finds differences of rates in it: its estimate is a change as a share of that mean, and
        not a log ratio. Counts and pictures of its result mean nothing.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated and had events before the start; when rates of cities differ too much.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame([(c, t, n) for c in "AB" for t, n in enumerate([4, 4, 8])], columns=["city", "t", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="t", treated="A", start=2)
    >>> level = in_levels(d)
    >>> np.diff(np.log(level.wide(level.outcome)["A"])).round(12).tolist()
    [0.0, 1.0]
    """
    if len(d.treated_units) != 1:
        raise DesignError(f"{len(d.treated_units)} treated units have no mean of one", mend="name one treated city")
    exposure = np.ones(len(d.source)) if d.exposure is None else d.source[d.exposure].to_numpy(float)
    rates = d.source[str(d.outcome)].to_numpy(float) / exposure
    mean = float(rates[d.rows(d.treated_units[0]) & (d.positions < d.start_position)].mean())
    if not mean > 0:
        raise DesignError(f"'{d.outcome}' never came about before the start", mend="choose an outcome that did")
    scaled = rates / mean
    if scaled.max() > most:
        raise DesignError(
            f"a city's rate is {scaled.max():.3g} times the treated city's: their levels cannot be compared",
            mend="name exposure= in the design, or leave that city out",
        )
    name = f"{d.outcome}, level"
    return replace(d, source=d.source.assign(**{name: lifted * np.exp(scaled)}), outcome=name, exposure=None)
