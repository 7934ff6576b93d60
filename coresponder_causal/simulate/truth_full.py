"""What the full tier of a world knows: what officers learnt, who volunteered, and how what is told and coded errs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from coresponder_causal.data.scoring import scored
from coresponder_causal.simulate.aftercare import follow_calls
from coresponder_causal.simulate.answers import reliability, scores_of
from coresponder_causal.simulate.dispatch import Booleans
from coresponder_causal.simulate.experience import ITEMS
from coresponder_causal.simulate.full import SURVEYS, Full
from coresponder_causal.simulate.habits import MINUTES, Habits
from coresponder_causal.simulate.intake import Intake, since_start
from coresponder_causal.simulate.interviews import STAKEHOLDERS
from coresponder_causal.simulate.interviews import THEMES as INTERVIEW_THEMES
from coresponder_causal.simulate.outcomes import end_calls
from coresponder_causal.simulate.streams import Floats

LEARNT = ("arrest", "hold", "linked_30d", MINUTES)
"""Outcomes that officers may learn to change."""


@dataclass(frozen=True, eq=False)
class FullTruth:
    """Truths of the full tier; asking for one makes what it needs.

    Parameters
    ----------
    full : Full
        The full tier.
    """

    full: Full = field(repr=False)

    @cached_property
    def officers(self) -> pd.DataFrame:
        """What officers learnt, over the calls that they answered without the team since the start.

        One row per outcome (arrest, hold, linked_30d, minutes) and group (all, volunteers, others): outcome, group,
        calls, dose (mean calls answered together before), observed, untaught, effect. `untaught` is the mean of the
        same calls had no officer ever worked with the team: same calls, same officers, same attendance.
        """
        own = since_start(self._calls.received) & ~self._attended
        rows = [
            (
                name,
                group,
                int(chosen.sum()),
                *(float(of[chosen].mean()) for of in (self.full.habits.dose, seen, untaught)),
            )
            for name, seen, untaught in self._outcomes(self.full.habits.untaught())
            for group, members in self._groups()
            if (chosen := own & members).any()
        ]
        made = pd.DataFrame(rows, columns=["outcome", "group", "calls", "dose", "observed", "untaught"])
        return made.assign(effect=made.observed - made.untaught)

    @cached_property
    def volunteers(self) -> pd.DataFrame:
        """How officers who volunteered differed from the others before the start, over calls without the team.

        One row per outcome: outcome, volunteers, others (means), difference, log_odds (mean difference of what the
        officers themselves add to log odds; of log minutes for minutes). A comparison of officers who rode with those
        who did not has this bias before anybody learns anything.
        """
        before = ~since_start(self._calls.received) & ~self._attended
        came = self._volunteers
        rows = []
        for name, seen, _ in self._outcomes(self.full.habits):
            own = np.broadcast_to(self.full.habits.shift(name, with_team=True), seen.shape)
            means = [float(of[before & who].mean()) for of in (seen, own) for who in (came, ~came)]
            rows.append((name, means[0], means[1], means[0] - means[1], means[2] - means[3]))
        return pd.DataFrame(rows, columns=["outcome", "volunteers", "others", "difference", "log_odds"])

    @cached_property
    def labels(self) -> pd.DataFrame:
        """How many calls by strangers about somebody in need are written as a disturbance.

        One row per group (all, housed, unhoused): group, calls, as_white and as_other (share were the person perceived
        as white, and were they not), bias (their difference, the gap net of true problem, caller and home) and gap
        (observed, of persons not perceived as white over white ones).
        """
        labels, traits, whom = self.full.labels, self.full.traits, self._calls.caller
        white, unhoused = traits.white[whom], traits.unhoused[whom]
        rows = []
        for group, members in (("all", labels.likely), ("housed", ~unhoused), ("unhoused", unhoused)):
            among = labels.likely & members
            as_white, as_other = float(labels.as_white[among].mean()), float(labels.as_other[among].mean())
            gap = float(labels.written[among & ~white].mean() - labels.written[among & white].mean())
            rows.append((group, int(among.sum()), as_white, as_other, as_other - as_white, gap))
        return pd.DataFrame(rows, columns=["group", "calls", "as_white", "as_other", "bias", "gap"])

    @cached_property
    def themes(self) -> pd.DataFrame:
        """How often themes come up: source, theme, group (all, and by the team's presence or stakeholder), n, share."""
        told, held = self.full.told, self.full.interviews
        arms = {"all": np.ones(len(self._attended), dtype=bool), "team": self._attended, "no_team": ~self._attended}
        rows = [
            ("narratives", theme, group, int(who.sum()), float(shown[who].mean()) if who.any() else np.nan)
            for theme, shown in {**told.themes, "crisis": told.crisis, "stigmatising_term": told.slur}.items()
            for group, who in arms.items()
        ]
        groups = {"all": np.ones(len(held.stakeholder), dtype=bool)}
        groups |= {name: held.stakeholder == place for place, name in enumerate(STAKEHOLDERS)}
        rows += [
            ("interviews", theme, group, int(who.sum()), float(held.told[who, place].mean()))
            for place, theme in enumerate(INTERVIEW_THEMES)
            for group, who in groups.items()
        ]
        return pd.DataFrame(rows, columns=["source", "theme", "group", "n", "share"])

    @cached_property
    def coding(self) -> pd.DataFrame:
        """How the reading of narratives errs: reader, arm (team or no_team), found, false.

        `found` is the share of told crises that are read, `false` that of others in which one is read. The reader
        "second" agrees with the first beyond chance by `coder_kappa`, over all narratives.
        """
        told, rows = self.full.told, []
        for reader, read in (("machine", told.flagged), ("second", told.second)):
            for arm, among in (("team", self._attended), ("no_team", ~self._attended)):
                shares = (
                    read[among & of].mean() if (among & of).any() else np.nan for of in (told.crisis, ~told.crisis)
                )
                rows.append((reader, arm, *(float(share) for share in shares)))
        return pd.DataFrame(rows, columns=["reader", "arm", "found", "false"])

    @cached_property
    def scores(self) -> pd.DataFrame:
        """How reliable the scores of surveys are with every item answered: instrument, score, items, reliability."""
        rows = [
            (name, score.field, len(score.items), reliability(score)) for name in SURVEYS for score in scores_of(name)
        ]
        return pd.DataFrame(rows, columns=["instrument", "score", "items", "reliability"])

    @cached_property
    def waves(self) -> pd.DataFrame:
        """Mean scores of everybody who was asked, answered or not, wave by wave.

        One row per instrument, score and wave: instrument, score, wave, asked, answered (share that came back), mean,
        untaught (had nobody learnt anything), effect, mean_of_answers (of the forms that came back).
        """
        rows = []
        for name in SURVEYS:
            asked, answers = self.full.survey(name)
            seen, without = (scored(of, instrument=name) for of in (answers.items, answers.untaught))
            for score, wave in product(seen.columns, np.unique(asked.wave).tolist()):
                among = asked.wave == wave
                came = among & answers.answered
                means = [float(of[score][who].mean()) for of, who in ((seen, among), (without, among), (seen, came))]
                rows.append((name, score, wave, int(among.sum()), float(answers.answered[among].mean()), *means))
        columns = ["instrument", "score", "wave", "asked", "answered", "mean", "untaught", "mean_of_answers"]
        made = pd.DataFrame(rows, columns=columns)
        return made.assign(effect=made["mean"] - made.untaught)

    @cached_property
    def experience(self) -> pd.DataFrame:
        """Mean answers after calls with the team, of everybody invited and of those who answered.

        One row per item: item, invited, answered (numbers), mean, without (had the team not come but the call ended
        as it did), effect, mean_of_answers.
        """
        asked = self.full.experience
        among, rows = asked.with_team, []
        came = among & asked.answered
        for item, points, without in zip(ITEMS, asked.items, asked.without, strict=True):
            means = (float(of[who].mean()) for of, who in ((points, among), (without, among), (points, came)))
            rows.append((item, int(among.sum()), int(came.sum()), *means))
        columns = ["item", "invited", "answered", "mean", "without", "mean_of_answers"]
        made = pd.DataFrame(rows, columns=columns)
        return made.assign(effect=made["mean"] - made.without)

    @property
    def _calls(self) -> Intake:
        return self.full.duty().play.calls

    @property
    def _attended(self) -> Booleans:
        return self.full.duty().play.sent.attended

    @cached_property
    def _volunteers(self) -> Booleans:
        found: Booleans = self.full.officers.force.volunteered[self.full.officer]
        return found

    def _groups(self) -> Iterator[tuple[str, Booleans]]:
        yield "all", np.ones(len(self._attended), dtype=bool)
        yield from (("volunteers", self._volunteers), ("others", ~self._volunteers))

    def _outcomes(self, other: Habits) -> Iterator[tuple[str, Floats, Floats]]:
        """Outcomes of calls had the team not come: name, as officers were, and with other habits of theirs."""
        played, config, seed = self.full.duty().play, self.full.config, self.full.seed
        ends = end_calls(played.calls, played.sent, config, seed, other).without
        care = follow_calls(played.calls, played.sent, config, seed, other).without
        for name in LEARNT[:-1]:
            of_play = played.care.without if name in care else played.endings.without
            yield name, of_play[name].astype(float), {**ends, **care}[name].astype(float)
        minutes = played.sent.officer_minutes
        stay = (played.sent.cleared - played.sent.engaged) / 60
        ratio = np.exp(other.shift(MINUTES, with_team=False) - self.full.habits.shift(MINUTES, with_team=False))
        yield MINUTES, minutes, minutes + stay * (ratio - 1)
