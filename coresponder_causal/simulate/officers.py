"""The treated city's officers together: who they are, who rides, who answers which call, and with which habits."""

from dataclasses import dataclass
from functools import cached_property

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Booleans
from coresponder_causal.simulate.force import Force, draw_force
from coresponder_causal.simulate.habits import Habits, habits
from coresponder_causal.simulate.intake import Intake
from coresponder_causal.simulate.play import Ways
from coresponder_causal.simulate.rosters import Crew, Riders, draw_crew, draw_riders
from coresponder_causal.simulate.spells import Shifts


@dataclass(frozen=True, eq=False)
class Officers:
    """The treated city's officers.

    Parameters
    ----------
    config : WorldConfig
        How officers differ, learn and come to ride.
    seed : int
        Seed of the world.
    """

    config: WorldConfig
    seed: int

    @cached_property
    def force(self) -> Force:
        """Officers."""
        return draw_force(self.config, self.seed)

    def riders(self, shifts: Shifts) -> Riders:
        """Tell who shares each planned shift."""
        return draw_riders(self.force, shifts, self.config, self.seed)

    def crew(self, calls: Intake, shifts: Shifts) -> Crew:
        """Tell who would answer each call."""
        return draw_crew(calls.id, calls.received, self.force, shifts, self.riders(shifts), self.seed)

    def ways(self, calls: Intake, shifts: Shifts) -> Ways:
        """Give the habits of who answered, for any choice of calls that the team attended."""
        crew = self.crew(calls, shifts)

        def held(same_calls: Intake, attended: Booleans) -> Habits:
            return habits(crew, attended, same_calls.received, self.force, self.config)

        return held
