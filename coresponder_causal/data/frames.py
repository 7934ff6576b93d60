"""Tables come in: any data frame as pandas, and files read as they were written."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

separators = {".csv": ",", ".tsv": "\t"}


def to_pandas(frame: object) -> pd.DataFrame:
    """Take a table from pandas, polars or pyarrow.

    Parameters
    ----------
    frame : DataFrame or Table
        A pandas or polars DataFrame, or a pyarrow Table.

    Returns
    -------
    DataFrame
        The table as pandas; a pandas table is returned as it is, so copy it before changing it.

    Raises
    ------
    DataError
        Something else, or two columns of one name: convert or rename.

    Examples
    --------
    >>> import polars as pl
    >>> to_pandas(pl.DataFrame({"city": ["Davis"]})).city.tolist()
    ['Davis']
    """
    import narwhals as nw

    try:
        eager = nw.from_native(cast("IntoDataFrame", frame), eager_only=True)
    except TypeError as error:
        raise DataError(
            f"a {type(frame).__name__} is not a table in memory",
            mend="give a pandas or polars DataFrame or a pyarrow Table; collect a lazy frame first",
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise DataError("two columns have the same name", mend="rename one of them") from error
    try:
        return eager.to_pandas()
    except ModuleNotFoundError as error:
        raise DataError(f"this table needs {error.name} to become pandas", mend=f"install {error.name}") from error


def read_table(path: str | Path, *, sheet: str | None = None) -> pd.DataFrame:
    r"""Read a file as it was written.

    Cells of text files stay text, so that "007" keeps its zeros and "NA" its letters; only blanks are missing.
    A file whose head lacks the separator of its kind but has another is read by that, which a note says.
    `validate` gives every column the type that the dictionary names. Spreadsheets and Parquet keep their own types.

    Parameters
    ----------
    path : str or Path
        A .csv, .tsv, .parquet or .xlsx file.
    sheet : str, optional
        Sheet of a workbook; by default the first.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        No such file, an empty or damaged one, an unknown kind, two columns of one name: the message says which.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "calls.csv"
    ...     _ = file.write_text("call_id,city\n007,Davis\n")
    ...     read_table(file).call_id.tolist()
    ['007']
    """
    frame = rows_of(path, sheet=sheet)
    if frame.empty:
        raise DataError(f"{Path(path).name} has a head but no rows", mend="export it again")
    return frame


def rows_of(path: str | Path, *, sheet: str | None = None) -> pd.DataFrame:
    """Read a file as `read_table` does; one with a head and no rows is an empty table.

    Parameters
    ----------
    path : str or Path
        A .csv, .tsv, .parquet or .xlsx file.
    sheet : str, optional
        Sheet of a workbook; by default the first.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        As `read_table` raises it.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in {*separators, ".parquet", ".xlsx"}:
        raise DataError(f"{file.name} is no kind of table known here", mend="save it as csv, tsv, parquet or xlsx")
    if not file.is_file():
        raise DataError(f"there is no file {file}", mend="correct the path")
    if file.stat().st_size == 0:
        raise DataError(f"{file.name} is empty", mend="export it again")
    try:
        return _read(file, kind, sheet)
    except ModuleNotFoundError as error:
        raise DataError(f"{file.name} needs {error.name} to be read", mend=f"install {error.name}") from error
    except (ValueError, OSError, KeyError, csv.Error, zipfile.BadZipFile) as error:
        raise DataError(f"{file.name} cannot be read: {error}", mend="save or export it again") from error


def _read(file: Path, kind: str, sheet: str | None) -> pd.DataFrame:
    """Read one file by its kind."""
    if sheet is not None and kind != ".xlsx":
        raise DataError(f"{file.name} is no workbook and has no sheets", mend="leave sheet= out")
    if kind == ".parquet":
        return pd.read_parquet(file)
    if kind == ".xlsx":
        return _read_workbook(file, sheet)
    return _read_text(file, separators[kind])


def _read_workbook(file: Path, sheet: str | None) -> pd.DataFrame:
    """Read one sheet; text cells stay text."""
    with pd.ExcelFile(file) as book:
        names = [str(name) for name in book.sheet_names]
        if sheet is not None and sheet not in names:
            raise DataError(f"{file.name} has no sheet {sheet!r}", mend=f"take one of {', '.join(map(repr, names))}")
        if sheet is None and len(names) > 1:
            note(f"{file.name}: of {len(names)} sheets only the first, {names[0]!r}, was read")
        read = names[0] if sheet is None else sheet
        cells = pd.read_excel(book, sheet_name=read, header=None, dtype=object)
    if cells.empty:
        which = "first sheet" if sheet is None else "sheet"
        raise DataError(f"{file.name} has an empty {which} {read!r}", mend="move the table to the first sheet")
    head = distinct([str(name).strip() for name in cells.iloc[0]], file)
    return cells.iloc[1:].reset_index(drop=True).set_axis(head, axis="columns").infer_objects()


def _read_text(file: Path, separator: str) -> pd.DataFrame:
    """Read delimited text, every cell as text."""
    text = decoded(file)
    separator = _separator(text, separator, file)
    head = next(csv.reader(io.StringIO(text), delimiter=separator), [])
    distinct([name.strip() for name in head], file)
    frame = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, na_values=[""])
    if not isinstance(frame.index, pd.RangeIndex):
        raise DataError(
            f"{file.name} has rows with more cells than its head of {len(head)}",
            mend="quote cells with separators",
        )
    return frame.rename(columns=str.strip)


def _separator(text: str, usual: str, file: Path) -> str:
    """Take the separator of the kind, or, with a note, another one where only that is in the head."""
    head = text.partition("\n")[0]
    if usual in head:
        return usual
    for other, name in {";": "semicolons", "\t": "tabs", ",": "commas"}.items():
        if other in head:
            note(f"{file.name} separates its cells by {name} and was read so")
            return other
    return usual


def decoded(file: Path) -> str:
    """Text of a file in UTF-8, in UTF-16 with a byte-order mark, or in Windows-1252, which a note says.

    Parameters
    ----------
    file : Path

    Returns
    -------
    str
    """
    raw = file.read_bytes()
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16")
    if raw[:4] == b"PK\x03\x04":
        raise DataError(f"{file.name} is a workbook or an archive, not text", mend="name it .xlsx, or save it as csv")
    text = _decoded(raw, "utf-8-sig")
    if text is None:
        note(f"{file.name} is not UTF-8 and was read as Windows-1252")
        text = _decoded(raw, "cp1252")
    if text is None:
        raise DataError(f"{file.name} is neither UTF-8 nor Windows-1252", mend="save it as UTF-8")
    return text


def _decoded(raw: bytes, encoding: str) -> str | None:
    """Text, or nothing: the error of the codec would carry the whole file."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def distinct(names: list[str], file: Path) -> list[str]:
    """Column names, none of them twice; an error tells their places, since a file without a head has its data there.

    Parameters
    ----------
    names : list of str
    file : Path

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    DataError
        Two columns of one name: rename one.
    """
    twice = [place for place, name in enumerate(names, 1) if names.count(name) > 1]
    if twice:
        places = ", ".join(map(str, twice))
        raise DataError(f"{file.name} has columns of the same name: columns {places}", mend="rename them")
    return names
