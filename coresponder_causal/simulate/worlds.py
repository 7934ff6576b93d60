"""A simulated study with known truth: the world is drawn tier by tier, each when it is asked for.

The aggregated tier (city × month × hour of the week) is drawn first and costs milliseconds; calls are then placed
within its counts, so both tiers always agree.
"""

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate import frames, registers
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.controls import draw_controls
from coresponder_causal.simulate.dispatch import Absences, Dispatch, draw_absences, send_units
from coresponder_causal.simulate.intake import Intake, Integers, receive_calls
from coresponder_causal.simulate.outcomes import Endings, end_calls, follow_calls
from coresponder_causal.simulate.presets import Cities, Preset, cities, preset_config
from coresponder_causal.simulate.rates import Rates, Shocks, draw_counts, draw_shocks, expected_calls
from coresponder_causal.simulate.spells import spells
from coresponder_causal.simulate.tables import Tables
from coresponder_causal.simulate.truth import Truth, true_effects


@dataclass(frozen=True, eq=False)
class World:
    """A simulated study of one treated city among comparison cities, January 2017 to December 2022.

    Every part has its own random stream: what is asked for first changes nothing.

    Parameters
    ----------
    config : WorldConfig
        Sizes, shocks and effects.
    seed : int
        Seed.
    """

    config: WorldConfig
    seed: int

    @cached_property
    def tables(self) -> Tables:
        """Tables of the data dictionary by name, each made when first asked for."""
        return Tables(
            {
                "calls": self._calls_table,
                "outcomes": self._outcomes_table,
                "cities": self._cities_table,
                "city_panel": self._city_panel_table,
                "programmes": self._programmes_table,
                "breaks": self._breaks_table,
                "schedule": self._schedule_table,
                "control_series": self._control_table,
            }
        )

    @property
    def hours(self) -> pd.DataFrame:
        """Calls by city, month and hour of the week (0 is Monday 00:00), with clock hours, population and days."""
        by_month = np.add.reduceat(self._counts, spells().first_of_month, axis=1)
        return frames.hours_frame(by_month, self._cities)

    @property
    def panel_counts(self) -> pd.DataFrame:
        """Calls by city and month with population and days: the sums of `hours`, without making any call."""
        by_month = np.add.reduceat(self._counts.sum(axis=2), spells().first_of_month, axis=1)
        return frames.panel_frame(by_month, self._cities)

    @cached_property
    def truth(self) -> Truth:
        """True effects of the programme in the treated city."""
        return true_effects(self._rates, self.config, self._attended_arrests)

    @cached_property
    def _cities(self) -> Cities:
        return cities(self.config.n_comparison)

    @cached_property
    def _shocks(self) -> Shocks:
        return draw_shocks(self.config, self.seed)

    @cached_property
    def _rates(self) -> Rates:
        return expected_calls(self.config, self._shocks)

    @cached_property
    def _counts(self) -> Integers:
        return draw_counts(self._rates.expected, self.seed)

    @cached_property
    def _absences(self) -> Absences:
        return draw_absences(self.config, self.seed)

    @cached_property
    def _intake(self) -> Intake:
        return receive_calls(self._counts, self.seed)

    @cached_property
    def _dispatch(self) -> Dispatch:
        return send_units(self._intake, self._absences, self.config, self.seed)

    @cached_property
    def _endings(self) -> Endings:
        return end_calls(self._intake, self._dispatch, self.config, self.seed)

    def _attended_arrests(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Potential arrests of the attended calls, without and with the team."""
        attended = self._dispatch.attended
        return self._endings.without["arrest"][attended], self._endings.with_team["arrest"][attended]

    def _calls_table(self) -> pd.DataFrame:
        return frames.calls_frame(self._intake, self._dispatch, self._endings, self._cities)

    def _outcomes_table(self) -> pd.DataFrame:
        return frames.outcomes_frame(follow_calls(self._intake, self._dispatch, self.config, self.seed))

    def _city_panel_table(self) -> pd.DataFrame:
        return frames.city_panel_frame(self.panel_counts, self._intake, self._endings)

    def _cities_table(self) -> pd.DataFrame:
        return registers.cities_frame(self._cities)

    def _programmes_table(self) -> pd.DataFrame:
        return registers.programmes_frame(self._cities)

    def _breaks_table(self) -> pd.DataFrame:
        return registers.breaks_frame(self._cities)

    def _schedule_table(self) -> pd.DataFrame:
        return registers.schedule_frame(self._absences, self._cities)

    def _control_table(self) -> pd.DataFrame:
        return frames.control_frame(draw_controls(self.config, self._shocks, self.seed), self._cities)


def world(preset: Preset = "west_sac_like", *, seed: int, config: WorldConfig | None = None) -> World:
    """Draw a simulated study.

    Parameters
    ----------
    preset : {"west_sac_like", "null"}
        "west_sac_like" has a programme that prevents calls and changes how attended calls end; "null" has the same
        shocks and no effect of any kind.
    seed : int
        Seed, 0 or more; the same seed gives the same shocks whatever the effects, and the comparison cities' counts
        do not depend on the effects either.
    config : WorldConfig, optional
        Sizes, shocks and effects; the default ones if not given. Under "null" its effects are set to zero.

    Returns
    -------
    World
        `.tables`, `.hours`, `.panel_counts` and `.truth`, each made when asked for.

    Raises
    ------
    DesignError
        If the preset is not known or the seed is no whole number ≥ 0. Mend: as the message says.

    Examples
    --------
    >>> study = world(seed=1)
    >>> study.panel_counts.shape
    (792, 5)
    >>> study.truth.averted_calls > 0
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise DesignError(f"seed = {seed!r} is not a whole number of 0 or more", mend="give seed= such a number")
    return World(config=preset_config(preset, config or WorldConfig()), seed=int(seed))
