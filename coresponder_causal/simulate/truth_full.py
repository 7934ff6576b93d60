"""What the full tier of a world knows: what officers learnt, who volunteered, and how what is told and coded errs."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from coresponder_causal.data.scoring import scored
from coresponder_causal.simulate.answers import reliability, scores_of
from coresponder_causal.simulate.columns import months, person_codes
from coresponder_causal.simulate.engagement import ENGAGED, LINKED
from coresponder_causal.simulate.experience import ITEMS
from coresponder_causal.simulate.force_frames import officer_codes
from coresponder_causal.simulate.full import SURVEYS, Full
from coresponder_causal.simulate.interviews import STAKEHOLDERS
from coresponder_causal.simulate.interviews import THEMES as INTERVIEW_THEMES
from coresponder_causal.simulate.spells import MONTHS
from coresponder_causal.simulate.told_items import told_truth
from coresponder_causal.simulate.truth_officers import learnt_effects, mean_of, untaught_calls, volunteer_gaps


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

        One row per outcome (arrest, hold, linked_30d, minutes) and group (all, exposed, volunteers, others): outcome,
        group, calls, dose (mean calls answered together before), observed, untaught, effect. `untaught` is the mean of
        the same calls had no officer ever worked with the team: same calls, same officers, same attendance. These are
        calls of all kinds, from the officer's first call with the team on: a design that counts other calls, or whole
        months, has a truth of its own, by `untaught`.
        """
        return learnt_effects(self.full)

    def untaught(self, calls: pd.DataFrame) -> pd.DataFrame:
        """Give calls of the treated city as they would have ended had no officer ever worked with the team.

        Parameters
        ----------
        calls : DataFrame
            Rows of `treated_calls`, with any of arrest, hold and (joined beforehand) linked_30d.

        Returns
        -------
        DataFrame
            The same calls. A design formed of them has the same officer-months, and its outcome is what the observed
            one would have been; `coresponder_causal.validity.learnt` compares both over the months that it uses.
        """
        return untaught_calls(self.full, calls)

    @cached_property
    def roster(self) -> pd.DataFrame:
        """Who was to share each planned shift with the team, whether or not it took place.

        Two rows per shift: officer, shift_start, shift_end, assignment. The table of rides has those that took place.
        """
        return self.full.planned_rides()[["officer", "shift_start", "shift_end", "assignment"]]

    @cached_property
    def volunteers(self) -> pd.DataFrame:
        """How officers who volunteered differed from the others before the start, over calls without the team.

        One row per outcome: outcome, volunteers, others (means), difference, log_odds (mean difference of what the
        officers themselves add to log odds; of log minutes for minutes). A comparison of officers who rode with those
        who did not has this bias before anybody learns anything.
        """
        return volunteer_gaps(self.full)

    @cached_property
    def traits(self) -> pd.DataFrame:
        """What no table shows of officers.

        One row per officer: officer, skill, leniency (standard normal), volunteers_from, roster_from (month in which
        the officer's rides as a volunteer and by the roster may begin; missing for never).
        """
        force = self.full.officers.force
        begins = {
            name: pd.Series(months(np.minimum(month, len(MONTHS) - 1))).where(month < len(MONTHS))
            for name, month in (("volunteers_from", force.volunteers_from), ("roster_from", force.roster_from))
        }
        codes = officer_codes(np.arange(len(force.post)))
        return pd.DataFrame({"officer": codes, "skill": force.skill, "leniency": force.leniency, **begins})

    @cached_property
    def persons(self) -> pd.DataFrame:
        """What no table shows of the treated city's persons: person, expected_calls (in the 72 months), severity."""
        residents = self.full.persons()[0]
        codes = person_codes(residents.first + np.arange(len(residents.expected)))
        return pd.DataFrame({"person": codes, "expected_calls": residents.expected, "severity": residents.shared})

    @cached_property
    def labels(self) -> pd.DataFrame:
        """How many calls by strangers about somebody in need are written as a disturbance.

        One row per group (all, housed, unhoused): group, calls, as_white and as_other (share were the person perceived
        as white, and were they not), bias (their difference, the gap net of true problem, caller and home) and gap
        (observed, of persons not perceived as white over white ones).
        """
        labels, traits, whom = self.full.labels, self.full.traits, self.full.duty().play.calls.caller
        white, unhoused = traits.white[whom], traits.unhoused[whom]
        rows = []
        for group, members in (("all", labels.likely), ("housed", ~unhoused), ("unhoused", unhoused)):
            among = labels.likely & members
            as_white, as_other = mean_of(labels.as_white, among), mean_of(labels.as_other, among)
            gap = mean_of(labels.written, among & ~white) - mean_of(labels.written, among & white)
            rows.append((group, int(among.sum()), as_white, as_other, as_other - as_white, gap))
        return pd.DataFrame(rows, columns=["group", "calls", "as_white", "as_other", "bias", "gap"])

    @cached_property
    def told(self) -> pd.DataFrame:
        """What each item of the first call says of the need on scene, as `told_truth` counts it over all calls."""
        return told_truth(self.full.first_told, self.full.duty().play.records.crisis)

    @cached_property
    def themes(self) -> pd.DataFrame:
        """How often themes come up: source, theme, group (all, and by the team's presence or stakeholder), n, share."""
        told, held = self.full.told, self.full.interviews
        came = self.full.duty().play.sent.attended
        arms = {"all": np.ones(len(came), dtype=bool), "team": came, "no_team": ~came}
        rows = [
            ("narratives", theme, group, int(who.sum()), mean_of(shown, who))
            for theme, shown in {**told.themes, "crisis": told.crisis, "stigmatising_term": told.slur}.items()
            for group, who in arms.items()
        ]
        groups = {"all": np.ones(len(held.stakeholder), dtype=bool)}
        groups |= {name: held.stakeholder == place for place, name in enumerate(STAKEHOLDERS)}
        rows += [
            ("interviews", theme, group, int(who.sum()), mean_of(held.told[:, place], who))
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
        told, came = self.full.told, self.full.duty().play.sent.attended
        rows = [
            (reader, arm, mean_of(read, among & told.crisis), mean_of(read, among & ~told.crisis))
            for reader, read in (("machine", told.flagged), ("second", told.second))
            for arm, among in (("team", came), ("no_team", ~came))
        ]
        return pd.DataFrame(rows, columns=["reader", "arm", "found", "false"])

    @cached_property
    def engagement(self) -> pd.DataFrame:
        """Share of the treated city's persons in each state of care at the end of each month.

        One row per month: month, linked, engaged (as observed), engaged_without (had the earlier small dose gone on).
        A call that the programme prevents also brings no link to care.
        """
        seen, without = (self.full.engagement(world) for world in ("bundle", "none"))
        return pd.DataFrame(
            {
                "month": months(np.arange(len(seen))),
                "linked": (seen == LINKED).mean(axis=1),
                "engaged": (seen == ENGAGED).mean(axis=1),
                "engaged_without": (without == ENGAGED).mean(axis=1),
            }
        )

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

        One row per instrument, score and wave: instrument, score, wave, asked, answered (numbers; with consent), mean,
        untaught (had nobody learnt anything), mean_of_answers, effect.
        """
        rows = []
        for name in SURVEYS:
            asked, answers = self.full.survey(name)
            seen, without = (scored(of, instrument=name) for of in (answers.items, answers.untaught))
            for score, wave in product(seen.columns, np.unique(asked.wave).tolist()):
                among = asked.wave == wave
                came = among & answers.answered & answers.consents
                means = (
                    mean_of(of[score].to_numpy(), who & of[score].notna().to_numpy())
                    for of, who in ((seen, among), (without, among), (seen, came))
                )
                rows.append((name, score, wave, int(among.sum()), int(came.sum()), *means))
        columns = ["instrument", "score", "wave", "asked", "answered", "mean", "untaught", "mean_of_answers"]
        made = pd.DataFrame(rows, columns=columns)
        return made.assign(effect=made["mean"] - made.untaught)

    @cached_property
    def experience(self) -> pd.DataFrame:
        """Mean answers after calls with the team, of everybody invited and of those who answered.

        One row per item: item, invited, answered (numbers), mean, without (had the team not come but the call ended
        as it did), mean_of_answers, effect.
        """
        asked = self.full.experience
        among, rows = asked.with_team, []
        came = among & asked.answered
        for item, points, without in zip(ITEMS, asked.items, asked.without, strict=True):
            means = (mean_of(of, who) for of, who in ((points, among), (without, among), (points, came)))
            rows.append((item, int(among.sum()), int(came.sum()), *means))
        columns = ["item", "invited", "answered", "mean", "without", "mean_of_answers"]
        made = pd.DataFrame(rows, columns=columns)
        return made.assign(effect=made["mean"] - made.without)
