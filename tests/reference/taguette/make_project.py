"""Make project.sqlite3 and words.csv by Taguette's own code: pip install taguette==1.5.2, then run this file.

The text is ours. Documents go through Taguette's conversion of HTML, highlights through its extraction, and the project
through the copy that its export of SQLite files makes.
"""

import asyncio
import csv
from pathlib import Path

HERE = Path(__file__).parent
OFFICER = """<html><head><title>Officer</title></head><body>
<h1>Interview 1</h1>
<p>They <b>listened</b> to him &amp; waited \N{EM DASH} nobody shouted.</p><p>The caf\u00e9 owner had called; \
\N{SLIGHTLY SMILING FACE} he came out by himself.</p>
<ul><li>First call</li><li>Second call</li></ul>
<pre>
  radio: no unit free
</pre>
<p>I would ask for the team again. Zoe\u0308 knows why.</p></body></html>"""
FAMILY = "<p>We waited two hours.</p>\n<p>Then somebody listened.</p>"
TAGS = {
    "respect": "Being met as a person.\nExclude: Praise of the programme as a whole.",
    "respect.listening": "Somebody takes time to hear what happened.",
    "waiting": "",
    "unused": "No highlight has it.",
}
HIGHLIGHTS = [  # document, words that stand in one run of text, tags
    (0, "listened", ["respect.listening", "respect"]),
    (0, "waited \N{EM DASH} nobody shouted.", ["respect"]),
    (0, "\N{SLIGHTLY SMILING FACE} he came out", ["respect"]),
    (0, "First callSecond call", ["waiting"]),
    (0, "  radio: no unit free", ["waiting"]),
    (0, "Zoe\u0308 knows", []),
    (1, "two hours.\nThen somebody", ["waiting"]),
    (1, "somebody listened", ["respect.listening"]),
]


def text_of(html: str) -> str:
    from bs4 import BeautifulSoup

    return BeautifulSoup(html, "html5lib").get_text()


def make(path: Path) -> list[tuple[str, str, str]]:
    """Fill a database of Taguette's, and export its project the way Taguette does."""
    from taguette import convert, database, extract

    home = database.connect("sqlite://")()
    project = database.Project(name="Pilot", description="")
    home.add_all([database.User(login="admin"), database.User(login="ann"), project])
    home.flush()
    tags = {name: database.Tag(project=project, path=name, description=words) for name, words in TAGS.items()}
    home.add_all(tags.values())
    documents = []
    for name, html in (("I01", OFFICER), ("I02", FAMILY)):
        body = convert.get_html_body(html)
        documents.append(
            database.Document(
                name=name, description="", filename=f"{name}.html", project=project, contents=body,
                text_direction=database.TextDirection.LEFT_TO_RIGHT,
            )
        )  # fmt: skip
    home.add_all(documents)
    home.flush()
    said = []
    for place, words, given in HIGHLIGHTS:
        document = documents[place]
        text = text_of(document.contents)
        start = len(text[: text.index(words)].encode())
        end = start + len(words.encode())
        snippet = extract.extract(document.contents, start, end)
        highlight = database.Highlight(document=document, start_offset=start, end_offset=end, snippet=snippet)
        highlight.tags = [tags[name] for name in given]
        home.add(highlight)
        home.flush()
        own = sorted(tags[name].id for name in given)
        home.add(database.Command.highlight_add("ann", document, highlight, own))
        said += [(document.name, name, text_of(snippet)) for name in given]
    home.commit()
    away = database.connect(f"sqlite:///{path}")()
    away.add(database.User(login="admin"))
    away.commit()
    database.copy_project(home, away, project.id, "admin")
    away.commit()
    away.close()
    return said


async def main() -> None:
    path = HERE / "project.sqlite3"
    path.unlink(missing_ok=True)
    said = make(path)
    with (HERE / "words.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("document", "tag", "words"), *said])


if __name__ == "__main__":
    asyncio.run(main())
