"""What a gap between groups can be when contacts were had because of the group, or when the group is not known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.contact_bounds import contact_bounds, hiding_share
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.group_bounds import proxy_bounds, shares_by_kind, unknown_group_bounds
from coresponder_causal.core.inference import interval, set_interval
from coresponder_causal.core.notes import note, quietly
from coresponder_causal.core.partial_means import Ends, Moved
from coresponder_causal.core.support import least_shown
from coresponder_causal.design.compared_groups import ComparedGroups, compared_groups
from coresponder_causal.design.covariates import labels, stage_of

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
        Column of persons, within which contacts are not independent.
    level : float

    Returns
    -------
    DataFrame
        ``group, rho, among_group, among_low, among_high`` (effect among contacts with the group, and its interval),
        ``set_low, set_high, conf_low, conf_high`` (effect among all contacts), ``hidden_from`` (the ρ from which a gap
        that seems to favour the group is one against it), ``contacts, events``.

    Raises
    ------
    DesignError, EstimationError
        As `compared_groups` and `contact_bounds`.

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
    groups, persons = _groups(calls, group, reference, person)
    y, rows = calls[outcome].to_numpy(float), []
    for name in groups.others:
        used = groups.member(name) | groups.member(reference)
        member, who, values = groups.member(name)[used], persons[used], y[used]
        hidden = hiding_share(values, member)
        for rho in shares:
            found = contact_bounds(values, member, rho)
            among = found.among_group
            error, _, df = _errors(Ends(among, among), who)
            low, high = interval(among.value, error, df, level)
            rows.append(
                {"group": name, "rho": rho, "among_group": among.value, "among_low": float(low),
                 "among_high": float(high), **_set(Ends(found.low, found.high), who, level), "hidden_from": hidden,
                 "contacts": int(used.sum()), "events": int(values.sum())}
            )  # fmt: skip
    return pd.DataFrame(rows)


def unknown_group(
    calls: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    reference: str,
    proxies: Sequence[str] = (),
    person: str | None = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Bound the gap between groups whoever the calls are of which the group is unknown.

    Parameters
    ----------
    calls : DataFrame
        One row per call, those of unknown group included.
    outcome, group, reference, person
        As in `contact_gap`; the outcome is known of every call.
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
    EstimationError
        A cell of the proxies in which the group of nobody is known.

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
        groups, persons = _groups(calls, group, reference, person)
    y, texts, rows = calls[outcome].to_numpy(float), calls[group].astype("string").reset_index(drop=True), []
    if np.isnan(y).any():
        raise DesignError(f"'{outcome}' is missing in some calls", mend="leave them out, and say so")
    unknown = texts.isna().to_numpy()
    for name in groups.others:
        members = [np.where(unknown, np.nan, groups.member(each).astype(float)) for each in (name, reference)]
        about = {"unknown": int(unknown.sum()), "calls": len(y)}
        ends = unknown_group_bounds(y, *members)
        rows.append({"group": name, "rests_on": "nothing", **_set(ends, persons, level), **about})
        if proxies:
            ends = _by_proxies(calls, y, texts, name, reference, proxies)
            rests = f"groups alike in {', '.join(proxies)}"
            rows.append({"group": name, "rests_on": rests, **_set(ends, persons, level), **about})
    return pd.DataFrame(rows)


def say_contact(y: Array, groups: ComparedGroups, outcome: str) -> None:
    """Say beside a gap in what follows a contact, yes or no, how contacts that bias brought would move it."""
    if stage_of(outcome) == "pre-dispatch" or not np.isin(y, [0.0, 1.0]).all():
        return
    other = groups.member(groups.reference)
    for name in groups.others:
        used = groups.member(name) | other
        member, values = groups.member(name)[used], y[used]
        parts = [
            f"{found.low.value:+.3f} to {found.high.value:+.3f} if {rho:.0%} of the contacts with {name} were had for "
            "that"
            for rho in said_shares
            for found in [contact_bounds(values, member, rho)]
        ]
        note(
            f"records hold contacts only, and who is met may hang on the group (Knox, Lowe & Mummolo): the effect is "
            f"{', '.join(parts)}; see contact_gap"
        )


def _by_proxies(
    calls: pd.DataFrame, y: Array, texts: pd.Series, name: str, reference: str, proxies: Sequence[str]
) -> Ends:
    kinds = pd.DataFrame({each: labels(calls[each]) for each in proxies}).groupby(list(proxies), sort=True).ngroup()
    z = np.asarray(kinds, np.int64)
    first, second = (shares_by_kind(z, texts, each) for each in (name, reference))
    if np.isnan(first).any():
        raise EstimationError(
            f"in {int(np.isnan(first).sum())} cells of {', '.join(proxies)} the group of nobody is known",
            mend="take coarser proxies",
        )
    return proxy_bounds(y, z, first, second)


def _groups(calls: pd.DataFrame, group: str, reference: str, person: str | None) -> tuple[ComparedGroups, pd.Index]:
    persons = pd.Index(calls[person]) if person else pd.RangeIndex(len(calls))
    return compared_groups(calls, group=group, reference=reference, persons=persons, least=least_shown), persons


def _set(ends: Ends, persons: pd.Index, level: float) -> dict[str, float]:
    """Give a set with its interval."""
    below, above, df = _errors(ends, persons)
    values = [[ends.low.value, ends.high.value]]
    low, high = set_interval(values, [[max(below, 1e-12), max(above, 1e-12)]], [df], level)
    return dict(zip(("set_low", "set_high", "conf_low", "conf_high"), (*values[0], low[0], high[0]), strict=True))


def _errors(ends: Ends, persons: pd.Index) -> tuple[float, float, float]:
    """Return standard errors of both ends, clustered by person, and their degrees of freedom."""
    codes, found = pd.factorize(persons)
    many = len(found)

    def error(moved: Moved) -> float:
        return float(np.sqrt(many / (many - 1) * (np.bincount(codes, weights=moved.slope) ** 2).sum()))

    return error(ends.low), error(ends.high), float(many - 1)
