"""The starter codebooks fit the logic model and the metrics; one's own says all that is wrong with it."""

from pathlib import Path

import pytest
import yaml

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.folder import folder, written
from coresponder_causal.qualitative import codebook, codebook_table, read_codebook

NAMES = sorted(path.stem for path in (folder() / "codebooks").glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_code_can_be_used_as_it_stands(name: str) -> None:
    codes = codebook(name)
    assert all(code.definition for code in codes)
    leaves = [code for code in codes if code.codable]
    assert all(code.example and code.about and code.colour for code in leaves)
    assert len({code.colour for code in leaves}) == len(leaves)
    assert {code.parent for code in codes if code.parent} == {code.name for code in codes if not code.codable}


def test_every_assumption_of_the_logic_model_has_a_code_that_speaks_to_it() -> None:
    spoken = {about for code in codebook("interviews") if code.codable for about in code.about}
    model = written(folder() / "logic_model.yaml")
    assert {entry["id"] for entry in model["assumptions"]} <= spoken
    assert {entry["id"] for entry in model["external"]} <= spoken


def test_a_codebook_of_ones_own_says_all_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    spec = {
        "codebook": "own",
        "wrong": 1,
        "codes": [
            {"name": "A", "about": ["nowhere", "M99"], "codes": [{"name": "A"}]},
            {"definition": "nameless"},
            {"name": "B", "meaning": "x"},
        ],
    }
    file.write_text(yaml.safe_dump(spec), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_codebook(file)
    for part in (
        "keys ['wrong'] are not known",
        "about names ['M99', 'nowhere']",
        "names of codes come more than once ('A')",
        "a code has no name",
        "a code has ['meaning']",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [("codes: 5", "no list of codes"), ("a: [", "is no YAML")])
def test_what_is_no_codebook_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_codebook(tmp_path / "x.yaml")
    with pytest.raises(DataError, match="take one of interviews, narratives"):
        codebook("nowhere")


def test_the_table_for_coders_has_a_row_for_each_code() -> None:
    table = codebook_table(codebook("narratives"))
    assert table["code"].tolist() == [code.name for code in codebook("narratives")]
    assert table.set_index("code").loc["Talked it down", "parent"] == "What was done"
