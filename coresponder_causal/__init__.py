"""Whether sending a clinician with the police changed what happened to people in crisis, and how sure that is.

The package answers this for programmes in which officers and mental-health clinicians respond together. From the
calls of one city and its neighbours it comes to an estimate, an interval whose behaviour was measured, and what casts
doubt on either.

It is one corridor, and a reader who walks it in order has read an evaluation::

    data → design → estimate → check → decide → report

- ``data`` reads and validates tables and makes panels of them;
- ``design`` freezes who is compared with whom, when, for which outcome;
- ``estimate`` holds the methods: a design in, a ``Result`` out;
- ``check`` speaks to one assumption at a time;
- ``decide`` weighs what was found for what to do next;
- ``report`` turns results into tables, figures, sentences and pages.

Beside the corridor, ``simulate`` makes worlds whose true effect is known, ``validity`` says what a design can find and
how often its methods err, ``plan`` writes an evaluation down before the outcomes are seen, ``privacy`` says what may
leave, ``qualitative`` reads what people said and how it was coded, ``testing`` says whether a method somebody wrote
keeps the contract, and ``core`` holds what every room shares.

Examples
--------
>>> import coresponder_causal as cc
>>> cc.design.__name__
'coresponder_causal.design'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coresponder_causal import (
        check,
        core,
        data,
        decide,
        design,
        estimate,
        plan,
        privacy,
        qualitative,
        report,
        simulate,
        testing,
        validity,
    )
    from coresponder_causal.core.registry import METHODS
    from coresponder_causal.core.version import VERSION as __version__

__all__ = [
    "METHODS",
    "__version__",
    "check",
    "core",
    "data",
    "decide",
    "design",
    "estimate",
    "plan",
    "privacy",
    "qualitative",
    "report",
    "simulate",
    "testing",
    "validity",
]


def __getattr__(name: str) -> object:
    """Load a room when it is first named (PEP 562), so that the bare import costs nothing."""
    if name == "__version__":
        return import_module("coresponder_causal.core.version").VERSION
    if name == "METHODS":
        import_module("coresponder_causal.estimate")
        import_module("coresponder_causal.core.plugins").load_methods()
        return import_module("coresponder_causal.core.registry").METHODS
    if name in __all__:
        return import_module(f"coresponder_causal.{name}")
    raise AttributeError(
        f"module 'coresponder_causal' has no attribute {name!r}; its rooms are {', '.join(__all__[2:])}"
    )


def __dir__() -> list[str]:
    return sorted(__all__)
