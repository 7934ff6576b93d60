"""In which range each number of a world must lie."""

from math import isfinite
from numbers import Integral, Real

from coresponder_causal.core.errors import Problems

_BOUNDS: dict[str, tuple[float, float]] = {
    "monthly_calls": (0.5, 1e5),
    "n_comparison": (1, 400),
    "city_rate_sd": (0, 2),
    "season_amplitude": (0, 1),
    "season_sd": (0, 1),
    "hour_sd": (0, 1),
    "rho": (0, 0.99),
    "ar_sd": (0, 2),
    "nugget_sd": (0, 2),
    "tau": (0, 2),
    "tau_hours": (0, 2),
    "treated_noise": (0, 10),
    "treated_tau": (0, 10),
    "covid_amplitude": (-3, 3),
    "covid_loading_sd": (0, 3),
    "covid_hours": (-3, 3),
    "covid_months": (1, 34),
    "effect": (-3, 3),
    "spillover": (-1, 1),
    "city_effect": (-3, 3),
    "absence": (0, 1),
    "attendance": (-3, 3),
    "selection": (-3, 3),
    "sent": (-10, 10),
    "elsewhere": (-10, 10),
    "reporting": (-10, 10),
    "posts_effect": (-3, 3),
    "posts_load": (-3, 3),
    "months_running": (1, 30),
    "adopters": (0, 400),
    "adopter_effect": (-3, 3),
    "adoption_waves": (1, 4),
    "missing": (0, 1),
    "false_links": (0, 1),
    "missed_links": (0, 1),
    "false_links_by_team": (0, 1),
    "missed_links_by_team": (0, 1),
    "flag_found": (0, 1),
    "flag_found_by_team": (0, 1),
    "flag_false": (0, 1),
    "flag_false_by_team": (0, 1),
    "officer_effect": (-10, 10),
    "officer_sd": (0, 3),
    "officer_selection": (-10, 10),
    "ride_volunteers": (0, 1),
    "squad_spillover": (0, 1),
    "officer_fade": (0, 0.5),
    "label_error": (0, 0.5),
    "label_bias": (0, 0.5),
    "hand_coded": (0, 1),
    "coder_kappa": (0, 1),
    "stigma_words": (0, 0.5),
    "stigma_bias": (0, 0.5),
}
_OPTIONAL = ("city_effect", "missed_links_by_team", "false_links_by_team")
_WHOLE = ("n_comparison", "covid_months", "months_running", "adopters", "adoption_waves")


def check_number(problems: Problems, name: str, value: object) -> None:
    """Note a value that is no finite number, no whole number where one is due, or out of range."""
    low, high = _BOUNDS[name]
    if value is None and name in _OPTIONAL:
        return
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
        problems.add(f"{name} = {value!r} is not a finite number", mend=f"give a number from {low:g} to {high:g}")
    elif name in _WHOLE and not isinstance(value, Integral):
        problems.add(f"{name} = {value!r} is not a whole number", mend="give an int")
    elif not low <= float(value) <= high:
        problems.add(f"{name} = {float(value):g} is outside [{low:g}, {high:g}]", mend="set it inside")
