"""The block [bias] of a study: how far those who know each design say that it may be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coresponder_causal.core.errors import Problems
from coresponder_causal.decide import Bias

entry_keys = ("mean", "sd", "source")


def read_biases(given: Mapping[str, Any], run: list[Any], problems: Problems) -> dict[str, Bias] | None:
    """Read elicited biases by design; None where there is no such block.

    A study states ``elicited_from`` once, and for each design that it runs a section such as ``[bias.cities]`` with
    ``mean`` and ``sd`` of the bias of the log ratio, and ``source``.

    Parameters
    ----------
    given : mapping
        The block as the file states it.
    run : list of str
        Designs that the study runs.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> stated = {"elicited_from": "two analysts", "cities": {"mean": 0.0, "sd": 0.1, "source": "Turner et al. 2009"}}
    >>> read_biases(stated, ["cities"], Problems("study"))["cities"].sd
    0.1
    """
    if not given:
        return None
    who = given.get("elicited_from")
    if not isinstance(who, str) or not who.strip():
        problems.add("[bias] does not say who was asked", mend='write elicited_from = "who, and how"')
    for name in (name for name in run if name not in given):
        problems.add(f"[bias] does not say how far '{name}' may be wrong", mend=f"add [bias.{name}]")
    found = {}
    for name, entry in ((name, entry) for name, entry in given.items() if name != "elicited_from"):
        if name not in run:
            problems.add(f"[bias.{name}]: the study does not run '{name}'", mend="add it to run, or take it out")
        elif _complete(entry):
            found[name] = Bias(
                mean=float(entry["mean"]), sd=float(entry["sd"]), source=entry["source"], elicited_from=str(who)
            )
        else:
            problems.add(f"[bias.{name}] is {entry!r}", mend="write mean and sd (over 0) of its bias, and source")
    return found


def _complete(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != set(entry_keys):
        return False
    numbers = all(isinstance(entry[name], int | float) and not isinstance(entry[name], bool) for name in ("mean", "sd"))
    return bool(numbers and entry["sd"] > 0 and isinstance(entry["source"], str) and entry["source"].strip())
