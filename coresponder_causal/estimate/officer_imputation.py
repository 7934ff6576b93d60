"""How officers change on calls without the team after they first worked beside it, by imputation.

Estimand: the mean change of the outcome's rate on exposed officers' calls without the team, from their first exposure
on, against what these officers would have done in those periods (ATT); with the dose that the roster intended
(`as_intended`) the effect of being rostered (ITT). Volunteers and assigned officers each have a mean of their own.

Needs: officers who would have moved in parallel whatever their exposure (check: officer_trends); no effect before
the first exposure; no effect of exposed officers on their squad mates, or `peers="adjusted"` (check: squad_mates);
calls without the team that exposure does not choose: graph "officer".

Estimator: y_it = α_i + β_t + e_it is fitted to unexposed officer-periods by least squares weighted by calls, and
θ̂ = Σ a_it (y_it − α̂_i − β̂_t) over exposed ones, a_it in proportion to calls. Leads are the coefficients of the last
spans before the exposure in the same regression, against all of the time before them and officers never exposed. With
peers adjusted the share of exposed squad mates is a regressor of the unexposed rows, and taken out of all.

Inference: θ̂ = Σ v_it y_it. V = Σ_g (v_g'(I − H_gg)^−½ e_g)² over officers (CR2), e the residuals of the regression of
all rows on α_i, β_t, group × span of time since the exposure, leads and peers; t with Satterthwaite df of each term.
Differences of officers within such a span count as noise, which is conservative. "permutation": whole courses of
exposure are exchanged among the officers of a squad who did not volunteer; the interval holds the additive effects that
the test does not reject.

Breaks: volunteers differ from others in what they would have become, too: officer effects mend a difference of level,
not of trend. Nor are rates parallel where officers differ much in level and time moves them all by one factor: where
exposed officers started lower and all fell, what they changed is told too small; of events take officer_poisson. Read
the rows of assigned officers first, and ask for `as_intended()` where the roster is known. Officers who leave, and
calls that sergeants hand to whom they have trained, bias every row. Without officers exposed late or never there is
nobody to go by. Exposed against unexposed officers without officer effects finds the selection.

Reference: Borusyak, Jaravel & Spiess 2024, doi:10.1093/restud/rdae007; Pustejovsky & Tipton 2018,
doi:10.1080/07350015.2016.1247004. Estimates and CR2 checked by hand and against the saturated regression; simulated
truth. No outside program gives CR2 for imputation.

Say: Officers who worked beside the team changed {outcome} on their own calls by {exposed} ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.officer_exchange import Exchanged, exchanged
from coresponder_causal.design.officer_result import officer_result, say_rough
from coresponder_causal.design.officer_rows import Cluster, OfficerRows, Weighting, officer_rows
from coresponder_causal.design.officer_spans import Peers, check_terms, officer_spans, span_width
from coresponder_causal.design.officer_terms import lead_weights, mean_weights, officer_terms
from coresponder_causal.design.officer_words import peers_column
from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
Inference = Literal["cluster", "permutation"]


@estimator(
    design=OfficerDesign,
    contrasts=("ATT", "ITT"),
    reference="Borusyak, Jaravel & Spiess 2024; Pustejovsky & Tipton 2018",
    checked_against="worked by hand, the saturated regression and simulated truth",
)
def officer_imputation(
    d: OfficerDesign,
    *,
    bin_width: int | None = None,
    leads: int = 2,
    weighting: Weighting = "calls",
    cluster: Cluster = "officer",
    peers: Peers = "ignored",
    inference: Inference = "cluster",
    replications: int = 999,
    seed: int = 1,
) -> Result:
    """Mean change after the first exposure, by group and by time since.

    Parameters
    ----------
    d : OfficerDesign
    bin_width : int, optional
        Periods in a span of time since the exposure; by default half a year of months or quarters, else an eighth
        of all periods.
    leads : int
        Spans before the exposure that are shown, against the time before them.
    weighting : {"calls", "officers"}
        Officer-periods weigh by their calls, or each the same.
    cluster : {"officer", "squad"}
        Errors are independent between officers, or between squads.
    peers : {"ignored", "adjusted"}
        Whether the share of exposed squad mates may move outcomes too.
    inference : {"cluster", "permutation"}
        ``"permutation"`` gives the headline alone: of assigned officers where volunteers are known.
    replications, seed : int
        Exchanges drawn, and their seed.

    Returns
    -------
    Result
        ``exposed``, all exposed officer-periods; where volunteers are known ``volunteers, assigned`` and
        ``volunteers_less_assigned``; with peers adjusted ``exposed_peers``, the change on an unexposed officer's calls
        as all squad mates become exposed; then spans of time since the exposure by group, the leads last. ``support``
        counts officers as persons.

    Raises
    ------
    DesignError
        Options that do not fit each other or the design.
    EstimationError
        If no exposed row can be imputed, or a term has no spread that could be seen.

    References
    ----------
    Borusyak, Jaravel & Spiess (2024), doi:10.1093/restud/rdae007.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> rows = [(o, t, 10 * (o % 3) + 5 * (t % 2) + rng.normal() - 3 * (o < 12 and t >= 6 + o % 4),
    ...          max(0, t - 5 - o % 4) * (o < 12)) for o in range(24) for t in range(16)]
    >>> frame = pd.DataFrame(rows, columns=["officer", "month", "force", "beside"])
    >>> d = OfficerDesign.from_frame(frame, outcome="force", dose="beside")
    >>> officer_imputation(d, leads=1).params.round(1).iloc[:1].to_dict()
    {'exposed': -3.4}
    """
    _check(d, bin_width, leads, peers, inference, replications)
    rows = officer_rows(d, weighting=weighting, cluster=cluster)
    outcome = d.rate()[rows.kept]
    width = bin_width or span_width(d, rows)
    if inference == "permutation":
        return _permuted(d, rows, exchanged(d, rows, outcome, replications=replications, seed=seed))
    spans = officer_spans(rows, width=width, leads=leads, period_name=d.period_name)
    beside = d.source[peers_column].to_numpy(float)[rows.kept, None] if peers == "adjusted" else None
    terms = officer_terms(rows, spans, beside)
    weights = np.hstack([mean_weights(rows, terms.sets, beside), lead_weights(rows, spans)]) @ terms.mix
    found = rows.sums(weights, outcome, spans.expected(beside))
    say_rough(float(found.df[0]))
    facts: dict[str, object] = {"interval": f"t({found.df[0]:.3g}), CR2, clusters: {cluster}", "bin_width": width}
    return _result(d, rows, terms.names, weights.T @ outcome, terms.behind, facts, vcov=found.vcov, df=found.df)


def _check(
    d: OfficerDesign,
    bin_width: int | None,
    leads: int,
    peers: Peers,
    inference: Inference,
    replications: int,
) -> None:
    problems = Problems("officer_imputation")
    check_terms(d, bin_width, leads, peers, problems)
    if peers == "adjusted" and inference == "permutation":
        problems.add("exchanges of exposure move the peers too", mend="leave peers= out")
    if inference == "permutation" and replications < 19:
        problems.add(f"{replications} exchanges can give no p-value of 0.05", mend="ask for 19 or more")
    problems.raise_if_any(DesignError)


def _permuted(d: OfficerDesign, rows: OfficerRows, found: Exchanged) -> Result:
    """Headline alone, with the crossings of the exchanges."""
    many = len(found.crossings)
    facts: dict[str, object] = {
        "interval": f"exchanges of exposure within {found.within}, {many} drawn",
        "p_floor": 1 / (1 + many),
        "exchanges": many,
    }
    return _result(
        d,
        rows,
        pd.DataFrame({"group": [found.group], "event_time": pd.array([pd.NA], dtype="Int64"), "term": [found.group]}),
        np.array([found.estimate]),
        found.rows[:, None],
        facts,
        vcov=np.array([[found.spread**2]]),
        df=np.array([np.inf]),
        crossings=found.crossings[None],
    )


def _result(
    d: OfficerDesign,
    rows: OfficerRows,
    terms: pd.DataFrame,
    estimate: Array,
    sets: NDArray[np.bool_],
    facts: dict[str, object],
    *,
    vcov: Array,
    df: Array,
    crossings: Array | None = None,
) -> Result:
    return officer_result(
        "officer_imputation",
        d,
        rows,
        terms,
        estimate,
        sets,
        vcov=vcov,
        df=df,
        contrast="ITT" if d.intended else "ATT",
        treatment=d.treatment,
        horizon=f"{d.period_name} from the first exposure on",
        facts=facts,
        crossings=crossings,
    )
