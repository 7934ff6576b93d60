# %% [markdown]
# # How do two agencies answer one question without showing each other a row?
#
# | Question | Were people whom the team met connected to care more often, when police and county may not share records? |
# | --- | --- |
# | Design | Police cut persons into strata of the probability of the team; the county returns counts by stratum and arm |
# | Estimand | Difference in the share connected to care within one quarter after the call, all persons (ATE) |
# | Data | Two thousand made-up persons with names, seed 15, and the simulated city `west_sac_like`; free to use |
# | Seed | 15 |
# | Budget | 30 s |
#
# Who got care is in the county's records, and health records are guarded by law (HIPAA). Who met the team is in the
# police's. Afterwards you can run a study across this wall, see what an attacker could learn from each file, and
# publish a table in which a small count cannot be worked out.

# %% tags=["parameters"]
FAST = False
seed = 15
persons = 2000
effect = 0.12
strata = 5

# %%
import hashlib
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from scipy.optimize import linprog
from scipy.special import expit

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# Each of two thousand made-up persons is the subject of one call. The team goes sooner to severe cases and to people who
# called before. Both also make care more likely. So the plain comparison is wrong, and we know by how much: the true
# effect is among the parameters.

# %%
rng = np.random.default_rng(seed)
severity, prior = rng.normal(size=persons), rng.poisson(1.0, persons)
attended = rng.random(persons) < expit(-0.4 + 0.7 * severity + 0.3 * prior)
connected = rng.random(persons) < expit(-1.2 + 0.6 * severity + 0.2 * prior) + effect * attended
number = np.arange(persons)
names = pd.DataFrame({
    "first_name": [f"Ana-{chr(97 + k % 20)}" for k in number],
    "last_name": [f"Ruiz{k % 700}" for k in number],
    "birth_date": (pd.Timestamp("1940-01-01") + pd.to_timedelta(11 * number, unit="D")).strftime("%Y-%m-%d"),
})  # fmt: skip

# %% [markdown]
# The police hold calls. The county holds services, in its own spelling and its own way to write a date. Neither table
# may leave its house.

# %%
when = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 360 * 1440, persons), unit="min")
calls = names.assign(
    call_id=[f"C{k:05d}" for k in number], received_at=when, attended=attended, severity=severity, prior_contacts=prior
)
served = (when[connected] + pd.Timedelta("20D")).strftime("%m/%d/%Y")
records = names[connected].assign(last_name=names["last_name"].str.upper(), service_date=served)
room = tempfile.TemporaryDirectory()
police, county = Path(room.name) / "police", Path(room.name) / "county"
for folder, table in ((police, calls), (county, records)):
    folder.mkdir()
    table.to_csv(folder / "table.csv", index=False)

# %% [markdown]
# ## Design
#
# ### Why not just send the rows?
#
# US law knows a list of 18 identifiers (Safe Harbor). The scan looks at each column and each cell. It never says that a
# file complies: it lists what breaks the rule, and what it cannot know. The dates alone are enough, so calls of one city
# are never Safe Harbor.

# %%
scan = cc.privacy.safe_harbor(calls, table="calls", name="calls.csv")
scan.violations[["letter", "where", "rows"]]

# %% [markdown]
# ### What the police do
#
# Both agencies hold one secret key, and nobody else does. The police turn each name and birth date into tokens that only
# the key can make. They estimate how likely each person was to get the team and cut persons into five strata. Only
# the token list goes over.

# %%
key = cc.privacy.new_key(Path(room.name) / "project.key", project="crisis team", period="2021")
covariates = ["severity", "prior_contacts"]
made = cc.plan.prepare_strata(police / "table.csv", police / "out", key=key, covariates=covariates, strata=strata)
made.counts.rename(columns={0: "without the team", 1: "with the team"})

# %% [markdown]
# Within strata both arms should be alike. The picture shows how far they differ before and after.

# %%
cc.report.figure(made.balance)

# %% [markdown]
# What goes to the county: an arm, a stratum, a quarter, and tokens. No name, no date, no case number, no covariate. The
# rows are sorted by token, so that the order of the calls is gone too.

# %%
sent = pd.read_csv(police / "out" / "to_county" / "tokens.csv", comment="#")
display(Markdown(f"{len(sent)} rows; columns: {', '.join(sent.columns)}."))

# %% [markdown]
# ### What the county does
#
# It gets one Python file that needs nothing but Python itself. The county's own people can read it before they run it.
# It makes tokens of the county's records, counts who matches, and writes counts by stratum and arm.

