"""For those who write methods: the contract that every method keeps, and data to try one on."""

from coresponder_causal.testing.case import Case
from coresponder_causal.testing.check import Checked, broken, check_method, rules, title
from coresponder_causal.testing.examples import Example, example_of, examples

__all__ = ["Case", "Checked", "Example", "broken", "check_method", "example_of", "examples", "rules", "title"]
