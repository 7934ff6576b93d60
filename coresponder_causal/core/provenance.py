"""Where a number comes from: the data it was computed from, the options, the version, the seed."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from coresponder_causal.core.version import VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Record that lets a number be computed again.

    Parameters
    ----------
    design : str
        Name of the design class.
    data : str
        Fingerprint of the design (SHA-256, hex).
    options : str
        Options of the call as JSON with sorted keys.
    version : str
        Version of the package.
    seed : int or None
        Seed of the random numbers, None where none are used.
    sensitive : bool
        Whether the study says that its data are: a notebook then shows what passes the gate for the public.
    """

    design: str = ""
    data: str = ""
    options: str = "{}"
    version: str = VERSION
    seed: int | None = None
    sensitive: bool = False

    def option_values(self) -> dict[str, Any]:
        """Options as keyword arguments, lists turned back into tuples."""
        loaded: dict[str, Any] = json.loads(self.options)
        return {key: tuple(value) if isinstance(value, list) else value for key, value in loaded.items()}

    def to_dict(self) -> dict[str, Any]:
        """Fields by name."""
        return asdict(self)
