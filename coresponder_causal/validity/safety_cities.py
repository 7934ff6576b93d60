"""One city among ten others starts a programme: default calls for panels, of other programs and ours."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import pandas as pd

from coresponder_causal import estimate
from coresponder_causal.core.inference import p_value
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.design import PanelDesign
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.safety_question import Call, Drawn, Question, draws, fewer, fewest, headline, ours
from coresponder_causal.validity.worlds import before_share, designs

world = Cell(setting="city", comparison=10, periods=72, events=400.0, rho=0.4, tau=0.0, treated_noise=1.0)
effect, samples = -0.25, 999
Panel = Drawn[PanelDesign]
both = "rate ~ d | city + month"
by_start = {"unit": "city", "time": "month", "first_treat": "first"}
by_dose = {"unit": "city", "time": "month", "treatment": "d"}
by_group = {"unit": "city", "time": "month", "treatment": "treated"}


def panels(effect: float = 0.0) -> Iterator[Panel]:
    """Draw panels of a world, as frames of ``city, month, calls, rate, treated, post, d, first``.

    Examples
    --------
    >>> one = next(panels())
    >>> one.frame.groupby("treated")["city"].nunique().tolist(), int(one.frame["d"].sum())
    ([10, 1], 30)
    """
    yield from map(_drawn, designs(replace(world, effect=effect), draws))


def first_panels(many: int, effect: float = 0.0) -> list[Panel]:
    """Give the first of them."""
    return list(islice(panels(effect), many))


def _drawn(d: object) -> Panel:
    assert isinstance(d, PanelDesign)
    source, month = d.source, d.axis.positions - d.axis.positions.min()
    start = d.start_position - d.axis.positions.min()
    treated = (source[d.unit] == d.treated_units[0]).to_numpy(int)
    frame = pd.DataFrame({"city": pd.factorize(source[d.unit])[0], "month": month, "calls": source[str(d.outcome)]})
    counts, population = (source[str(name)].to_numpy(float) for name in (d.outcome, d.exposure))
    frame = frame.assign(rate=log_rate(counts, population), treated=treated, post=(month >= start).astype(int))
    return Drawn(frame.assign(d=treated * frame["post"], first=np.where(treated, start, 0)), d)


def _ols(drawn: Panel, clustered: bool) -> float:
    import statsmodels.formula.api as smf

    model = smf.ols("rate ~ d + C(city) + C(month)", drawn.frame)
    groups = {"groups": drawn.frame["city"]}
    fit = model.fit(cov_type="cluster", cov_kwds=groups) if clustered else model.fit()
    return float(fit.pvalues["d"])


def _panel_ols(drawn: Panel, clustered: bool) -> float:
    from linearmodels.panel import PanelOLS

    frame = drawn.frame.set_index(["city", "month"])
    model = PanelOLS(frame["rate"], frame[["d"]], entity_effects=True, time_effects=True)
    fit = model.fit(cov_type="clustered", cluster_entity=True) if clustered else model.fit()
    return float(fit.pvalues["d"])


def _pyfixest(drawn: Panel, by_city: bool) -> float:
    import pyfixest

    return float(pyfixest.feols(both, drawn.frame, vcov={"CRV1": "city"} if by_city else None).pvalue()["d"])


def _fepois(drawn: Panel) -> float:
    import pyfixest

    return float(pyfixest.fepois("calls ~ d | city + month", drawn.frame).pvalue()["d"])


def _wildboottest(drawn: Panel) -> float:
    import pyfixest

    fit = pyfixest.feols(both, drawn.frame, vcov={"CRV1": "city"})
    return float(fit.wildboottest(param="d", reps=samples, seed=1)["Pr(>|t|)"])


def _did2s(drawn: Panel) -> float:
    import pyfixest

    named = {"yname": "rate", "first_stage": "~ 0 | city + month", "second_stage": "~ i(d, ref=0)"}
    fit = pyfixest.did2s(drawn.frame, treatment="d", cluster="city", **named)
    return float(fit.pvalue().iloc[0])


def _csdid(drawn: Panel) -> float:
    from csdid.att_gt import ATTgt

    named = {"yname": "rate", "gname": "first", "idname": "city", "tname": "month", "xformla": "rate~1"}
    np.random.seed(1)  # noqa: NPY002 - it draws from the generator of the process
    with redirect_stdout(io.StringIO()):
        found = ATTgt(data=drawn.frame, **named).fit(est_method="dr").aggte(typec="simple").atte
    return float(p_value(found["overall_att"] / found["overall_se"], np.inf)[0])


def _synthdid(drawn: Panel) -> float:
    import synthdid

    panel = synthdid.panel_matrices(drawn.frame[["city", "month", "rate", "d"]])
    found = synthdid.synthdid_estimate(panel.Y, panel.N0, panel.T0)
    placebos = np.random.RandomState(1)
    error = synthdid.synthdid_se(found, method="placebo", random_state=placebos)
    return float(p_value(float(found) / error, np.inf))


def _diff_diff(drawn: Panel, name: str, made: dict[str, object], told: dict[str, str]) -> float:
    import diff_diff

    after = sorted(drawn.frame.loc[drawn.frame["post"] == 1, "month"].unique())
    periods = {"post_periods": after} if name == "SyntheticDiD" else {}
    fit = getattr(diff_diff, name)(**made).fit(drawn.frame, outcome="rate", **told, **periods)
    return float(getattr(fit, "overall_p_value", None) or fit.p_value)


def _theirs(name: str, told: dict[str, str], draws: int = draws, made: dict[str, object] | None = None) -> Call:
    made = made or {}
    written = ", ".join(f'{option}="{value}"' for option, value in made.items() if option != "seed")
    return Call("diff-diff", f"{name}({written})", partial(_diff_diff, name=name, made=made, told=told), draws)


def _ours(name: str, draws: int = draws) -> Call:
    return Call(ours, f"{name}(d)", lambda one: headline(getattr(estimate, name)(one.design)), draws)


def _two_way(inference: str) -> Call:
    written = "" if inference == "auto" else f', inference="{inference}"'
    return Call(
        ours,
        f"did_two_way(d, log=True{written})",
        lambda one: headline(estimate.did_two_way(one.design, log=True, inference=inference)),  # type: ignore[arg-type]
    )


cities = Question(
    "One city among ten others",
    f"One city starts a programme, {world.comparison} others do not. Of {world.periods} months about "
    f"{round(100 * before_share)} % lie before the start; the city has {world.events:g} calls a month, shocks "
    f"correlate {world.rho:g} from month to month, and no city drifts from the others. Where something happens, the "
    f"programme changes the city's calls by {round(100 * np.expm1(effect))} %.",
    panels,
    effect,
    (
        Call("statsmodels", 'ols("rate ~ d + C(city) + C(month)").fit()', partial(_ols, clustered=False)),
        Call("statsmodels", 'the same, fit(cov_type="cluster") by city', partial(_ols, clustered=True)),
        Call("linearmodels", "PanelOLS with both effects, fit()", partial(_panel_ols, clustered=False)),
        Call("linearmodels", "the same, clustered by entity", partial(_panel_ols, clustered=True)),
        Call("pyfixest", f'feols("{both}")', partial(_pyfixest, by_city=False)),
        Call("pyfixest", 'the same, vcov={"CRV1": "city"}', partial(_pyfixest, by_city=True)),
        Call("pyfixest", 'fepois("calls ~ d | city + month")', _fepois),
        Call("pyfixest", "did2s(...), by city", _did2s, fewer),
        Call("wildboottest", "pyfixest's feols by city, then wildboottest", _wildboottest),
        Call("csdid", 'ATTgt(...).fit(), aggte("simple")', _csdid, fewer),
        _theirs("DifferenceInDifferences", {"treatment": "treated", "time": "post"}),
        _theirs("TwoWayFixedEffects", {"unit": "city", "treatment": "treated", "post": "post"}),
        _theirs("CallawaySantAnna", by_start),
        _theirs("ImputationDiD", by_start, fewer),
        _theirs("TwoStageDiD", by_start, fewer),
        _theirs("StackedDiD", by_start, fewer),
        _theirs("LWDiD", by_dose, fewer),
        _theirs("LWDiD", by_dose, fewer, {"vcov_type": "classical"}),
        _theirs("SyntheticDiD", by_group, made={"seed": 1}),
        Call("synthdid-py", 'synthdid_estimate(...), synthdid_se(method="placebo")', _synthdid, fewest),
        _two_way("auto"),
        _two_way("cluster"),
        _two_way("wild"),
        _two_way("permutation"),
        _ours("did_prediction_interval"),
        _ours("did_few_treated"),
        _ours("did_gap"),
        _ours("did_poisson", fewer),
        _ours("synth_control"),
        _ours("synth_did"),
    ),
)
