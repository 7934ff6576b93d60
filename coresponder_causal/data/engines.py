"""Where large tables are counted: DuckDB on one machine, Spark on one or many, the same expressions on both."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DataError, Problems

if TYPE_CHECKING:
    from ibis.expr.types import Table

Engine: TypeAlias = Literal["duckdb", "spark"]
Source: TypeAlias = "str | Path | Sequence[str | Path] | Table"
_LIMIT = re.compile(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B")


@contextmanager
def opened(
    sources: Mapping[str, Source],
    *,
    engine: Engine = "duckdb",
    memory_limit: str | None = None,
    spill_to: str | Path | None = None,
) -> Iterator[dict[str, Table]]:
    """Open Parquet files as tables of one connection that are never read as a whole.

    Parameters
    ----------
    sources : mapping of str to path, sequence of paths, or ibis Table
        By name of the table. A Parquet file, a pattern such as ``"calls/*.parquet"``, a folder of such files, or
        several of these. A table of a connection of one's own, such as a warehouse or a Spark cluster, is taken as it
        is.
    engine : {"duckdb", "spark"}
        Spark needs ``pip install "coresponder-causal[spark]"`` and Java 17. A session that is running is used and left
        running.
    memory_limit : str, optional
        What DuckDB may take, such as ``"1GB"``; what does not fit is put on disk. By default four fifths of the
        machine. Spark takes its limit from its own settings.
    spill_to : path, optional
        Folder for what is put on disk; by default a temporary one, removed afterwards.

    Yields
    ------
    dict of str to ibis Table
        By the same names.

    Raises
    ------
    DataError
        No such files, another engine, a limit that is none, a limit given to Spark, tables of several connections, an
        engine that is not installed: the message lists all.
    """
    if not isinstance(sources, Mapping):
        mend = 'name each, such as {"calls": "calls/*.parquet"}'
        raise DataError(f"the tables to count are a {type(sources).__name__} without names", mend=mend)
    problems = Problems("the tables to count")
    refuse_choice("engine", engine, Engine, problems)
    if memory_limit is not None and not _LIMIT.fullmatch(memory_limit):
        problems.add(f"memory_limit is {memory_limit!r}", mend="write it like '1GB' or '512MB'")
    if engine == "spark" and (memory_limit or spill_to):
        problems.add("Spark takes memory and disk from its own settings", mend="leave memory_limit and spill_to out")
    own = {name: source for name, source in sources.items() if not isinstance(source, str | Path | Sequence)}
    connected = {name: source for name, source in own.items() if hasattr(source, "get_backend")}
    for name in own.keys() - connected.keys():
        problems.add(
            f"a {type(own[name]).__name__} is no file and no table of an engine",
            mend="give panel() or metrics() the frame",
        )
    if own and (memory_limit or spill_to):
        problems.add("the table has a connection of its own", mend="set memory and disk there")
    if connected and (len(own) < len(sources) or len({id(one.get_backend()) for one in connected.values()}) > 1):
        problems.add("the tables are of several connections", mend="give files alone, or tables of one connection")
    files = {name: _files(source, problems) for name, source in sources.items() if name not in own}
    problems.raise_if_any(DataError)
    if own:
        yield connected
        return
    with ExitStack() as stack:
        if engine == "spark":
            yield _on_spark(files, stack)
        else:
            yield _on_duckdb(files, stack, memory_limit, spill_to)


def _files(source: Source, problems: Problems) -> list[str]:
    """List the Parquet files meant, each once."""
    found: list[str] = []
    paths = cast("str | Path | Sequence[str | Path]", source)
    for one in [paths] if isinstance(paths, str | Path) else paths:
        path = Path(one)
        if path.is_dir():
            here = sorted(map(str, path.glob("*.parquet")))
        elif has_magic(str(one)):
            here = sorted(glob(str(one)))
        else:
            here = [str(path)] if path.is_file() else []
        if not here:
            problems.add(f"there are no files {one}", mend="correct the path")
        found += here
    if strangers := [Path(name).name for name in found if Path(name).suffix.lower() != ".parquet"]:
        problems.add(
            f"no Parquet files: {', '.join(strangers[:5])}",
            mend="write them by write_ingested(form='parquet') or `coresponder-causal ingest --form parquet`",
        )
    return list(dict.fromkeys(found))


def _on_duckdb(
    files: Mapping[str, list[str]], stack: ExitStack, memory_limit: str | None, spill_to: str | Path | None
) -> dict[str, Table]:
    """Open files in a DuckDB of their own, which need not keep the order of rows."""
    import ibis

    folder = spill_to or stack.enter_context(tempfile.TemporaryDirectory(prefix="coresponder_causal_"))
    settings = {"temp_directory": str(folder), "preserve_insertion_order": False}
    if memory_limit:
        settings["memory_limit"] = memory_limit
    connection = ibis.duckdb.connect(**settings)
    stack.callback(connection.disconnect)
    return {name: connection.read_parquet(paths, union_by_name=True) for name, paths in files.items()}


def _on_spark(files: Mapping[str, list[str]], stack: ExitStack) -> dict[str, Table]:
    """Open files in the running Spark session, or in one of this machine that ends with the count."""
    import ibis

    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise DataError(
            "the engine spark is not installed", mend='pip install "coresponder-causal[spark]", with Java 17'
        ) from error
    session = SparkSession.getActiveSession()
    if session is None:
        session = (
            SparkSession.builder.appName("coresponder_causal")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()
        )
        stack.callback(session.stop)
    views = {name: f"coresponder_causal_{name}" for name in files}
    for name, paths in files.items():
        session.read.option("mergeSchema", "true").parquet(*paths).createOrReplaceTempView(views[name])
        stack.callback(session.catalog.dropTempView, views[name])
    connection = ibis.pyspark.connect(session)
    return {name: connection.table(view) for name, view in views.items()}
