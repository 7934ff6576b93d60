"""What default calls find where nothing happened: ``python -m coresponder_causal.validity.safety``, at a checkout.

One city among ten others starts a programme without any effect, and once more with one. Log rates of the same panels go
through the calls that the pages of other programs show first, and through ours. It writes safety.csv beside this file
and docs/safety.md; the other programs are those of the extra ``peers``, imported where they are called.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal import estimate
from coresponder_causal.core.errors import CausalError, EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.core.version import VERSION
from coresponder_causal.design import PanelDesign
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.worlds import before_share, designs

world = Cell(setting="city", comparison=10, periods=72, events=400.0, rho=0.4, tau=0.0, treated_noise=1.0)
table_path, page = Path(__file__).with_name("safety.csv"), Path("docs", "safety.md")
draws, effect, nominal, samples = 400, -0.25, 0.05, 999
ours = "coresponder_causal"


class Drawn(NamedTuple):
    """One panel, as a frame of ``city, month, calls, rate, treated, post, d, first`` and as our design."""

    frame: pd.DataFrame
    design: PanelDesign


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a program.

    Parameters
    ----------
    program : str
        Its distribution.
    code : str
        The call, as it is written.
    p_value : callable
        From a panel to the p-value of no effect.
    """

    program: str
    code: str
    p_value: Callable[[Drawn], float]


def panels(replications: int, *, effect: float = 0.0) -> list[Drawn]:
    """Draw panels of the world with an effect, by default with none.

    Examples
    --------
    >>> [one] = panels(1)
    >>> one.frame.groupby("treated")["city"].nunique().tolist(), int(one.frame["d"].sum())
    ([10, 1], 30)
    """
    return [_drawn(design) for design in designs(replace(world, effect=effect), replications)]


def _drawn(d: object) -> Drawn:
    assert isinstance(d, PanelDesign)
    source, month = d.source, d.axis.positions - d.axis.positions.min()
    start = d.start_position - d.axis.positions.min()
    treated = (source[d.unit] == d.treated_units[0]).to_numpy(int)
    frame = pd.DataFrame({"city": pd.factorize(source[d.unit])[0], "month": month, "calls": source[str(d.outcome)]})
    counts, population = (source[str(name)].to_numpy(float) for name in (d.outcome, d.exposure))
    frame = frame.assign(rate=log_rate(counts, population), treated=treated, post=(month >= start).astype(int))
    return Drawn(frame.assign(d=treated * frame["post"], first=np.where(treated, start, 0)), d)


def _ols(drawn: Drawn, clustered: bool) -> float:
    import statsmodels.formula.api as smf

    model = smf.ols("rate ~ d + C(city) + C(month)", drawn.frame)
    groups = {"groups": drawn.frame["city"]}
    fit = model.fit(cov_type="cluster", cov_kwds=groups) if clustered else model.fit()
    return float(fit.pvalues["d"])


def _feols(drawn: Drawn, vcov: dict[str, str] | None) -> float:
    import pyfixest

    return float(pyfixest.feols("rate ~ d | city + month", drawn.frame, vcov=vcov).pvalue()["d"])


def _fepois(drawn: Drawn) -> float:
    import pyfixest

    return float(pyfixest.fepois("calls ~ d | city + month", drawn.frame).pvalue()["d"])


def _wildboottest(drawn: Drawn) -> float:
    import pyfixest

    fit = pyfixest.feols("rate ~ d | city + month", drawn.frame, vcov={"CRV1": "city"})
    return float(fit.wildboottest(param="d", reps=samples, seed=1)["Pr(>|t|)"])


def _diff_diff(drawn: Drawn, name: str) -> float:
    import diff_diff

    named = {"outcome": "rate", "unit": "city"}
    if name == "CallawaySantAnna":
        return float(diff_diff.CallawaySantAnna().fit(drawn.frame, time="month", first_treat="first", **named).p_value)
    if name == "SyntheticDiD":
        after = sorted(drawn.frame.loc[drawn.frame["post"] == 1, "month"].unique())
        run = diff_diff.SyntheticDiD(seed=1)
        return float(run.fit(drawn.frame, treatment="treated", time="month", post_periods=after, **named).p_value)
    if name == "TwoWayFixedEffects":
        run = diff_diff.TwoWayFixedEffects()
        return float(run.fit(drawn.frame, treatment="treated", post="post", **named).p_value)
    return float(diff_diff.DifferenceInDifferences().fit(drawn.frame, "rate", "treated", "post").p_value)


def _two_way(drawn: Drawn, inference: str) -> float:
    result = estimate.did_two_way(drawn.design, log=True, inference=inference)  # type: ignore[arg-type]
    return float(result.pvalues.iloc[0])


def _prediction(drawn: Drawn) -> float:
    return float(estimate.did_prediction_interval(drawn.design).pvalues.iloc[0])


