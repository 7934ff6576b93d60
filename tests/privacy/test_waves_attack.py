"""An employer who knows every officer's band, squad and who answered, against all returns of waves together.

Answers are made here, so that the truth is known. The employer sets up programs: every answer lies on the scale, every
mean that was returned is that of its group, rounded. What is then the smallest and the largest that one officer can
have answered?
"""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from coresponder_causal import privacy
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.privacy.county_return import Key
from coresponder_causal.privacy.wave_return import not_reported, steps_of_scale

LOW, HIGH, SCORE = 1.0, 5.0, "stigma_score"
STEP = (HIGH - LOW) / steps_of_scale
KEY = Key(bytes(range(32)), "team", "2026")
BANDS = ("0", "1 to 5", "6 or more")


class Town:
    """Officers with a band and a squad, their answers at three waves, and what was returned so far."""

    def __init__(self, seed, folder, officers=74):
        rng = np.random.default_rng([15, seed])
        self.people = pd.DataFrame(
            {"person": [f"a{k:02}" for k in range(officers)], "band": rng.choice(BANDS, officers, p=[0.45, 0.3, 0.25])}
        ).assign(squad=rng.choice(["north", "south", "night"], officers, p=[0.45, 0.4, 0.15]))
        base = rng.uniform(LOW, HIGH, (officers, 1))
        answers = np.clip(np.round(4 * (base + rng.normal(0, 0.7, (officers, 3)))) / 4, LOW, HIGH)
        self.answers = np.where(rng.random((officers, 3)) < 0.93, answers, np.nan)
        self.ledger = privacy.Ledger(folder / "left")
        self.seen = []

    def linked(self, people=None):
        rows = [self.people if people is None else people] * 3
        frame = pd.concat([one.assign(wave=wave, **{SCORE: self.answers[:, wave]}) for wave, one in enumerate(rows)])
        asked = pd.DataFrame({"group": ["all"], "label": ["all"], "asked": [10 * len(self.people)]})
        return privacy.LinkedWaves(
            key=KEY.id, person="officer", between=(0, 1), groups=("band", "squad"), scores=(SCORE,),
            frame=frame.dropna(), asked=asked,
        )  # fmt: skip

    def ask(self, waves, people=None):
        """Ask for a return; what comes back joins what was seen."""
        people = self.people if people is None else people
        try:
            made = privacy.wave_return(self.linked(people), key=KEY, ledger=self.ledger, between=waves)
        except DisclosureError:
            return 0
        privacy.record_return(made, self.ledger, content=b"", name="means.csv")
        shown = made.frame[made.frame["said"] != not_reported]
        for group, label, mean in shown[["group", "label", "change"]].itertuples(index=False):
            self.see(waves, people, group, label, mean, STEP / 2)
        return len(shown)

    def see(self, waves, people, group, label, mean, slack):
        member = self.members(waves, people, group, label)
        self.seen.append((waves, member, mean, slack))

    def members(self, waves, people, group, label):
        inside = np.ones(len(people), bool) if group == "all" else (people[group] == label).to_numpy()
        return inside & ~np.isnan(self.answers[:, list(waves)]).any(axis=1)

    def naive(self, waves):
        """Every mean of eleven or more, to the last digit."""
        change = self.answers[:, waves[1]] - self.answers[:, waves[0]]
        wanted = [
            ("all", "all"),
            *((name, label) for name in ("band", "squad") for label in self.people[name].unique()),
        ]
        for group, label in wanted:
            member = self.members(waves, self.people, group, label)
            if member.sum() >= 11:
                self.see(waves, self.people, group, label, change[member].mean(), 1e-9)

    def worked_out(self):
        """Widths of what is left open of each officer's change of each pair of waves, and of each answer."""
        people = len(self.people)
        rows = np.zeros((len(self.seen), people, 3))
        for row, ((first, last), member, _, _) in zip(rows, self.seen, strict=True):
            row[member, last], row[member, first] = 1.0, -1.0
        sizes = np.array([member.sum() for _, member, _, _ in self.seen])
        means, slack = (np.array([seen[place] for seen in self.seen]) for place in (2, 3))
        A = rows.reshape(len(rows), -1)
        upper, b = np.vstack([A, -A]), np.concatenate([sizes * (means + slack), -sizes * (means - slack)])
        alike = pd.DataFrame(rows.transpose(1, 0, 2).reshape(people, -1)).groupby(list(range(3 * len(rows)))).ngroup()
        widths = []
        for one in (~alike.duplicated()).to_numpy().nonzero()[0]:
            for aim in ({0: 1}, {1: 1}, {2: 1}, {1: 1, 0: -1}, {2: 1, 1: -1}, {2: 1, 0: -1}):
                if np.isnan(self.answers[one, list(aim)]).any():
                    continue
                c = np.zeros((people, 3))
                c[one, list(aim)] = list(aim.values())
                ends = [linprog(way * c.ravel(), upper, b, bounds=(LOW, HIGH)).fun * way for way in (1, -1)]
                widths.append((ends[1] - ends[0]) / ((HIGH - LOW) * len(aim)))
        return np.array(widths)


@pytest.mark.parametrize("seed", range(6))
def test_nobody_is_narrowed_by_all_that_leaves(seed, tmp_path):
    """Three pairs of waves, then the same again after the employer sent other bands."""
    town = Town(seed, tmp_path)
    asked = [town.ask(waves) for waves in ((0, 1), (1, 2), (0, 2))]
    moved = town.people.assign(band=town.people["band"].where(town.people.index != 3, "0"))
    asked.append(town.ask((0, 1), moved))
    assert asked[0] >= 4
    assert town.worked_out().min() == pytest.approx(1.0)


