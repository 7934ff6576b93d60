"""For whom a study or a city is written, as the command line asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from coresponder_causal.plan.describe import City
from coresponder_causal.plan.study import Study
from coresponder_causal.privacy import Audience, Ledger, Policy

Written = TypeVar("Written", Study, City)


def policy_for(audience: str | None, agreement: str | None) -> Policy:
    """Return the policy asked for; for those inside where nothing is.

    Parameters
    ----------
    audience : str or None
    agreement : str or None

    Returns
    -------
    Policy

    Raises
    ------
    DisclosureError
        An audience that there is not, or a partner without an agreement.
    """
    return Policy(audience=cast("Audience", audience or "internal"), agreement=agreement)


def meant_for(one: Written, audience: str | None, agreement: str | None, ledger: Path | None) -> Written:
    """Return a study or a city for another audience than it states; what is not asked stays.

    Parameters
    ----------
    one : Study or City
    audience, agreement : str or None
    ledger : Path or None

    Returns
    -------
    Study or City

    Raises
    ------
    DisclosureError
        As of `policy_for`.

    Examples
    --------
    >>> from coresponder_causal.plan import embedded_study
    >>> meant_for(embedded_study()[0], "public", None, None).policy.audience
    'public'
    """
    asked = one if audience is None and agreement is None else replace(one, policy=policy_for(audience, agreement))
    return asked if ledger is None else replace(asked, ledger=Ledger(ledger))
