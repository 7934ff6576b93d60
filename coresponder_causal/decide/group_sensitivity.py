"""What a gap between groups can be when contacts were had because of the group, or when the group is not known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.contact_bounds import contact_bounds, hiding_share
from coresponder_causal.core.crossed_clusters import spread
from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.group_bounds import proxy_bounds, shares_by_kind, unknown_group_bounds
from coresponder_causal.core.inference import interval, set_interval
from coresponder_causal.core.notes import note, quietly
from coresponder_causal.core.partial_means import Ends
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.compared_calls import compared_calls
from coresponder_causal.design.compared_groups import ComparedGroups
from coresponder_causal.design.covariates import groups_of, stage_of

Array = NDArray[np.float64]
usual_shares = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
said_shares = (0.1, 0.3)


def contact_gap(
    calls: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    reference: str,
    shares: Sequence[float] = usual_shares,
    person: str | None = "person",
    clusters: Clusters = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Bound the effect of perceived group on what follows a contact, as a function of the contacts that bias brought.

    Parameters
    ----------
    calls : DataFrame
        One row per contact on record.
    outcome : str
        Yes or no, such as ``force``.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    shares : sequence of float
        ρ: shares of the contacts with a group that would not have been had with persons perceived as of the reference.
    person : str, optional
        Column of persons.
    clusters : {"person", "week", "person and week"}
        Within what contacts are not independent, as in `disparity_rates`.
    level : float

    Returns
    -------
    DataFrame
        ``group, rho, among_group, among_low, among_high`` (effect among contacts with the group, and its interval),
        ``set_low, set_high, conf_low, conf_high`` (effect among all contacts), ``hidden_from`` (the ρ from which a gap
        that seems to favour the group is one against it), ``persons, contacts, events`` and, of the group and of
        the reference, ``events_of_group, events_of_others``.

    Raises
    ------
    DesignError
        Listing every broken rule: columns, an outcome that is not yes or no, groups, shares outside [0, 1).
    EstimationError
        Groups of which fewer than 11 persons have a known outcome, or the same outcome of all.

    Notes
    -----
    Contacts of which the outcome is not known are left out and said. Not where contacts are missing from the record
    more often when nothing followed; nor without making calls alike, where other things that move the outcome differ
    between groups: then bound it within cells. ρ is not estimated here: take it from another design, or look for the ρ
    at which the finding turns.

    References
    ----------
    Knox, Lowe & Mummolo (2020), doi:10.1017/S0003055420000039; Imbens & Manski (2004).

    Examples
    --------
    >>> frame = pd.DataFrame({"force": [1, 0, 0, 0] * 10, "group": ["a"] * 20 + ["b"] * 20})
    >>> found = contact_gap(frame, outcome="force", group="group", reference="b", shares=[0, 0.2], person=None)
    >>> found["among_group"].round(3).tolist()
    [0.0, 0.05]
    """
    _refuse_shares(shares)
    read = compared_calls(
        calls, subject="contact_gap", group=group, reference=reference, yes_no=[outcome], person=person,
        clusters=clusters, level=level,
    ).known(outcome)  # fmt: skip
    groups, y, rows = read.groups, read.yes(outcome), []
    for name in read.telling(outcome):
        used = groups.member(name) | groups.member(reference)
        member, within, values = groups.member(name)[used], read.within(used), y[used]
        hidden = hiding_share(values, member)
        about = {
            "hidden_from": hidden, "persons": int(read.persons[used].nunique()), "contacts": int(used.sum()),
            "events": int(values.sum()), "events_of_group": int(values[member].sum()),
            "events_of_others": int(values[~member].sum()),
        }  # fmt: skip
        for rho in shares:
            found = contact_bounds(values, member, rho)
            among = found.among_group
            errors, df = _errors(Ends(among, among), within)
            low, high = interval(among.value, errors[0], df, level)
            ends = _set(Ends(found.low, found.high), within, level)
            rows.append({"group": name, "rho": rho, "among_group": among.value, "among_low": float(low),
                         "among_high": float(high), **ends, **about})  # fmt: skip
    return pd.DataFrame(rows)