def test_simpler_returns_give_officers_away(tmp_path):
    """Groups of eleven alone are no protection: three waves, or groups that add up, single officers out."""
    widths = np.concatenate([_naive(seed, tmp_path) for seed in range(3)])
    assert (widths < 1e-6).any()
    assert (widths < 0.5).sum() >= 2


def _naive(seed, folder):
    town = Town(seed, folder)
    for waves in ((0, 1), (1, 2), (0, 2)):
        town.naive(waves)
    return town.worked_out()


def test_an_officer_put_into_another_band_is_not_told_by_the_difference(tmp_path):
    """The employer moves one officer, asks again, and would have her change as a difference of two means."""
    town = Town(1, tmp_path)
    assert town.ask((0, 1))
    at = int(np.flatnonzero(~np.isnan(town.answers[:, :2]).any(axis=1) & (town.people["band"] == "0"))[0])
    moved = town.people.assign(band=town.people["band"].where(town.people.index != at, "6 or more"))
    made = privacy.wave_return(town.linked(moved), key=KEY, ledger=town.ledger, between=(0, 1)).frame
    assert made.loc[made["label"].isin(["0", "6 or more"]), "said"].eq(not_reported).all()


def test_a_late_answer_or_a_correction_is_not_told_by_the_difference(tmp_path):
    town = Town(2, tmp_path)
    assert town.ask((0, 1))
    both = np.flatnonzero(~np.isnan(town.answers[:, :2]).any(axis=1))
    town.answers[both[4], 1] = LOW if town.answers[both[4], 1] > LOW else HIGH
    late = int(np.flatnonzero(np.isnan(town.answers[:, 1]) & ~np.isnan(town.answers[:, 0]))[0])
    town.answers[late, 1] = HIGH
    before = len(town.seen)
    assert town.ask((0, 1))
    again = [member for _, member, _, _ in town.seen[before:]]
    assert not any(member[both[4]] or member[late] for member in again)


def test_the_same_again_is_no_news(tmp_path):
    town = Town(2, tmp_path)
    assert town.ask((0, 1)) == town.ask((0, 1)) > 3


def test_the_ledger_holds_no_answer_and_no_code_of_the_answers(tmp_path):
    town = Town(0, tmp_path)
    town.ask((0, 1))
    text = town.ledger.path.read_text()
    assert not any(f'"{person}' in text or f" {person} " in text for person in town.people["person"])
    town.ledger.verify()
    assert town.ledger.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", [3.9, -3.9])
def test_a_mean_at_the_end_of_the_scale_tells_of_everybody(tmp_path, change):
    town = Town(3, tmp_path)
    town.answers[:, 0], town.answers[:, 1] = (LOW, LOW + change) if change > 0 else (HIGH, HIGH + change)
    with pytest.raises(DisclosureError, match=r"none of .* means may be returned"):
        privacy.wave_return(town.linked(), key=KEY, ledger=town.ledger)


def test_no_interval_where_all_answered_alike(tmp_path):
    town = Town(3, tmp_path)
    town.answers[:, 0], town.answers[:, 1] = 3.0, 3.5 + 0.1 * (np.arange(74) % 2)
    made = privacy.wave_return(town.linked(), key=KEY, ledger=town.ledger).frame
    assert made.loc[made["label"] == "all", "change"].item() == pytest.approx(0.6)
    assert made[["low", "high"]].isna().all(axis=None)


def test_a_number_never_says_that_all_answered(tmp_path):
    """Of a band of twenty all twenty answered: eleven or more. Of one of eleven all: nothing."""
    rng = np.random.default_rng(1)
    people = pd.DataFrame(
        {"person": [f"a{k}" for k in range(51)], "band": ["0"] * 20 + ["1 to 5"] * 11 + ["6 or more"] * 20}
    )
    frame = pd.concat([people.assign(wave=wave, **{SCORE: rng.uniform(LOW, HIGH, 51)}) for wave in (0, 1)])
    asked = pd.DataFrame({"group": ["all", *["band"] * 3], "label": ["all", *BANDS], "asked": [52, 20, 11, 21]})
    linked = privacy.LinkedWaves(
        key=KEY.id, person="officer", between=(0, 1), groups=("band",), scores=(SCORE,), frame=frame, asked=asked
    )
    made = privacy.wave_return(linked, key=KEY, ledger=privacy.Ledger(tmp_path / "left")).frame.set_index("label")
    assert made.loc[["all", "0", "6 or more"], "persons"].tolist() == ["50 or more", "11 or more", "20 or more"]
    assert made.loc["1 to 5", "said"] == not_reported


def test_what_cannot_be_returned_is_said_at_once(tmp_path):
    town = Town(0, tmp_path)
    other = Key(bytes(32), "team", "2026")
    with pytest.raises(DisclosureError, match="breaks 4 rules") as caught:
        privacy.wave_return(town.linked(), key=other, ledger=town.ledger, scores=["age"], by=["shoe"], between=(1, 1))
    for what in ("linked with the key", "scores ['age']", "groupings ['shoe']", "waves 1 and 1"):
        assert what in str(caught.value)
    with pytest.raises(DisclosureError, match="goes beyond its scale from 1 to 3"):
        privacy.wave_return(town.linked(), key=KEY, ledger=town.ledger, scales={SCORE: (1, 3)})
