"""Write suppression.json beside this file: optimal suppression by Tau-Argus, as built into pytauargus with HiGHS.

``pip install --target FOLDER pytauargus``, then ``PYTHONPATH=.:FOLDER python make_reference.py``; its version stands in
the file. Tables go in as lists of cells and relations, the form in which its optimal method takes them; it leaves its
own logs where it runs. The hypercube method is not in this build.

Each table is protected twice. ``known``: the attacker knows which cells are small, that is 1 … 10, and protection
levels reach the ends of what that leaves, as ours do. ``open``: he knows nothing of them, protection is to 1 and 10.
"""

import itertools
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.core.attacker import intervals
from coresponder_causal.core.cell_system import linked, of_table

SMALL = (1.0, 10.0)
SHAPES = [(4, 4), (4, 6), (6, 6), (8, 8), (10, 6), (2, 3, 3), (12, 4), (3, 3, 2)]
TABLES, SECONDS = 24, 300


def system_of(shape, counts, two_tables):
    """Cells of one table, or of two with one dimension in common."""
    names = list("abc"[: len(shape)])
    rows = pd.DataFrame(itertools.product(*(range(size) for size in shape)), columns=names).assign(count=counts)
    if not two_tables:
        return of_table(rows, names)
    sides = [rows.groupby(pair, as_index=False)["count"].sum() for pair in (["a", "b"], ["b", "c"])]
    return linked(*(of_table(side, list(side.columns[:2])) for side in sides))


def weights_of(system):
    """Whole numbers: a margin costs three inner cells; large cells a little more, so that ties are rare."""
    return np.where(system.margins, 300, 100) + np.round(10 * np.log1p(system.values))


def written(system, known):
    """The problem in Tau-Argus's own format."""
    values = system.values
    small = (values > 0) & (values < 11)
    knowledge = np.where(small, SMALL[0], 0.0), np.where(small, SMALL[1], np.inf)
    ends = intervals(system, np.ones_like(small), bounds=knowledge) if known else SMALL
    low, high = (np.where(small, end, values) for end in ends)
    floor = np.where(small & known, SMALL[0], 0.0)
    roof = np.where(small & known, SMALL[1], 10 * values.max())
    status = np.where(small, "u", np.where(system.roots, "z", "s"))
    lines = ["0", str(len(values))]
    for i, weight in enumerate(weights_of(system)):
        numbers = [floor[i], roof[i], values[i] - np.ceil(low[i]), np.floor(high[i]) - values[i], 0]
        lines.append(f"{i} {values[i]:g} {weight:g} {status[i]} " + " ".join(f"{number:g}" for number in numbers))
    lines.append(str(system.relations.shape[0]))
    for row in system.relations:
        terms = " ".join(f"{cell} ({sign:g})" for cell, sign in zip(row.indices, row.data, strict=True))
        lines.append(f"0 {len(row.indices)} : {terms}")
    return "\n".join(lines) + "\n"


def complementary(system, known):
    """Cells that Tau-Argus hides beside the small ones."""
    from pytauargus import HiTaSCtrl

    with tempfile.TemporaryDirectory() as folder:
        problem, answer = Path(folder, "JJ.IN"), Path(folder, "JJ.OUT")
        problem.write_text(written(system, known), encoding="utf-8")
        code = HiTaSCtrl().full_jj(in_file_jj=str(problem), out_file=str(answer), max_time=SECONDS)
        if code:
            raise SystemExit(f"Tau-Argus returned {code}")
        return [int(cell) for cell in answer.read_text(encoding="utf-8").split()]


def main():
    rng, tables = np.random.default_rng(12), []
    while len(tables) < TABLES:
        shape = SHAPES[len(tables) % len(SHAPES)]
        share = np.ones(shape)
        for axis, size in enumerate(shape):
            share = share * rng.gamma(0.8, 1, size).reshape([-1 if k == axis else 1 for k in range(len(shape))])
        counts = rng.poisson(share / share.sum() * rng.choice([300, 700, 1500])).ravel().tolist()
        two_tables = len(shape) == 3 and len(tables) % 16 > 7
        system = system_of(shape, counts, two_tables)
        hidden = {name: complementary(system, name == "known") for name in ("known", "open")}
        tables.append({"shape": shape, "counts": counts, "two_tables": two_tables} | hidden)
    content = {"versions": {"pytauargus": version("pytauargus"), "python": sys.version.split()[0]}, "tables": tables}
    Path(__file__).with_name("suppression.json").write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main()
