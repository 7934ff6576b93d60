"""Studies of validity: what a design can find, and how often its methods err, on worlds whose truth is known."""

from coresponder_causal.validity.calibrate import Calibration, calibrate
from coresponder_causal.validity.power import Power, power

__all__ = ["Calibration", "Power", "calibrate", "power"]
