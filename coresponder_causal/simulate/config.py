"""What a simulated world is made of: every number that a study may turn."""

from dataclasses import dataclass, fields
from math import log

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.simulate.bounds import check_number


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """Sizes, shocks and effects of a simulated world; logs are natural logs of monthly call rates.

    Parameters
    ----------
    monthly_calls : float
        Expected calls of the treated city in an average month before March 2020. The comparison cities follow from
        their populations and their own rates.
    n_comparison : int
        Number of comparison cities. The first ten carry names; further ones are called "Comparison 11" and so on and
        repeat the populations of the ten.
    city_rate_sd : float
        Standard deviation of the comparison cities' log rates per resident around the treated city's.
    season_amplitude, season_sd : float
        Size of the shared yearly wave (two harmonics), and standard deviation of each city's departure from it.
    hour_sd : float
        Standard deviation of each city's departure from the shared hour-of-week profile.
    rho, ar_sd : float
        Month-to-month correlation and standard deviation of the AR(1) shocks of a city.
    nugget_sd : float
        Standard deviation of the independent month shocks of a city.
    tau : float
        Standard deviation between cities of the structural step on 15 July 2020, the treated city included.
    tau_hours : float
        Standard deviation between cities of the structural step of covered against uncovered hours on that day.
    treated_noise, treated_tau : float
        Factors on the treated city's month shocks and on its structural steps: above 1 it is more volatile than the
        comparison cities.
    covid_amplitude, covid_loading_sd : float
        Log change of calls in March 2020 in the average city, and the standard deviation of the cities' loadings
        (mean 1) on it.
    covid_hours : float
        Size of the log shift of the hour-of-week profile towards the evening in March 2020, times the city's loading.
    covid_months : int
        Months until both COVID changes have faded, in a straight line.
    effect : float
        Log ratio of calls in covered hours at full dose, against the earlier small dose.
    spillover : float
        Share of `effect` that reaches the uncovered hours.
    city_effect : float or None
        If given, replaces `effect` and `spillover` by one log ratio over all hours at full dose from 15 July 2020.
    absence : float
        Probability that a planned shift is not delivered.
    attendance : float
        Strength of everything that the team's presence changes on a call and in its records: 1 as built, 0 nothing.
    selection : float
        Log odds by which one standard deviation of hidden severity raises the chance that the team is sent.
    sent : float
        Log odds that a free team is sent to a call of average severity.
    elsewhere : float
        Log odds that other work keeps the team from a call at average patrol load.
    reporting : float
        Log odds by which the team's presence changes that a report is filed, beyond what `attendance` brings.
    posts_effect : float
        Log ratio of calls at all hours through the vacant officer posts that paid for the programme, from its start on.
    posts_load : float
        Log ratio of the patrol load through these posts: patrol comes later, and the team is more often elsewhere.
    months_running : int
        Months from July 2020 on in which the programme runs; then the city goes back to its earlier small dose. With 30
        it outlasts the data. The posts do not come back.
    adopters, adoption_waves : int
        Number of comparison cities with a programme of their own (at most all), and of the dates, half a year apart
        from January 2021 on, at which they start.
    adopter_effect : float
        Log ratio of such a city's calls through its own programme, one year after its start.
    missing : float
        Probability that a link to care is not known for a call that neither led to one nor was attended; a link and
        the team's presence each halve it.
    false_links, missed_links : float
        Probability that the records show a link that is none, and that they do not show one that is.
    false_links_by_team, missed_links_by_team : float or None
        The same after calls with the team; as after others if not given.
    flag_found, flag_found_by_team : float
        Probability that the machine finds a crisis which the narrative tells, on calls without and with the team.
    flag_false, flag_false_by_team : float
        Probability that it finds one that the narrative does not tell.
    officer_effect : float
        Strength of everything that officers learn from calls answered together with the team and do on calls without
        it: 1 as built, 0 nothing.
    officer_sd : float
        Strength of the differences between officers in skill and leniency: 1 as built, 0 all alike.
    officer_selection : float
        Log odds by which one standard deviation of skill raises the chance that an officer volunteers.
    ride_volunteers : float
        Share of shared shifts that go to volunteers where there are some; the roster decides on the others.
    squad_spillover : float
        Share of the calls that squad mates answered with the team, on average, which counts as an officer's own.
    officer_fade : float
        Log decay a month of the calls that count.
    label_error : float
        Probability, with the average call taker, that a call by a stranger about somebody in need is written as a
        disturbance; twice as high for a person without a home.
    label_bias : float
        What is added to it for a person who is not perceived as white.
    hand_coded : float
        Share of the narratives to be drawn for coding by hand; twice as likely where the machine reads a crisis.
    coder_kappa : float
        Agreement beyond chance of a second person with the first.
    stigma_words, stigma_bias : float
        Probability of a stigmatising term in a narrative, and what is added to it for a person who is not perceived as
        white.

    Raises
    ------
    DesignError
        If values are no numbers or out of range; the message lists each with its range. Mend: set them inside it.

    Examples
    --------
    >>> WorldConfig(tau=0).tau
    0
    >>> WorldConfig(rho=1.2, absence=-0.1)
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.DesignError: WorldConfig breaks 2 rules
      1. rho = 1.2 is outside [0, 0.99]: set it inside
      2. absence = -0.1 is outside [0, 1]: set it inside
      mend: change the 2 points above, then run again
    """

    monthly_calls: float = 200.0
    n_comparison: int = 10
    city_rate_sd: float = 0.25
    season_amplitude: float = 0.10
    season_sd: float = 0.02
    hour_sd: float = 0.06
    rho: float = 0.5
    ar_sd: float = 0.08
    nugget_sd: float = 0.03
    tau: float = 0.10
    tau_hours: float = 0.06
    treated_noise: float = 1.0
    treated_tau: float = 1.0
    covid_amplitude: float = -0.30
    covid_loading_sd: float = 0.30
    covid_hours: float = 0.15
    covid_months: int = 15
    effect: float = log(0.70)
    spillover: float = 0.25
    city_effect: float | None = None
    absence: float = 0.07
    attendance: float = 1.0
    selection: float = 0.8
    sent: float = -0.1
    elsewhere: float = -1.8
    reporting: float = 0.0
    posts_effect: float = 0.0
    posts_load: float = 0.0
    months_running: int = 30
    adopters: int = 0
    adopter_effect: float = 0.0
    adoption_waves: int = 1
    missing: float = 0.2
    false_links: float = 0.01
    missed_links: float = 0.06
    false_links_by_team: float | None = None
    missed_links_by_team: float | None = None
    flag_found: float = 0.80
    flag_found_by_team: float = 0.92
    flag_false: float = 0.06
    flag_false_by_team: float = 0.12
    officer_effect: float = 0.0
    officer_sd: float = 0.0
    officer_selection: float = 1.0
    ride_volunteers: float = 0.4
    squad_spillover: float = 0.0
    officer_fade: float = 0.0
    label_error: float = 0.0
    label_bias: float = 0.0
    hand_coded: float = 0.10
    coder_kappa: float = 0.80
    stigma_words: float = 0.08
    stigma_bias: float = 0.05

    def __post_init__(self) -> None:
        problems = Problems("WorldConfig")
        for item in fields(self):
            check_number(problems, item.name, getattr(self, item.name))
        problems.raise_if_any(DesignError)