# %%
program = cc.privacy.county_file(county / "county_return.py")
given = {"tokens": police / "out" / "to_county" / "tokens.csv", "records": county / "table.csv",
         "key": Path(room.name) / "project.key", "out": county / "returned.json"}  # fmt: skip
options = [text for name, path in given.items() for text in (f"--{name}", str(path))]
ran = subprocess.run([sys.executable, "-I", str(program), *options], capture_output=True, text=True, check=False)
display(Markdown("The county's program ended well." if ran.returncode == 0 else f"It failed: {ran.stderr}"))

# %% [markdown]
# What comes back is all that the police ever see of the county's records: ten cells.

# %%
returned = cc.design.StrataDesign.from_file(county / "returned.json")
cells = pd.read_json(county / "returned.json")["cells"].apply(pd.Series)
cells = cells.assign(stratum=cells["strata"].str[0]).pivot(index="stratum", columns="arm", values=["persons", "connected"])
cells

# %% [markdown]
# ## Estimate
#
# In each stratum the shares are compared, and strata are averaged by their size. Five strata leave about a tenth of the
# bias. The police kept each person's score, which takes out most of that rest.

# %%
plain = cc.estimate.call_strata(returned)
result, page = cc.plan.estimate_strata(
    county / "returned.json", Path(room.name) / "page", scores=police / "out" / "kept" / "scores.csv"
)
row, own = result.tidy().iloc[0], plain.tidy().iloc[0]
crude = connected[attended].mean() - connected[~attended].mean()
display(Markdown(f"Of 100 persons **{100 * row['estimate']:.1f}** more were connected with the team, 95 % interval "
                 f"{100 * row['conf_low']:.1f} to {100 * row['conf_high']:.1f}. True: {100 * effect:.0f}. "
                 f"The plain comparison says {100 * crude:.1f}."))  # fmt: skip

# %% [markdown]
# ## Check
#
# ### The number
#
# The counts are few enough to compute by hand what the estimator gave.

# %% tags=["check"]
n, share = cells["persons"], cells["connected"] / cells["persons"]
weight = n.sum(axis=1) / n.to_numpy().sum()
by_hand = (weight * (share[1] - share[0])).sum()
assert np.isclose(own["estimate"], by_hand, atol=1e-8), "the estimate is not the weighted mean of the strata"
noise = (share * (1 - share) / (n - 1)).mul(weight**2, axis=0).to_numpy().sum()
assert np.isclose(own["std_error"], np.sqrt(noise), atol=1e-10), "the error is not that of binomial counts"
assert row["conf_low"] <= effect <= row["conf_high"], "the interval misses the true effect"
assert abs(crude - effect) > 2 * abs(row["estimate"] - effect), "the plain comparison is not as wrong as the text says"

# %% [markdown]
# Is anything lost by the wall? Someone who may see all rows can fit the same strata on them. We may, because we made the
# persons.

# %% tags=["check"]
kept = pd.read_csv(police / "out" / "kept" / "crosswalk.csv").set_index("call_id")
rows = calls.assign(connected=connected).set_index("call_id").join(kept[["stratum"]])
table = rows.groupby(["stratum", "attended"])["connected"].mean().unstack()
with_rows = (table[True] - table[False]).mul(rows["stratum"].value_counts(normalize=True)).sum()
assert np.isclose(with_rows, own["estimate"], atol=1e-10), "counts across the wall give another number than the rows"
assert len(rows) == persons, "a person was lost"

# %% [markdown]
# ### The token list under attack
#
# The attacker has the list and a register with every name and birth date in town. First we look at the way many
# agencies do it, a plain digest of name and date. Then at our tokens, where the attacker has everything but the key.

# %%
text = names.agg("|".join, axis=1)
digests = {hashlib.sha256(one.encode()).hexdigest() for one in text}  # what such an agency would hand over
guessed = sum(hashlib.sha256(one.encode()).hexdigest() in digests for one in text)
columns = {"first": "first_name", "last": "last_name", "birth": "birth_date"}
token_columns = [name for name in sent if name.startswith("token")]
other_key = cc.privacy.new_key(Path(room.name) / "other.key", project="crisis team", period="2021")
tried = cc.privacy.tokens(names, key=other_key, **columns)
matched = len(set(tried.to_numpy().ravel()) & set(sent[token_columns].to_numpy().ravel()))
display(Markdown(f"Persons found again: **{guessed}** of {persons} by plain digests, **{matched}** by our tokens."))

