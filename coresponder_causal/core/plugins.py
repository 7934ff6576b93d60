"""Methods that other packages bring: found by their entry points, loaded when a method is looked for by name.

A package names them in the group ``coresponder_causal.methods``, each as ``module:function``; loading the module
registers the function, as `estimator` does with every method.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from coresponder_causal.core.errors import IdentificationWarning, stumbles

group = "coresponder_causal.methods"


@cache
def load_methods() -> tuple[str, ...]:
    """Load what other packages bring, once.

    Returns
    -------
    tuple of str
        Names of the entry points that were loaded. One that cannot be is named in an `IdentificationWarning`.

    Examples
    --------
    >>> isinstance(load_methods(), tuple)
    True
    """
    return tuple(point.name for point in sorted(entry_points(group=group)) if _loaded(point))


def _loaded(point: EntryPoint) -> bool:
    try:
        method = point.load()
    except stumbles as error:
        said = str(error).partition("\n")[0]
        _warn(point, f"cannot be loaded: {type(error).__name__}: {said}")
        return False
    if getattr(method, "__name__", None) != point.name or not hasattr(method, "__wrapped__"):
        _warn(point, "is not a method of that name: put @estimator(...) above the function")
        return False
    return True


def _warn(point: EntryPoint, what: str) -> None:
    package = point.dist.name if point.dist is not None else point.value
    warnings.warn(f"the method '{point.name}' of {package} {what}", IdentificationWarning, stacklevel=2)
