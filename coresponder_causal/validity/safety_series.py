"""The series of one city alone: segmented regressions of other programs and ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal import estimate
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.design import SeriesDesign
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.safety_question import Call, Drawn, Question, draws, fewer, headline, ours
from coresponder_causal.validity.worlds import before_share, designs, series_sd

world = Cell(setting="series", periods=72, events=400.0, rho=0.4, nugget=0.0)
effect = -0.25
Series = Drawn[SeriesDesign]
season = ("s1", "c1", "s2", "c2")
right = f"t + post + {' + '.join(season)}"


def series(effect: float = 0.0) -> Iterator[Series]:
    """Draw series of a world, as frames of ``calls, log_calls, t, post`` and two waves of the year.

    Examples
    --------
    >>> one = next(series())
    >>> len(one.frame), int(one.frame["post"].sum())
    (72, 30)
    """
    yield from map(_drawn, designs(replace(world, effect=effect), draws))


def _drawn(d: object) -> Series:
    assert isinstance(d, SeriesDesign)
    t = np.arange(len(d.positions), dtype=float)
    waves = dict(zip(season, harmonics(t, d.season, 2).T, strict=True))
    counts = d.outcome_values()
    frame = pd.DataFrame({"calls": counts, "log_calls": np.log(counts), "t": t, "post": d.dose, **waves})
    return Drawn(frame, d)


def _ols(drawn: Series, lags: int) -> float:
    import statsmodels.formula.api as smf

    model = smf.ols(f"log_calls ~ {right}", drawn.frame)
    fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags}) if lags else model.fit()
    return float(fit.pvalues["post"])


def _glm(drawn: Series, family: Literal["Poisson", "NegativeBinomial"], scale: str | None = None) -> float:
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    kind = getattr(sm.families, family)()
    return float(smf.glm(f"calls ~ {right}", drawn.frame, family=kind).fit(scale=scale).pvalues["post"])


def _glsar(drawn: Series) -> float:
    import statsmodels.formula.api as smf

    return float(smf.glsar(f"log_calls ~ {right}", drawn.frame, rho=1).iterative_fit().pvalues["post"])


def _sarimax(drawn: Series) -> float:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    known = drawn.frame[["t", "post", *season]].assign(one=1.0)
    return float(SARIMAX(drawn.frame["log_calls"], known, order=(1, 0, 0)).fit(disp=False).pvalues["post"])


def _level(name: Literal["its_segmented", "its_counts"], errors: str = "") -> Call:
    options, written = ({"errors": errors}, f', errors="{errors}"') if errors else ({}, "")
    return Call(
        ours,
        f"{name}(d, slope_change=False{written})",
        lambda one: headline(getattr(estimate, name)(one.design, slope_change=False, **options)),
    )


one_series = Question(
    "The series of one city alone",
    f"One city, {world.periods} months, of which about {round(100 * before_share)} % lie before the start; "
    f"{world.events:g} calls a month, a season, and shocks of {100 * series_sd:g} % that correlate {world.rho:g} from "
    f"month to month. Regressions hold a trend, two waves of the year (`season`) and a step at the start (`post`). "
    f"Where something happens, calls change by {round(100 * np.expm1(effect))} % from the start on.",
    series,
    effect,
    (
        Call("statsmodels", 'ols("log_calls ~ t + post + season").fit()', partial(_ols, lags=0)),
        Call("statsmodels", 'the same, fit(cov_type="HAC"), maxlags=3', partial(_ols, lags=3)),
        Call("statsmodels", 'the same, fit(cov_type="HAC"), maxlags=12', partial(_ols, lags=12)),
        Call(
            "statsmodels",
            'glm("calls ~ t + post + season", family=Poisson()).fit()',
            partial(_glm, family="Poisson"),
        ),
        Call("statsmodels", 'the same, fit(scale="X2")', partial(_glm, family="Poisson", scale="X2")),
        Call("statsmodels", "the same, family=NegativeBinomial()", partial(_glm, family="NegativeBinomial")),
        Call("statsmodels", 'glsar("log_calls ~ t + post + season", rho=1).iterative_fit()', _glsar),
        Call("statsmodels", "SARIMAX(log_calls, t + post + season, order=(1, 0, 0)).fit()", _sarimax, fewer),
        Call(ours, "its_segmented(d)", lambda one: headline(estimate.its_segmented(one.design))),
        _level("its_segmented"),
        _level("its_segmented", errors="newey-west"),
        _level("its_segmented", errors="ols"),
        Call(ours, "its_counts(d)", lambda one: headline(estimate.its_counts(one.design))),
        _level("its_counts"),
    ),
)