# %% tags=["check"]
assert guessed == persons, "plain digests are not broken by a list of names, as the text says"
assert matched == 0, "tokens made with another key match"
right = cc.privacy.tokens(names, key=key, **columns)
assert set(right["token_1"]) == set(sent["token_1"]), "the right key does not make the same tokens"
flat = sent.astype(str).to_numpy().ravel()
assert not set(names.to_numpy().ravel()) & set(flat), "a name or a birth date went to the county"
assert not {"call_id", "severity", "received_at"} & set(sent), "a column that names or describes a call went over"

# %% [markdown]
# The last line of the first check is also the limit of this: **whoever holds the key can undo the tokens**. Both
# agencies can. That is why a data use agreement stands beside the key, and why a key is for one project and one period.
#
# ### A published table under attack
#
# The city wants to publish a table: calls by kind that ended with force, by perceived race. Many cells hold few people.
# The usual rule is to hide counts from 1 to 10. The attacker knows the sums of rows and columns, which the city
# published last year.

# %%
city = cc.simulate.world("west_sac_like", seed=seed)
force = city.detailed_calls.query("hold").assign(perceived=lambda f: f["perceived_race"].where(
    f["perceived_race"].isin(["white", "hispanic", "black"]), "another"))  # fmt: skip
shown = force.groupby(["initial_type", "perceived"]).size().rename("count").reset_index()
counts = cc.privacy.Counts(family="holds", frame=shown, dimensions=("initial_type", "perceived"), count="count")
ours = cc.privacy.release([counts], policy=cc.privacy.Policy(audience="public")).hidden[0]
small = shown["count"].between(1, 10).to_numpy()
shown.assign(count=shown["count"].mask(ours)).pivot(index="initial_type", columns="perceived", values="count")

# %% [markdown]
# For each hidden cell the attacker computes the least and the most it can be. Where both are the same, the count is out.

# %%
margins = pd.get_dummies(shown[["initial_type", "perceived"]].astype(str)).T.to_numpy(float)


def ends(cell, hidden):
    known = margins[:, hidden] @ shown["count"].to_numpy(float)[hidden]
    aim = (np.flatnonzero(hidden) == cell).astype(float)
    found = [linprog(sign * aim, A_eq=margins[:, hidden], b_eq=known, bounds=(0, None)) for sign in (1, -1)]
    return [sign * one.fun for sign, one in zip((1, -1), found, strict=True)]


reach = {way: np.array([ends(cell, hidden) for cell in np.flatnonzero(small)])
         for way, hidden in (("small cells alone", small), ("with others beside them", ours))}  # fmt: skip
out = {way: int((np.ptp(pairs, axis=1) < 0.5).sum()) for way, pairs in reach.items()}
display(Markdown(f"Small counts worked out exactly: **{out['small cells alone']}** of {small.sum()} if only small cells "
                 f"are hidden, **{out['with others beside them']}** as released."))  # fmt: skip

# %% tags=["check"]
assert ours[small].all(), "a small count is shown"
assert out["small cells alone"] > 0, "hiding small cells alone gives nothing away, against the text"
assert out["with others beside them"] == 0, "a hidden count can be worked out"
low, high = reach["with others beside them"].T
assert (low <= 1 + 1e-6).all(), "an attacker can exclude that a hidden count is one"
assert (high >= 10 - 1e-6).all(), "an attacker can exclude that a hidden count is ten"

# %% [markdown]
# Last: the door. A file of rows that name calls must not leave, whatever somebody asks for.

# %% tags=["check"]
try:
    cc.plan.bundle(police / "table.csv", Path(room.name) / "b.zip", policy=cc.privacy.Policy(audience="public"))
except cc.core.errors.DisclosureError as refusal:
    said = str(refusal)
else:
    said = ""
assert "public" in said, "a bundle with rows about people was made for the public"

# %% [markdown]
# **When not to use it.** Not where few persons are in a stratum: then ask for fewer strata. Not where names are often
# mistyped, without a sample that persons read by hand: a missed link looks like a person who got no care. And no table
# is safe against somebody who knows a person in it and sees that a row holds nobody else.

# %% [markdown]
# ## Report
#
# What is shown to others passes one gate. The table below has been through it for the public. The note below the number
# says what it rests on.

# %%
cc.report.released(cc.report.table(result), audience="public")

# %%
display(Markdown("\n".join(f"- {note}" for note in result.notes)))
room.cleanup()

# %%
pd.Series({name: version(name) for name in ("coresponder-causal", "numpy", "pandas", "scipy")}, name="version")
