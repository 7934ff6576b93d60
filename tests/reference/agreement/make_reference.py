"""Write agreement.json beside this file; needs krippendorff and irrCAC, of the versions in it.

The first table is the one Krippendorff (2011) works out; the others are drawn, with ratings missing.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

LEVELS = ("nominal", "ordinal", "interval", "ratio")
GONE = float("nan")
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, GONE, GONE, GONE],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GONE, 3],
    [GONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GONE],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GONE],
]


def tables():
    """Ratings by table, shape (readers, units)."""
    rng = np.random.default_rng(16)
    truth = rng.integers(1, 6, 60)
    five = np.clip(truth + rng.integers(-1, 2, (5, 60)), 1, 5).astype(float)
    five[rng.random((5, 60)) < 0.3] = GONE
    first = (rng.random(200) < 0.12).astype(float)
    two = np.array([first, np.where(rng.random(200) < 0.08, 1 - first, first)])
    two[1, 150:] = GONE
    return {"published": np.array(PUBLISHED, float), "five_readers": five, "two_readers": two}


def numbers(ratings):
    """α at each level, and AC1 and Fleiss's κ with their errors and the percentage."""
    import krippendorff
    import pandas as pd
    from irrCAC.raw import CAC

    given = [[None if np.isnan(value) else float(value) for value in row] for row in ratings]
    alpha = {level: float(krippendorff.alpha(reliability_data=ratings, level_of_measurement=level)) for level in LEVELS}
    found = {"ratings": given, "alpha": alpha}
    program = CAC(pd.DataFrame(ratings.T), digits=14)
    for method, name in (("gwet", "ac1"), ("fleiss", "fleiss")):
        getattr(program, method)()
        parts = {"estimate": program.coefficient_value, "std_error": program.se, "percent": program.pa}
        found[name] = {part: float(value) for part, value in parts.items()}
    return found


def main():
    """Write the file."""
    made = {name: version(name) for name in ("krippendorff", "irrCAC", "numpy")}
    found = {"versions": made, "tables": {name: numbers(ratings) for name, ratings in tables().items()}}
    place = Path(__file__).with_name("agreement.json")
    place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
