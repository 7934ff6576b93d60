"""The data dictionary in the forms that others read: each written from the same YAML files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import folder_beside
from coresponder_causal.data import dictionary
from coresponder_causal.data.export_redcap import projects, redcap
from coresponder_causal.data.export_tableschema import as_json, data_package, table_schema
from coresponder_causal.data.export_workbook import workbook
from coresponder_causal.data.export_xlsform import xlsform
from coresponder_causal.data.forms import table_forms
from coresponder_causal.data.instrument import instruments
from coresponder_causal.data.procedure import procedure
from coresponder_causal.data.schemas import schemas_module
from coresponder_causal.plan.run import refuse_filled

kinds = ("redcap", "xlsform", "tableschema", "pandera", "workbook", "codebook", "paper", "procedure")


def export_dictionary(out: Path, what: Sequence[str] = (), *, force: bool = False) -> list[Path]:
    """Write the dictionary and its instruments in the forms that others read.

    Parameters
    ----------
    out : Path
        A folder; one that holds files is refused without ``force``.
    what : sequence of {"redcap", "xlsform", "tableschema", "pandera", "workbook", "codebook", "paper", "procedure"}
        Forms to write; by default all.
    force : bool
        Write into a folder that holds files; files of the same name are replaced, others stay.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        An unknown form, or a filled folder: the message says which.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in export_dictionary(Path(folder), ["pandera"])]
    ['schemas.py']
    """
    if strangers := [name for name in what if name not in kinds]:
        raise DataError(
            f"the dictionary cannot be exported as {', '.join(strangers)}", mend=f"take of {', '.join(kinds)}"
        )
    refuse_filled(out, force=force)
    written: list[Path] = []
    with folder_beside(out) as made:
        for kind in what or kinds:
            if kind == "codebook":
                written.append(report.write(report.codebook(), made / "codebook.html"))
            elif kind == "paper":
                papers = {name: report.paper(entry) for name, entry in instruments().items()}
                written += [report.write(spec, made / "paper" / f"{name}.html") for name, spec in papers.items()]
            else:
                written += [write_whole(made / name, content) for name, content in _files(kind)]
    return [out / path.relative_to(made) for path in written]


def _files(kind: str) -> Iterator[tuple[str, bytes]]:
    """Make the files of one form, by name."""
    if kind == "redcap":
        yield from ((f"redcap/{name}.csv", redcap(name)) for name in projects())
    elif kind == "xlsform":
        forms = [*(entry.form for entry in instruments().values()), *table_forms()]
        yield from ((f"xlsform/{form.name}.xlsx", xlsform(form)) for form in forms)
    elif kind == "tableschema":
        yield "tableschema/datapackage.json", as_json(data_package())
        yield from ((f"tableschema/{name}.schema.json", as_json(table_schema(name))) for name in dictionary.tables())
    elif kind == "pandera":
        yield "schemas.py", schemas_module().encode()
    elif kind == "procedure":
        yield "collection_procedure.md", procedure().encode()
    else:
        yield "workbook.xlsx", workbook()
