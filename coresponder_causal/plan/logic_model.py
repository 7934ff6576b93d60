"""The programme's logic model as data: what goes in, what is done, what comes of it, and how each is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.plan.logic_checks import findings
from coresponder_causal.plan.logic_file import as_yaml, contents, shipped_file
from coresponder_causal.plan.logic_parts import Assumption, External, Link, Node, Part, headings, links_of, note_broken
from coresponder_causal.plan.questions import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicModel:
    """A logic model.

    Parameters
    ----------
    title, purpose : str
        What the programme is, and what it is for.
    nodes : tuple of Node
        Inputs, activities, outputs, outcomes and impact, with the links between them.
    assumptions : tuple of Assumption
        What must hold for links to work.
    external : tuple of External
        What moves nodes and is not steered by the programme.

    Raises
    ------
    DataError
        Listing every broken rule: unknown metrics, fields and stages, links to nowhere or backwards, ids borne twice.

    Examples
    --------
    >>> model = LogicModel.shipped()
    >>> model.title, len(model.check())
    ('Mental-health professionals beside police officers', 0)
    """

    title: str
    purpose: str
    nodes: tuple[Node, ...]
    assumptions: tuple[Assumption, ...] = ()
    external: tuple[External, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"logic model '{self.title}'")
        note_broken(self.nodes, self.assumptions, self.external, problems)
        problems.raise_if_any(DataError)

    @classmethod
    def read(cls, path: str | Path) -> LogicModel:
        """Read a model from its YAML file.

        Parameters
        ----------
        path : path of a YAML file
            As `template` explains it.

        Returns
        -------
        LogicModel

        Raises
        ------
        DataError
            If there is no such file, or listing everything in it that is missing, unknown or against a rule.
        """
        file = Path(path)
        problems = Problems(f"logic model {file.name}")
        stated = contents(file, problems)
        note_broken(stated.nodes, stated.assumptions, stated.external, problems)
        problems.raise_if_any(DataError)
        return cls(
            title=stated.title,
            purpose=stated.purpose,
            nodes=stated.nodes,
            assumptions=stated.assumptions,
            external=stated.external,
        )

    @classmethod
    def shipped(cls) -> LogicModel:
        """Return the co-responder programme's own model."""
        return cls.read(shipped_file())

    @staticmethod
    def template() -> str:
        """Return the text of the shipped model's file, with every key explained: a file to edit.

        Examples
        --------
        >>> LogicModel.template().splitlines()[0]
        "# The programme's logic model: what goes in, what is done, what comes of it, and why that should follow."
        """
        return shipped_file().read_text(encoding="utf-8")

    def write(self, path: str | Path) -> Path:
        """Write the model as a YAML file that `read` takes.

        Parameters
        ----------
        path : path

        Returns
        -------
        Path

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     LogicModel.read(LogicModel.shipped().write(f"{folder}/model.yaml")) == LogicModel.shipped()
        True
        """
        parts: dict[str, Sequence[Part]] = {
            "nodes": self.nodes,
            "assumptions": self.assumptions,
            "external": self.external,
        }
        return write_whole(Path(path), as_yaml(self.title, self.purpose, parts).encode())

    @property
    def links(self) -> tuple[Link, ...]:
        """Every link, by the ids of its two ends."""
        return links_of(self.nodes)

    def check(self, there: Columns | None = None) -> pd.DataFrame:
        """Find what the model leaves open.

        Parameters
        ----------
        there : mapping of str to collection of str, optional
            Columns by table that a city has; by default all of the dictionary. With them the metrics that the city
            cannot compute are found.

        Returns
        -------
        DataFrame
            ``rule, node, says, mend``, one row a finding. Rules: an outcome or output without a metric, a metric
            without a source, an orphan activity, an output on which no outcome rests, an outcome to which no activity
            leads, an assumption tied to no link.
        """
        return findings(self.nodes, self.assumptions, there)

    def picture(self) -> report.Picture:
        """Draw the model on one landscape page.

        Returns
        -------
        Picture
            For `coresponder_causal.report.write`.
        """
        assumed = {one.id: f"A{place}" for place, one in enumerate(self.assumptions, 1)}
        outside = {one.id: f"E{place}" for place, one in enumerate(self.external, 1)}
        touched = {node.id: [outside[one.id] for one in self.external if node.id in one.touches] for node in self.nodes}
        boxes = [
            (
                node.id,
                headings[node.stage],
                node.text,
                " ".join(node.metrics),
                " ".join(touched[node.id]),
                node.wants_metric,
            )
            for node in self.nodes
        ]
        carried = [(pair, assumed[one.id]) for one in self.assumptions for pair in one.pairs]
        links = [(*link, " ".join(mark for pair, mark in carried if pair == link)) for link in self.links]
        notes = [("assumption", assumed[one.id], one.text) for one in self.assumptions]
        notes += [("external", outside[one.id], one.text) for one in self.external]
        return report.logic_picture(
            pd.DataFrame(boxes, columns=["id", "stage", "text", "metrics", "external", "unmeasured"]),
            pd.DataFrame(links, columns=["start", "end", "marks"]),
            pd.DataFrame(notes, columns=["kind", "mark", "text"]),
            stages=tuple(headings.values()),
            title=self.title,
            purpose=self.purpose,
        )
