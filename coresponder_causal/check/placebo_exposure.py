"""Whether a busy team made a difference to calls that it did not attend: what only hidden selection could explain."""

from __future__ import annotations

from dataclasses import replace

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.untouched import none_moved
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.weight_propensity import weight_propensity

name = "placebo_exposure"
meaning = (
    "A change here speaks against comparing attended with like calls, as those a free team left are chosen by it; it "
    "does not speak against comparing free with taken hours, whoever was attended."
)
assumption = "Calls that look alike and were not attended ended alike whether the team was free or busy."


def placebo_exposure(
    result: Result,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    busy: str = "team_busy",
    on_duty: str = "team_on_duty",
) -> CheckResult:
    """Compare calls that were not attended because the team was busy with calls it could have attended and did not.

    Nobody of either got the team. The free team's calls are those that it declined: all calls of a free team against
    all of a taken one would be an effect and no placebo. If, given the covariates, the team were sent without regard to
    anything hidden, both would end alike; where it goes to the graver calls, those it left while free are the lighter
    ones.
    A difference speaks against comparing attended with like calls; it does not speak against comparing the hours of a
    free with those of a taken team, as an instrument does, where every call counts, attended or not.

    Parameters
    ----------
    result : Result
        Of the calls; its estimator is run again with ``busy`` in the place of the treatment.
    design : CallDesign
        Its frame holds the columns ``busy`` and ``on_duty``. The placebo's calls are made comparable by overlap
        weights of the same covariates, however the design was adjusted.
    busy, on_duty : str
        Columns of True and False.

    Returns
    -------
    CheckResult
        Contradicts when the difference excludes nothing at the 5 % level; its power is that to show one as large as the
        estimate. A load of work that changes outcomes by itself, and is no covariate, contradicts too.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen (2010), doi:10.1097/EDE.0b013e3181d61eeb (negative-control exposures).

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.estimate import call_difference
    >>> frame = pd.DataFrame({"attended": [1, 0] * 20, "hour": [0, 0, 1, 1] * 10, "minutes": [5, 7, 6, 9] * 10})
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    >>> weighted = weight_propensity(d)
    >>> placebo_exposure(call_difference(weighted), weighted).sentence
    'The calls have no columns team_busy, team_on_duty.'
    """
    if not isinstance(design, CallDesign):
        return not_applicable(name, assumption, "It needs a design of calls.")
    calls = design.source if design.sequence is None else design.sequence.calls  # those of a taken team are among these
    absent = [column for column in (busy, on_duty) if column not in calls]
    if absent:
        return not_applicable(name, assumption, f"The calls have no columns {', '.join(absent)}.")
    treated = calls[design.treatment].fillna(False).astype(bool)
    among = calls[~treated & calls[on_duty].fillna(False).astype(bool) & calls[busy].notna()]
    among = among[among[str(design.outcome)].notna()]
    try:
        with quietly():
            placebo = CallDesign.from_frame(
                among,
                outcome=design.outcome,
                treatment=busy,
                covariates=[column for column in design.covariates if column not in (busy, on_duty)],
                person=design.person,
                stratum=design.stratum,
                weights=design.weights,
                graph=design.graph,
            )
            fit = refit(result, weight_propensity(placebo))
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"It cannot be made of {len(among)} calls: {error.what}.")
    found = none_moved(
        {"busy against free, nobody attended": fit},
        [],
        beside=result,
        place=0,
        check=name,
        assumption=assumption,
        column="exposure",
        noun="placebo exposures",
    )
    return replace(found, sentence=f"{found.sentence} {meaning}")
