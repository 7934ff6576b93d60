"""Write the page of worlds: ``python -m coresponder_causal.simulate``, at the root of a checkout."""

from pathlib import Path

from coresponder_causal.simulate.presets import LESSONS

page = Path("docs", "worlds.md")
introduction = """\
`cc.simulate.world(preset, seed=)` draws a study of one treated city among comparison cities whose true effects are
known: `.tables` in the data dictionary's words, `.panel_counts` and `.hours` without any call, and `.truth`. Each named
world punishes one mistake; `cc.simulate.presets()` lists them. `config=WorldConfig(...)` changes any number besides.

Four worlds share their shocks and their calls: the earlier small dose goes on (none), the changed programme comes and
the vacant posts that paid for it go (bundle, which is the observed study), or only one half of that happens. A call is
the same call in every world in which it occurs, so the truths are differences between worlds and not estimates:

- `contrasts`, `hours_of_week`: log ratios of expected calls, by world, in covered and uncovered hours, hour by hour;
- `effects`: what the team changed on the calls that it attended (ATT) and in its shifts (ITT), recorded and true;
- `outcomes`: calls with each outcome in each world against none, recorded and true;
- `city_effects`: what each city's own programme did, month by month.

`.tables` also holds the *full tier* of the treated city, each table made when it is asked for: officers, staff, units
and shifts shared with the team, persons, contacts, narratives, interviews, and the answers of officers, of staff and of
those a call was about. To ask for them changes no call. `.detailed_calls` and `.detailed_outcomes` add to the city's
calls who took and answered them, whom they were about and who stayed in care; `.answers` holds the surveys item by
item, `.themes` what a reader without error would code. The truths of all this are in `.truth.full`:

- `officers`: what officers learnt from calls answered together with the team and did on calls without it, against the
  same calls had nobody learnt anything; `volunteers`: how those who came forward differed before;
- `traits`, `persons`: skill and leniency of officers and when they may ride; how often each person is expected to call;
- `labels`: how much sooner a stranger's call is written as a disturbance by the person's perceived race alone, and the
  gap that is observed;
- `told`: what each thing that callers tell says of the need on scene, and would say if everybody were asked and told
  (`.first_calls` adds it to the detailed calls);
- `scores`, `waves`: how reliable the scores are, what rides changed in them, and what the forms that came back show;
- `themes`, `coding`: how often themes come up, and how the machine and a second reader err;
- `experience`: what the team's presence changed in the answers of everybody invited, and of those who answered;
- `engagement`: how many persons are in care, with the programme and without it.

What officers learn is part of the bundle. Left out: officers of the comparison cities; calls that engagement in care
would prevent, since a city's calls are counted before who makes them; perceptions of race that differ between contacts;
and the variety of real texts, so that a reader of text who does well here has shown nothing yet.

`python -m coresponder_causal.simulate.speed` measures how long worlds take, the full tier as well. This page is written
by `python -m coresponder_causal.simulate`."""


def worlds_page() -> str:
    """Return the page of worlds: what is special in each, the mistake that it punishes, and what to do instead.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> worlds_page().splitlines()[0]
    '# Worlds'
    """
    sections = (
        f"## `{name}`\n\n{lesson.world}\n\n*The mistake.* {lesson.mistake}\n\n*Instead.* {lesson.instead}"
        f"{_changed(lesson.changes)}"
        for name, lesson in LESSONS.items()
    )
    return "\n\n".join(["# Worlds", introduction, *sections]) + "\n"


def _changed(changes: dict[str, float | int | None]) -> str:
    """Name the numbers that make a world."""
    shown = ", ".join(
        f"`{name} = {value if value is None else format(value, '.3g')}`" for name, value in changes.items()
    )
    return f"\n\nMade by {shown}." if changes else ""


if __name__ == "__main__":
    page.parent.mkdir(exist_ok=True)
    page.write_text(worlds_page(), encoding="utf-8")
