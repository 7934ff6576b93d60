"""Write our numbers and the ledger: ``python -m coresponder_causal.reproduce [NAME ...]``, by default all.

A paper whose data are not there keeps the numbers it had.
"""

from __future__ import annotations

import sys

from coresponder_causal.core.files import write_whole
from coresponder_causal.reproduce.ledger_page import keep, ledger, page_name, reproduce
from coresponder_causal.reproduce.papers import folder, papers


def main(names: list[str]) -> None:
    """Compute, keep, write, and say it."""
    for name in names or [paper.name for paper in papers]:
        found = reproduce(name)
        if not found.skipped:
            keep(found)
        sys.stdout.write(found.said + "\n")
    write_whole(folder() / page_name, ledger().encode())


if __name__ == "__main__":
    main(sys.argv[1:])