calls = (
    Call("statsmodels", 'ols("rate ~ d + C(city) + C(month)").fit()', lambda one: _ols(one, False)),
    Call("statsmodels", 'the same, fit(cov_type="cluster") by city', lambda one: _ols(one, True)),
    Call("pyfixest", 'feols("rate ~ d | city + month")', lambda one: _feols(one, None)),
    Call("pyfixest", 'the same, vcov={"CRV1": "city"}', lambda one: _feols(one, {"CRV1": "city"})),
    Call("pyfixest", 'fepois("calls ~ d | city + month")', _fepois),
    Call("pyfixest", "feols by city, then wildboottest", _wildboottest),
    Call("diff-diff", "DifferenceInDifferences()", lambda one: _diff_diff(one, "DifferenceInDifferences")),
    Call("diff-diff", "TwoWayFixedEffects()", lambda one: _diff_diff(one, "TwoWayFixedEffects")),
    Call("diff-diff", "CallawaySantAnna()", lambda one: _diff_diff(one, "CallawaySantAnna")),
    Call("diff-diff", "SyntheticDiD()", lambda one: _diff_diff(one, "SyntheticDiD")),
    Call(ours, "did_two_way(log=True)", lambda one: _two_way(one, "auto")),
    Call(ours, 'did_two_way(log=True, inference="cluster")', lambda one: _two_way(one, "cluster")),
    Call(ours, 'did_two_way(log=True, inference="wild")', lambda one: _two_way(one, "wild")),
    Call(ours, 'did_two_way(log=True, inference="permutation")', lambda one: _two_way(one, "permutation")),
    Call(ours, "did_prediction_interval()", _prediction),
)


def measured(replications: int = draws) -> pd.DataFrame:
    """Run every call on the same panels, without an effect and with one.

    Parameters
    ----------
    replications : int

    Returns
    -------
    DataFrame
        ``program, version, call, draws, answers, invented, found``: panels that gave a p-value where nothing happened,
        those of them with one below 5 %, and those where the programme did something.

    Raises
    ------
    EstimationError
        Programs that are not installed.
    """
    versions = {name: version_of(name) for name in dict.fromkeys(call.program for call in calls)}
    missing = [name for name, there in versions.items() if not there]
    if missing:
        raise EstimationError(f"{', '.join(missing)} not installed", mend='pip install "coresponder-causal[peers]"')
    nothing, something = (panels(replications, effect=size) for size in (0.0, effect))
    rows = []
    for call in calls:
        without, with_effect = (np.array([_asked(call, one) for one in drawn]) for drawn in (nothing, something))
        below = [int((p_values < nominal).sum()) for p_values in (without, with_effect)]
        rows.append((call.program, versions[call.program], call.code, len(without), np.isfinite(without).sum(), *below))
    return pd.DataFrame(rows, columns=["program", "version", "call", "draws", "answers", "invented", "found"])


def _asked(call: Call, drawn: Drawn) -> float:
    """P-value of one call, NaN where the program refuses; what other programs warn of is left out."""
    try:
        with quietly(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call.p_value(drawn)
    except CausalError:
        return np.nan


def version_of(program: str) -> str:
    """Return the version of a program, nothing where it is not installed."""
    try:
        return VERSION if program == ours else version(program)
    except PackageNotFoundError:
        return ""


def safety_page(table: pd.DataFrame) -> str:
    """Write the table as a page.

    Parameters
    ----------
    table : DataFrame
        As `measured` gives it.

    Returns
    -------
    str
        Markdown.
    """
    named = zip(table["program"], table["version"], table["call"], strict=True)
    shares = zip(table["answers"], table["invented"], table["found"], strict=True)
    rows = "\n".join(
        f"| {program} {number} | `{_cell(call)}` | {_shares(*map(int, counts))} |"
        for (program, number, call), counts in zip(named, shares, strict=True)
    )
    share_before, change = round(100 * before_share), round(100 * np.expm1(effect))
    return f"""# What is found where nothing happened

One city starts a programme, {world.comparison} others do not. Of {world.periods} months about {share_before} % lie \
before the start; the city has {world.events:g} calls a month, shocks correlate {world.rho:g} from month to month, and \
no city drifts from the others. In one world the programme changes nothing: a test at 5 % should find an effect in 5 % \
of panels at most. In the other it changes the city's calls by {change} %. The same {table["draws"].iloc[0]} panels of \
each world went through every call; ± is one Monte-Carlo error.

| Program | Call | Found an effect where there is none | Found it where there is one |
| --- | --- | --- | --- |
{rows}

A test that often finds effects that are not there says nothing when it finds one; a test that finds none is blind.
Written, with `coresponder_causal/validity/safety.csv`, by `python -m coresponder_causal.validity.safety`.
"""


def _cell(code: str) -> str:
    """Escape what would end the cell of a table."""
    return code.replace("|", "\\|")


def _shares(answers: int, invented: int, found: int) -> str:
    if not answers:
        return "refuses, and names what to take | "
    return " | ".join(_share(count, answers) for count in (invented, found))


def _share(count: int, answers: int) -> str:
    drawn_to = (count + 0.5) / (answers + 1)
    return f"{100 * count / answers:.1f} % (± {100 * np.sqrt(drawn_to * (1 - drawn_to) / answers):.1f})"


if __name__ == "__main__":
    table = measured()
    table.to_csv(table_path, index=False)
    page.write_text(safety_page(table), encoding="utf-8")
