"""A build warns of every public name of the package that no page documents."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

PACKAGE = "coresponder_causal"


def public_names() -> Iterator[tuple[str, str]]:
    """Give every package and public name in it: what ``__all__`` lists."""
    package = import_module(PACKAGE)
    for found in walk_packages(package.__path__, f"{PACKAGE}."):
        if found.ispkg:
            yield from ((found.name, name) for name in getattr(import_module(found.name), "__all__", ()))


def _warn(app: Sphinx, env: BuildEnvironment) -> None:
    python = env.domains.python_domain
    for room, name in public_names():
        if f"{room}.{name}" not in python.objects:
            logging.getLogger(__name__).warning("%s.%s is public and on no page of docs/api", room, name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Look when all pages have been read."""
    app.connect("env-check-consistency", _warn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
