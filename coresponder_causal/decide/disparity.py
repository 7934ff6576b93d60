"""Gaps between groups as they are perceived: what happened to whom, nothing adjusted for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import require_choice
from coresponder_causal.core.crossed_clusters import crossed
from coresponder_causal.core.doubly_robust import Repeated, median_of_partitions
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.partial_means import mean
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.result import Result
from coresponder_causal.decide.group_sensitivity import say_contact
from coresponder_causal.design.call_clusters import Clusters, weeks_of
from coresponder_causal.design.call_estimates import counts_behind, horizon
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.compared_groups import ComparedGroups, compared_groups, say_seldom, with_spread

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Pairs = Literal["reference", "all"]


def disparity_rates(
    c: CallDesign, *, group: str, reference: str, pairs: Pairs = "reference", clusters: Clusters = "person"
) -> Result:
    """Descriptive disparity: the mean outcome of each group, and how they differ; nothing is adjusted for.

    Parameters
    ----------
    c : CallDesign
        With an outcome. For disparity in reach take `reach_rates`.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    pairs : {"reference", "all"}
        Gaps to the reference, or of all pairs of groups.
    clusters : {"person", "week", "person and week"}
        Within what calls are not independent: the person's calls, those of a week (``received_at``), or both, which
        cross; t then has one degree of freedom less than there are clusters of the rarer kind.

    Returns
    -------
    Result
        Terms ``gap, <group>`` (or ``gap, <one> − <other>``), then ``rate, <group>``, in units of the outcome.

    Raises
    ------
    DesignError
        A group that is none, too few persons, or weeks asked of calls without ``received_at``.
    EstimationError
        An outcome without spread.

    Notes
    -----
    Says what happened to whom and nothing about why: neither need, nor place, nor hour is alike. Not for the question
    whether anybody discriminates: `where_bias` asks that, stage by stage. Calls whose group is unknown are left out and
    said; `unknown_group` bounds what they could change.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> made = biased_calls(calls=2000, officer_bias=0.1)
    >>> c = CallDesign.from_frame(made, outcome="arrest", treatment="attended", covariates=["hour"], person="person")
    >>> disparity_rates(c, group="group", reference="reference").terms["term"].tolist()
    ['gap, group', 'rate, reference', 'rate, group']
    """
    require_choice("disparity_rates", "pairs", pairs, Pairs)
    require_choice("disparity_rates", "clusters", clusters, Clusters)
    with collecting() as said:
        found = compared_groups(c.source, group=group, reference=reference, persons=c.persons)
        y, w = c.outcome_values(), c.sampling_weights()
        found = with_spread(found, y, outcome=str(c.outcome))
        say_seldom(y, found, {"": np.ones(len(y), bool)}, outcome=str(c.outcome))
        if c.outcome != _reached(c):
            say_contact(y, found, str(c.outcome), w)
        names = (found.reference, *found.others)
        means = {name: mean(y, np.where(found.member(name), w, 0.0)) for name in names}
        two = [(name, reference) for name in found.others]
        if pairs == "all":
            two = [(one, other) for other, one in combinations(names, 2)]
        terms = {_pair(one, other, pairs): means[one].plus(means[other], -1.0) for one, other in two}
        terms |= {f"rate, {name}": means[name] for name in names}
        behind: dict[str, tuple[Flags, ...]] = {
            _pair(one, other, pairs): (found.member(one), found.member(other)) for one, other in two
        }
        behind |= {f"rate, {name}": (found.member(name),) for name in names}
        rates = np.array([each.value for each in terms.values()])
        influence = len(y) * np.column_stack([each.slope for each in terms.values()])
        about = "descriptive disparity"
        result = gap_result(c, "disparity_rates", found, [rates], [influence], behind, clusters, about)
    told: dict[str, object] = {"group": group, "reference": reference, "pairs": pairs, "clusters": clusters}
    return with_provenance(result, c, said, told)


def reach_rates(c: CallDesign, *, group: str, reference: str, clusters: Clusters = "person") -> Result:
    """Descriptive disparity in reach: the share of calls that the team attended, by group.

    Parameters
    ----------
    c : CallDesign
        Of calls that the team could have attended.
    group, reference, clusters
        As in `disparity_rates`.

    Returns
    -------
    Result
        Terms as of `disparity_rates`, in shares of calls attended.

    Raises
    ------
    DesignError, EstimationError
        As of `disparity_rates`.

    Notes
    -----
    Not where the team was not on duty for one group more than for the other: leave calls out that it could not reach.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> made = biased_calls(calls=2000, reach_bias=0.2)
    >>> c = CallDesign.from_frame(made, outcome=None, treatment="attended", covariates=["hour"], person="person")
    >>> bool(reach_rates(c, group="group", reference="reference").estimate[0] < -0.1)
    True
    """
    reached = _reached(c)
    told = replace(c, source=c.source.assign(**{reached: c.treated.astype(float)}), outcome=reached)
    return disparity_rates(told, group=group, reference=reference, clusters=clusters)


def _reached(c: CallDesign) -> str:
    return f"{c.treatment} (reach)"


def _pair(one: str, other: str, pairs: Pairs) -> str:
    return f"gap, {one}" if pairs == "reference" else f"gap, {one} − {other}"


def gap_result(
    c: CallDesign, method: str, groups: ComparedGroups, estimates: Sequence[Array], influences: Sequence[Array],
    behind: dict[str, tuple[Flags, ...]], clusters: Clusters, contrast: str,
) -> Result:  # fmt: skip
    """Make a result of gaps and their influence, several draws of the folds made one.

    Behind a gap stands whichever of its groups has fewer persons, events and calls.
    """
    found = _clustered(c, clusters, estimates, influences)
    within = clusters if c.person or clusters == "week" else clusters.replace("person", "call")
    return Result(
        method=method,
        estimand=Estimand(
            contrast=contrast,
            outcome=str(c.outcome),
            treatment=f"perceived as another group against perceived as {groups.reference}",
            population="calls whose group is known",
            horizon=horizon(c.source),
            scale="difference of means",
        ),
        terms=pd.DataFrame({"term": list(behind)}),
        estimate=found.estimate,
        vcov=found.vcov,
        df=found.df,
        scale="difference",
        influence=found.influence,
        support=_behind(c, behind),
        n_obs=int(groups.known.sum()),
        n_units=found.clusters,
        extra=Facts(
            {
                "clusters": found.clusters,
                "interval": f"t({found.clusters - 1}), clusters: {within}",
                "groups": (groups.reference, *groups.others),
                "outcome_unit": f"{str(c.outcome).replace('_', ' ')} per call",
            }
        ),
    )


def _clustered(c: CallDesign, clusters: Clusters, estimates: Sequence[Array], influences: Sequence[Array]) -> Repeated:
    """Make several draws of the folds one, with variances by clusters of the kind that was asked for."""
    persons = c.persons if c.person else None
    if clusters == "person":
        return median_of_partitions(estimates, influences, c.calls, persons)
    weeks = weeks_of(c.source)
    by_week = median_of_partitions(estimates, influences, c.calls, weeks, kind="week")
    if clusters == "week":
        return by_week
    both = pd.Index(pd.MultiIndex.from_arrays([c.persons, weeks]).to_flat_index())
    by_person = median_of_partitions(estimates, influences, c.calls, persons)
    shared = median_of_partitions(estimates, influences, c.calls, both, kind="person-week")
    rarer = min(by_person, by_week, key=lambda one: one.clusters)
    return rarer._replace(vcov=crossed(by_person.vcov, by_week.vcov, shared.vcov))


def _behind(c: CallDesign, sides: dict[str, tuple[Flags, ...]]) -> pd.DataFrame:
    """Count the persons, events and calls of the smaller group of each term."""
    y, persons = c.outcome_values(), c.persons if c.person else None
    each = [counts_behind(y, persons, {str(k): rows for k, rows in enumerate(own)}) for own in sides.values()]
    smaller = [found.drop(columns="term").min() for found in each]
    return pd.DataFrame(smaller).reset_index(drop=True).assign(term=list(sides))[list(each[0])]


def with_provenance(
    result: Result, c: CallDesign, said: Sequence[str], options: dict[str, object], seed: int | None = None
) -> Result:
    """Put beside a result what was said on the way, and how it was made."""
    told = json.dumps(options, sort_keys=True)
    about = Provenance(design="CallDesign", data=c.fingerprint, options=told, seed=seed)
    return replace(result, notes=(*c.notes, *said), provenance=about)