def unknown_group(
    calls: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    reference: str,
    proxies: Sequence[str] = (),
    person: str | None = "person",
    clusters: Clusters = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Bound the gap between groups whoever the calls are of which the group is unknown.

    Parameters
    ----------
    calls : DataFrame
        One row per call, those of unknown group included.
    outcome, group, reference, person, clusters
        As in `contact_gap`.
    proxies : sequence of str
        Columns known of every call, within whose cells the groups have the same shares among known and unknown calls.
    level : float

    Returns
    -------
    DataFrame
        ``group, rests_on, set_low, set_high, conf_low, conf_high, unknown, calls``: for each group a row that rests on
        nothing, and one on the proxies where there are some (their shares taken as known).

    Raises
    ------
    DesignError
        As of `contact_gap`.
    EstimationError
        A cell of the proxies in which the group of nobody is known, or the same outcome of all calls.

    Notes
    -----
    Calls of which the outcome is not known are left out and said. The row on the proxies is not for groups that are
    written down because of what happened: within a cell the known calls would then not stand for the others.

    References
    ----------
    Manski (1990), doi:10.3386/t0094; Kallus, Mao & Zhou (2022), doi:10.1287/mnsc.2020.3850.

    Examples
    --------
    >>> frame = pd.DataFrame({"hold": [1, 0, 0, 0] * 12, "group": ["a"] * 20 + ["b"] * 20 + [None] * 8})
    >>> found = unknown_group(frame, outcome="hold", group="group", reference="b", person=None)
    >>> found[["set_low", "set_high"]].round(3).values.tolist()
    [[-0.126, 0.126]]
    """
    with quietly():
        read = compared_calls(
            calls, subject="unknown_group", group=group, reference=reference, wanted=proxies, yes_no=[outcome],
            person=person, clusters=clusters, level=level,
        ).known(outcome)  # fmt: skip
    groups, y, texts, rows = read.groups, read.yes(outcome), read.table[group].astype("string"), []
    if not np.ptp(y):
        raise EstimationError(f"'{outcome}' is the same in all calls", mend="bring more calls, or another outcome")
    unknown = texts.isna().to_numpy()
    for name in groups.others:
        members = [np.where(unknown, np.nan, groups.member(each).astype(float)) for each in (name, reference)]
        about = {"unknown": int(unknown.sum()), "calls": len(y), "events": int(y.sum())}
        ends = unknown_group_bounds(y, *members)
        rows.append({"group": name, "rests_on": "nothing", **_set(ends, read.clusters, level), **about})
        if proxies:
            ends = _by_proxies(read.table, y, texts, name, reference, proxies)
            rests = f"groups alike in {', '.join(proxies)}"
            rows.append({"group": name, "rests_on": rests, **_set(ends, read.clusters, level), **about})
    return pd.DataFrame(rows)


def say_contact(y: Array, groups: ComparedGroups, outcome: str, weights: Array) -> None:
    """Say beside a gap in what follows a contact, yes or no, how contacts that bias brought would move it."""
    if stage_of(outcome) == "pre-dispatch" or not np.isin(y, [0.0, 1.0]).all():
        return
    other = groups.member(groups.reference)
    for name in groups.others:
        used = groups.member(name) | other
        member, values, weight = groups.member(name)[used], y[used], weights[used]
        parts = [
            f"{found.low.value:+.3f} to {found.high.value:+.3f} if {100 * rho:.0f} % of the contacts with {name} "
            f"were had for that"
            for rho in said_shares
            for found in [contact_bounds(values, member, rho, weights=weight)]
        ]
        note(
            f"records hold contacts only, and who is met may hang on the group (Knox, Lowe & Mummolo): the effect is "
            f"{', '.join(parts)}; see contact_gap"
        )


def _by_proxies(
    calls: pd.DataFrame, y: Array, texts: pd.Series, name: str, reference: str, proxies: Sequence[str]
) -> Ends:
    z = groups_of(calls, proxies)
    first, second = (shares_by_kind(z, texts, each) for each in (name, reference))
    if np.isnan(first).any():
        raise EstimationError(
            f"in {int(np.isnan(first).sum())} cells of {', '.join(proxies)} the group of nobody is known",
            mend="take coarser proxies",
        )
    return proxy_bounds(y, z, first, second)


def _refuse_shares(shares: Sequence[float]) -> None:
    problems = Problems("shares of contacts that bias brought")
    if not len(shares):
        problems.add("no share is given", mend="give 0 and some more")
    for share in shares:
        if not 0 <= share < 1:
            problems.add(f"ρ = {share:g} is no share below one", mend="take shares from 0 to, say, 0.5")
    problems.raise_if_any(DesignError)


def _set(ends: Ends, within: Sequence[ArrayLike], level: float) -> dict[str, float]:
    """Give a set with its interval."""
    errors, df = _errors(ends, within)
    values = [[ends.low.value, ends.high.value]]
    low, high = set_interval(values, [np.maximum(errors, 1e-12)], [df], level)
    return dict(zip(("set_low", "set_high", "conf_low", "conf_high"), (*values[0], low[0], high[0]), strict=True))


def _errors(ends: Ends, within: Sequence[ArrayLike]) -> tuple[Array, float]:
    """Return standard errors of both ends by clusters, and their degrees of freedom."""
    found = spread(np.column_stack([ends.low.slope, ends.high.slope]), within)
    return np.sqrt(np.diag(found.vcov)), found.df
