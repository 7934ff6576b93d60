"""The full tier of a world: the treated city's officers, staff and what they tell, each drawn when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.simulate import force_frames
from coresponder_causal.simulate.asked import officers_asked, staff_asked
from coresponder_causal.simulate.cities import Cities
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.contacts import contacts_frame
from coresponder_causal.simulate.dispatch import Booleans, draw_absences
from coresponder_causal.simulate.effects import DutyPlay
from coresponder_causal.simulate.engagement import engaged_soon, states
from coresponder_causal.simulate.experience import Experience, ask_about_calls, surveys_frame
from coresponder_causal.simulate.habits import Habits
from coresponder_causal.simulate.interviews import (
    Interviews,
    hold_interviews,
    interview_themes_frame,
    interviews_frame,
)
from coresponder_causal.simulate.labels import CALL_TAKERS, Labels, write_labels
from coresponder_causal.simulate.narratives import Narratives, narratives_frame, tell, themes_frame
from coresponder_causal.simulate.officers import Officers
from coresponder_causal.simulate.people_frames import detailed_frame, persons_frame
from coresponder_causal.simulate.persons import Persons
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.rates import WorldName
from coresponder_causal.simulate.rosters import Crew
from coresponder_causal.simulate.spells import Shifts, planned_shifts
from coresponder_causal.simulate.streams import Integers, Tier, uniforms
from coresponder_causal.simulate.team import clinicians, staff
from coresponder_causal.simulate.told_items import Told, asking, draw_told, draws_needed
from coresponder_causal.simulate.traits import Traits, draw_traits
from coresponder_causal.simulate.waves import Answers, Survey, items_frame, run_survey, waves_frame

SurveyName = Literal["officer_wave", "staff_wave"]
SURVEYS: dict[SurveyName, str] = {"officer_wave": "officer", "staff_wave": "staff"}
"""Surveys by instrument, with the column of persons."""

_codes = {"officer_wave": force_frames.officer_codes, "staff_wave": force_frames.staff_codes}


@dataclass(frozen=True, eq=False)
class Full:
    """The full tier's tables.

    Parameters
    ----------
    config : WorldConfig
        Sizes and effects.
    seed : int
        Seed of the world.
    cities : Cities
        The treated city first.
    play_in : callable
        Gives the treated city's calls in a world.
    persons : callable
        Gives the persons of every city.
    plays : callable
        Gives the calls of every city, and how many come before them.
    """

    config: WorldConfig
    seed: int
    cities: Cities
    play_in: Callable[[WorldName], DutyPlay]
    persons: Callable[[], list[Persons]]
    plays: Callable[[], tuple[list[Play], list[int]]]

    def makers(self) -> dict[str, Callable[[], pd.DataFrame]]:
        """Name what makes each table."""
        return {
            "officers": partial(force_frames.officers_frame, self.officers.force, self.cities),
            "staff": partial(force_frames.staff_frame, staff(), self.cities),
            "rides": self._rides,
            "units": self._units,
            "persons": self._persons,
            "contacts": self._contacts,
            "narratives": self._narratives,
            "interviews": self._interviews,
            "surveys": self._experience,
            "officer_waves": partial(self._waves, "officer_wave"),
            "staff_waves": partial(self._waves, "staff_wave"),
        }

    def themes(self) -> dict[str, Callable[[], pd.DataFrame]]:
        """Name what makes the themes of narratives and interviews, as a reader without error would code them."""
        return {
            "narratives": self._themes,
            "interviews": partial(interview_themes_frame, self.interviews),
        }

    def answers(self) -> dict[str, Callable[[], pd.DataFrame]]:
        """Name what makes the answers to each survey, item by item."""
        return {name: partial(self._items, name) for name in SURVEYS}

    def duty(self) -> DutyPlay:
        """Give the treated city's calls in the observed study."""
        return self.play_in("bundle")

    @cached_property
    def officers(self) -> Officers:
        """The treated city's officers."""
        return Officers(self.config, self.seed)

    @cached_property
    def shifts(self) -> Shifts:
        """Planned shifts of the observed study."""
        return planned_shifts(self.config.months_running)

    @cached_property
    def crew(self) -> Crew:
        """Who would answer each call."""
        return self.officers.crew(self.duty().play.calls, self.shifts)

    @cached_property
    def traits(self) -> Traits:
        """Traits of the treated city's persons."""
        return draw_traits(self.persons()[0], self.seed)

    @cached_property
    def labels(self) -> Labels:
        """What was written on the treated city's calls."""
        made, persons = self.duty().play.calls, self.persons()[0]
        return write_labels(
            made.id, made.caller, made.problem, made.caller_type, self.traits, persons, self.config, self.seed
        )

    @cached_property
    def officer(self) -> Integers:
        """Whose call each was."""
        return self.crew.officer(self.duty().play.sent.attended)

    @cached_property
    def habits(self) -> Habits:
        """What the officer of each of the treated city's calls adds to outcomes, and the calls with the team before."""
        made = self.duty().play
        return self.officers.ways(made.calls, self.shifts)(made.calls, made.sent.attended)

    @cached_property
    def told(self) -> Narratives:
        """What the narratives tell and what is read in them."""
        return tell(self.duty().play, self.traits, self.habits, self.config, self.seed)

    @cached_property
    def interviews(self) -> Interviews:
        """Interviews held."""
        return hold_interviews(self.seed)

    @cached_property
    def experience(self) -> Experience:
        """Who was asked about a call, and what they answered."""
        return ask_about_calls(self.duty().play, self.config, self.seed)

    def _experience(self) -> pd.DataFrame:
        return surveys_frame(self.experience, self.duty().play, self.seed)

    def _contacts(self) -> pd.DataFrame:
        on_duty = clinicians(self.shifts, self.seed)[self.crew.shift]
        return contacts_frame(self.duty().play, on_duty, self.traits, self.cities, self.seed)

    def _narratives(self) -> pd.DataFrame:
        return narratives_frame(self.told, self.duty().play, self.officer, self.seed)

    def _interviews(self) -> pd.DataFrame:
        return interviews_frame(self.interviews, self.seed)

    def _themes(self) -> pd.DataFrame:
        return themes_frame(self.told)

    def engagement(self, world: WorldName = "bundle") -> Integers:
        """State of care of the treated city's persons at the end of each month, in a world."""
        return states(self.play_in(world).play, self.persons()[0], self.traits, self.seed)

    def detailed_outcomes(self, outcomes: pd.DataFrame) -> pd.DataFrame:
        """Add engagement in care to the treated city's table of outcomes; not known where links to care are not."""
        made = self.duty().play
        engaged, kept = engaged_soon(self.engagement(), made), made.care.complete
        return outcomes.assign(engaged_90d=pd.arrays.BooleanArray(engaged[kept], made.records.unknown[kept]))

    def detailed(self, calls: pd.DataFrame) -> pd.DataFrame:
        """Add to the treated city's table of calls what the full tier knows of them."""
        return detailed_frame(calls, self.duty().play, self.crew, self.labels, self.traits, self.seed)

    @cached_property
    def first_told(self) -> Told:
        """What callers told in the first call of each of the treated city's calls."""
        made = self.duty().play
        draws = uniforms(self.seed, Tier.TOLD, made.calls.id, draws_needed)
        return draw_told(draws, made.records.crisis, asking(CALL_TAKERS)[self.labels.call_taker])

    def first_calls(self, calls: pd.DataFrame) -> pd.DataFrame:
        """Add to the treated city's table of calls what callers told."""
        return self.detailed(calls).assign(**self.first_told.columns())

    def _persons(self) -> pd.DataFrame:
        return persons_frame(self.plays()[0], self.persons(), self.seed)

    def survey(self, name: SurveyName) -> tuple[Survey, Answers]:
        """Ask officers or staff: who was asked and what came back."""
        if name not in self._surveys:
            self._surveys[name] = (asked := self._asked(name)), run_survey(asked, self.seed)
        return self._surveys[name]

    @cached_property
    def _surveys(self) -> dict[SurveyName, tuple[Survey, Answers]]:
        return {}

    def _asked(self, name: SurveyName) -> Survey:
        if name == "staff_wave":
            return staff_asked(staff(), self.seed)
        attended, received = self.duty().play.sent.attended, self.duty().play.calls.received
        return officers_asked(self.officers.force, self.crew.rider[attended], received[attended], self.config)

    def _waves(self, name: SurveyName) -> pd.DataFrame:
        asked, answers = self.survey(name)
        return waves_frame(asked, answers, SURVEYS[name], _codes[name](asked.who), f"own_{SURVEYS[name]}_v1")

    def _items(self, name: SurveyName) -> pd.DataFrame:
        asked, answers = self.survey(name)
        return items_frame(asked, answers, SURVEYS[name], _codes[name](asked.who))

    def _rides(self) -> pd.DataFrame:
        return self._rides_where(draw_absences(self.shifts, self.config, self.seed).delivered)

    def planned_rides(self) -> pd.DataFrame:
        """Give the rides had every planned shift taken place."""
        return self._rides_where(np.ones(len(self.shifts.start), dtype=bool))

    def _rides_where(self, held: Booleans) -> pd.DataFrame:
        return force_frames.rides_frame(
            self.duty(),
            self.crew,
            self.officers.riders(self.shifts),
            self.shifts,
            clinicians(self.shifts, self.seed),
            held,
            self.cities,
        )

    def _units(self) -> pd.DataFrame:
        return force_frames.units_frame(self.duty(), self.crew, self.officers.force, self.seed)
