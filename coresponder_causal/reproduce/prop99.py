"""California's tobacco programme (Proposition 99) by four estimators (Arkhangelsky and others 2021, Table 1)."""

from __future__ import annotations

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_two_way, synth_control, synth_did
from coresponder_causal.reproduce.packages import PackagedTable

file = PackagedTable(
    "synthdid-py",
    "synthdid/data/california_prop99.csv",
    "550d24c2f743507d097692d181bdbbf36c6168a39a0b6fc831cc89d98082f7de",
)


def prop99() -> dict[str, float]:
    """Packs per person and year; DIFP is the synthetic control with a constant."""
    design = PanelDesign.from_frame(
        file.read(), outcome="PacksPerCapita", unit="State", time="Year", treated="California", start=1989
    )
    with quietly():
        fits = {
            "SDID": synth_did(design, log=False),
            "SC": synth_control(design, log=False, demean=False),
            "DIFP": synth_control(design, log=False),
            "DID": did_two_way(design, inference="cluster"),
        }
    found = {name: float(fit.estimate[0]) for name, fit in fits.items()}
    return found | {f"{name}, second printing": value for name, value in found.items()}
