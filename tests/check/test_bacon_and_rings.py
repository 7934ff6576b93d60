"""Bacon's pairs are shown for two-way fits of several starts; rings of distance tell whom the programme reached."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_imputation, did_two_way
from coresponder_causal.simulate.staggered import staggered

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")

FRAME = staggered(seed=1, units=300)


def design(frame=FRAME, **columns):
    return PanelDesign.from_frame(frame, outcome="y", unit="id", time="t", cohort="first_treated", **columns)


def test_weighted_pairs_are_the_two_way_coefficient():
    d = design()
    result = did_two_way(d)
    found = check.bacon(result, d)
    assert found.verdict == "reported"
    assert (found.table["estimate"] * found.table["weight"]).sum() == pytest.approx(result.estimate[0], abs=1e-10)
    assert found.table["weight"].sum() == pytest.approx(1)
    later = found.table["kind"] == "later against earlier"
    share = 100 * found.table.loc[later, "weight"].sum()
    assert f"{share:.0f} % of the weight" in found.sentence
    clean = np.average(found.table.loc[~later, "estimate"], weights=found.table.loc[~later, "weight"])
    assert found.moves == pytest.approx(abs(result.estimate[0] - clean) / result.bse.iloc[0])
    assert found.support["units"].min() == found.table["units"].min()
    assert "bacon" in {one.check for one in check.battery(result, d)}


def test_log_rates_are_decomposed_as_they_were_fitted():
    rng = np.random.default_rng(2)
    frame = FRAME.assign(y=rng.poisson(50, len(FRAME)), people=rng.integers(500, 900, 300)[FRAME["id"]])
    d = design(frame, exposure="people")
    with quietly():
        result = did_two_way(d, log=True)
    found = check.bacon(result, d)
    assert (found.table["estimate"] * found.table["weight"]).sum() == pytest.approx(result.estimate[0], abs=1e-10)


def test_what_has_no_pairs_says_why():
    d = design()
    one = design(FRAME[~FRAME["first_treated"].isin([5, 7])])
    holes = design(FRAME.drop(index=[5]))
    varying = design(FRAME.assign(z=FRAME["x"] * FRAME["t"] ** 2), covariates=["z"])
    cases = {
        "there is one start": check.bacon(did_two_way(one), one),
        "the panel is not balanced": check.bacon(did_two_way(holes), holes),
        "it has weights or covariates": check.bacon(did_two_way(varying), varying),
        "coefficient of did_two_way": check.bacon(did_imputation(d), d),
    }
    for why, found in cases.items():
        assert found.verdict == "not applicable"
        assert why in found.sentence


def around(reached=0.0, seed=1):
    """Six treated cities of forty; those within 60 km change by ``reached``, too."""
    rng = np.random.default_rng(seed)
    city, t = np.repeat(np.arange(40), 8), np.tile(np.arange(8), 40)
    km = np.where(city < 6, 0.0, 5.0 * city)
    y = rng.normal(size=320) + (t >= 4) * (-3.0 * (city < 6) + reached * ((city >= 6) & (km < 60)))
    frame = pd.DataFrame({"city": city, "t": t, "km": km, "y": y})
    return PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", treated=list(range(6)), start=4)


def test_a_programme_that_reached_its_neighbours_is_seen_in_their_ring_alone():
    quiet, loud = around(), around(reached=-2.0)
    found = check.spillover_rings(did_two_way(quiet), quiet, distance="km", rings=[60, 100])
    assert found.verdict == "no contradiction found"
    assert found.power > 0.9
    found = check.spillover_rings(did_two_way(loud), loud, distance="km", rings=[60, 100])
    assert found.verdict == "contradicts"
    near, next_ring = found.table["p_holm"]
    assert near < 0.01 < next_ring
    wide = loud.source.assign(change=loud.source["t"] >= 4).pivot_table(
        index="city", columns="change", values="y", aggfunc="mean"
    )
    change, km = wide[True] - wide[False], loud.source.groupby("city")["km"].first()
    by_hand = change[(km > 0) & (km < 60)].mean() - change[km >= 100].mean()
    assert found.table["estimate"].iloc[0] == pytest.approx(by_hand)
    assert found.support["units"].tolist() == [6, 8]


def test_rings_without_units_and_wrong_distances_are_said():
    d = around()
    result = did_two_way(d)
    found = check.spillover_rings(result, d, distance="km", rings=[20, 60])
    assert "0 to 20 km: 0 units" in found.sentence
    assert check.spillover_rings(result, d, distance="km", rings=[500]).verdict == "not applicable"
    several = design(FRAME.assign(km=1.0))
    assert "different times" in check.spillover_rings(result, several, distance="km", rings=[5]).sentence
    with pytest.raises(DesignError, match=r"(?s)do not rise.*no column 'miles'"):
        check.spillover_rings(result, d, distance="miles", rings=[50, 20])
    moving = PanelDesign.from_frame(
        d.source.assign(km=d.source["t"] - 1.0), outcome="y", unit="city", time="t", treated=[1, 2], start=4
    )
    with pytest.raises(DesignError, match="missing or negative in 38 rows and changes within 40 units"):
        check.spillover_rings(result, moving, distance="km", rings=[50])
