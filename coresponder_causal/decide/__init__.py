"""The room of decisions: results weighed for what a city does next."""

from coresponder_causal.decide.deployment import Deployment, deployment, hours_today
from coresponder_causal.decide.shifts import Schedule, ShiftRules, best_schedule

__all__ = ["Deployment", "Schedule", "ShiftRules", "best_schedule", "deployment", "hours_today"]
