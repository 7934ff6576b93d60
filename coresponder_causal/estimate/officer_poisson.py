"""How officers change on calls without the team after they first worked beside it, as a ratio of events.

Estimand: events on exposed officers' calls without the team, from their first exposure on, over the events that these
officers would have had on the same calls (a proportional ATT, as log ratio); or the difference of both per 1,000 calls.
With the dose that the roster intended (`as_intended`) the effect of being rostered (ITT). Volunteers and assigned
officers each have a ratio of their own.

Needs: officers whose rates would have moved by the same factor whatever their exposure (check: officer_trends); no
effect before the first exposure; no effect of exposed officers on their squad mates, or `peers="adjusted"` (check:
squad_mates); calls without the team that exposure does not choose: graph "officer". Counts may be small and need not be
Poisson: only their mean is modelled.

Estimator: E y_it = n_it exp(α_i + β_t), n_it calls, is fitted to unexposed officer-periods by Poisson quasi-likelihood.
μ̂_it are the events it expects in exposed ones; over each set of them log Σ y / Σ μ̂, or 1,000 (Σ y − Σ μ̂) / Σ n. Of
officers without an event while unexposed none is expected: μ̂_it is in proportion to the events that an officer had, so
that this is right in the mean, and leaving these officers out would not be. Leads, and exposed squad mates, are
coefficients in that fit.

Inference: to first order the error is Σ v_it (y_it − m_it), v from the derivatives of Σ y and Σ μ̂, the fit's among
them. V = Σ_g (v_g'W_g^½ (I − H_gg)^−½ W_g^−½ e_g)² over officers (CR2 with W = m), m and e means and residuals of the
Poisson regression of all rows on α_i, β_t, group × span of time since the exposure, leads and peers; t with
Satterthwaite df of each term.

Breaks: where rates move by the same amount and not by the same factor: compare officer_imputation, and doubt both where
they part. Volunteers on another course than others are not mended: read the rows of assigned officers first, and ask
for `as_intended()` where the roster is known. Officers who leave, and calls that sergeants hand to whom they have
trained, bias every row. Ratios of few events are skewed. Exchanges of exposure test that nobody changed, on whatever
scale: officer_imputation with inference="permutation" gives that test, and its interval is of differences.

Reference: Wooldridge 2023, doi:10.1093/ectj/utad016; Borusyak, Jaravel & Spiess 2024, doi:10.1093/restud/rdae007;
Pustejovsky & Tipton 2018, doi:10.1080/07350015.2016.1247004. Imputation and first-order errors checked against the
Poisson regression with all dummies; CR2 by simulated truth. No outside program gives CR2 for it.

Say: Officers who worked beside the team changed {outcome} on their own calls by {exposed} ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.expected_counts import ExpectedCounts, expected_counts
from coresponder_causal.core.notes import note
from coresponder_causal.core.poisson_effects import CountRows
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.officer_counts import officer_counts
from coresponder_causal.design.officer_result import officer_result, say_rough
from coresponder_causal.design.officer_rows import Cluster, OfficerRows
from coresponder_causal.design.officer_spans import OfficerSpans, Peers, check_terms, officer_spans, span_width
from coresponder_causal.design.officer_terms import OfficerTerms, lead_weights, mean_weights, officer_terms
from coresponder_causal.design.officer_words import peers_column
from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Scale = Literal["ratio", "difference"]


@estimator(
    design=OfficerDesign,
    setting="officer_counts",
    contrasts=("ATT as a ratio", "ITT as a ratio"),
    reference="Wooldridge 2023; Pustejovsky & Tipton 2018",
    checked_against="the Poisson regression with all dummies and simulated truth",
)
def officer_poisson(
    d: OfficerDesign,
    *,
    scale: Scale = "ratio",
    bin_width: int | None = None,
    leads: int = 2,
    cluster: Cluster = "officer",
    peers: Peers = "ignored",
) -> Result:
    """Give counted over expected events after the first exposure, by group and by time since.

    Parameters
    ----------
    d : OfficerDesign
        Its outcome is a count, or another amount that is never negative.
    scale : {"ratio", "difference"}
        Log of the ratio, or events more or less per 1,000 calls (the design's ``per``).
    bin_width, leads, cluster, peers
        As in `officer_imputation`.

    Returns
    -------
    Result
        Terms as those of `officer_imputation`. On the scale of differences without leads and squad mates, which are
        ratios. ``extra``: events counted and expected, and mean events of unexposed officer-periods.

    Raises
    ------
    DesignError
        Negative outcomes, or options that do not fit the design.
    EstimationError
        If no exposed row can be imputed, exposed officers had no event, or a fit does not settle.

    References
    ----------
    Wooldridge (2023), doi:10.1093/ectj/utad016.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> rows = [(o, t, rng.poisson((4 + o % 5) * (1 - 0.4 * (t > 8)) * (1 - 0.3 * (o < 12 and t >= 6 + o % 4))),
    ...          max(0, t - 5 - o % 4) * (o < 12)) for o in range(24) for t in range(16)]
    >>> frame = pd.DataFrame(rows, columns=["officer", "month", "force", "beside"])
    >>> d = OfficerDesign.from_frame(frame, outcome="force", dose="beside")
    >>> officer_poisson(d, leads=1).tidy(scale="ratio").set_index("term")["estimate"].round(2).iloc[:1].to_dict()
    {'exposed': 0.67}
    """
    _check(d, bin_width, leads, peers)
    rows, counts = officer_counts(d, cluster=cluster)
    width = bin_width or span_width(d, rows)
    spans = officer_spans(rows, width=width, leads=leads, period_name=d.period_name)
    spans, led = _leads(rows, counts, spans)
    beside = d.source[peers_column].to_numpy(float)[rows.kept, None] if peers == "adjusted" else None
    free = expected_counts(_beside(counts, beside), ~rows.exposed, names=[] if beside is None else [peers_column])
    terms = _shown(officer_terms(rows, spans, beside), counts.counts, free.expected, scale)
    means, loadings = _effects(rows, counts, free, terms.sets, beside, None if scale == "ratio" else d.per)
    if scale == "ratio" and led is not None:
        pulled = lead_weights(rows.weighing(led.working), spans) / led.working[:, None]
        means, loadings = np.concatenate([means, led.slopes]), np.hstack([loadings, pulled])
    working, columns = _fitted(rows, counts, spans, beside, free)
    weights = (loadings @ terms.mix) * working[:, None]
    found = rows.weighing(working).sums(weights, counts.counts / working - 1, columns)
    say_rough(float(found.df[0]))
    return officer_result(
        "officer_poisson",
        d,
        rows,
        terms.names,
        terms.mix.T @ means,
        terms.behind,
        vcov=found.vcov,
        df=found.df,
        contrast="ITT" if d.intended else "ATT",
        treatment=d.treatment,
        horizon=f"{d.period_name} from the first exposure on",
        facts={
            "interval": f"t({found.df[0]:.3g}), CR2, clusters: {cluster}",
            "bin_width": width,
            "counted_events": float(counts.counts[rows.exposed].sum()),
            "expected_events": float(free.expected[rows.exposed].sum()),
            "mean_events": float(counts.counts[~rows.exposed].mean()),
        },
        scale="log_ratio" if scale == "ratio" else "difference",
    )


def _check(d: OfficerDesign, bin_width: int | None, leads: int, peers: Peers) -> None:
    problems = Problems("officer_poisson")
    check_terms(d, bin_width, leads, peers, problems)
    problems.raise_if_any(DesignError)


def _beside(counts: CountRows, columns: Array | None) -> CountRows:
    return counts if columns is None else counts._replace(covariates=columns)


def _leads(rows: OfficerRows, counts: CountRows, spans: OfficerSpans) -> tuple[OfficerSpans, ExpectedCounts | None]:
    """Fit the leads; those with the fewest events are left out until the fit settles, which is said."""
    events = counts.counts @ spans.rows_before
    there, led = events > 0, None
    while there.any() and led is None:
        columns = spans.rows_before[:, there].astype(float)
        try:
            names = spans.leads.loc[there, "term"].tolist()
            led = expected_counts(_beside(counts, columns), ~rows.exposed, names=names)
        except EstimationError:
            there[np.argmin(np.where(there, events, np.inf))] = False
    if not there.all():
        note(f"too few events to tell {', '.join(spans.leads.loc[~there, 'term'])}: left out")
    return spans.only(leads=there), led


def _shown(terms: OfficerTerms, counts: Array, expected: Array, scale: Scale) -> OfficerTerms:
    """Keep the terms that the scale can show."""
    of_means = terms.sets.shape[1]
    lost = np.zeros(len(terms.mix), bool)
    if scale == "difference":
        lost[of_means:] = True
        return terms.without(lost)
    lost[:of_means] = (counts @ terms.sets == 0) | (expected @ terms.sets == 0)
    if lost[0]:
        raise EstimationError(
            "exposed officers had no event, or none is expected of them: their ratio has no log",
            mend="ask for scale='difference', or take an outcome with more events",
        )
    kept = terms.without(lost)
    gone = terms.names["term"][~terms.names["term"].isin(kept.names["term"])]
    if len(gone):
        note(f"no events, or none expected, in {', '.join(gone)}: the ratio has no log there")
    return kept


def _effects(
    rows: OfficerRows, counts: CountRows, free: ExpectedCounts, sets: Bools, beside: Array | None, per: float | None
) -> tuple[Array, Array]:
    """Effects over sets of exposed rows, with squad mates their slope, and what each row's events add to their errors.

    The fit's means serve as weights: a Poisson fit moves with its counts as least squares with these weights does.
    """
    counted, expected, spread = ((values @ sets) for values in (counts.counts, free.expected, free.working))
    if per is None:
        means, own, carried = np.log(counted / expected), 1 / counted, spread / expected
    else:
        own = per / (counts.exposure @ sets)
        means, carried = own * (counted - expected), own * spread
    loadings = mean_weights(rows.weighing(free.working), sets, beside) / free.working[:, None]
    many = sets.shape[1]
    loadings[:, :many] = np.where(rows.exposed[:, None], sets * own, loadings[:, :many] * carried)
    if per is not None:
        return means, loadings[:, :many]
    return np.concatenate([means, free.slopes]), loadings


def _fitted(
    rows: OfficerRows, counts: CountRows, spans: OfficerSpans, beside: Array | None, free: ExpectedCounts
) -> tuple[Array, Array]:
    """Means of all rows by the regression with spans, leads and peers, and its columns.

    Spans without events have no coefficient; officers without an event while unexposed are not in the fit: their means
    are those assumed, times the ratio of all once they are exposed.
    """
    there = counts.counts @ (spans.rows_after & ~free.silent[:, None]) > 0
    columns = spans.only(after=there).expected(beside)
    names = [f"column {number}" for number in range(columns.shape[1])]
    fit = expected_counts(_beside(counts, columns), ~free.silent, names=names)
    seen, expected = (float(values[rows.exposed].sum()) for values in (counts.counts, free.expected))
    ratio = seen / expected if seen > 0 and expected > 0 else 1.0
    assumed = free.working * np.where(rows.exposed, ratio, 1.0)
    return np.where(free.silent, assumed, fit.working), columns
