"""A mapping of tables that are made when they are asked for."""

from collections.abc import Callable, Iterator, Mapping

import pandas as pd


class Tables(Mapping[str, pd.DataFrame]):
    """Tables by name, each made when it is first asked for; a table taken out may be changed without harm.

    Parameters
    ----------
    makers : mapping of str to callable
        What makes each table.

    Examples
    --------
    >>> tables = Tables({"one": lambda: pd.DataFrame({"a": [1]})})
    >>> mine = tables["one"]
    >>> mine.loc[0, "a"] = 2
    >>> int(tables["one"].loc[0, "a"])
    1
    """

    def __init__(self, makers: Mapping[str, Callable[[], pd.DataFrame]]) -> None:
        self._makers = makers
        self._made: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name].copy(deep=False)  # pandas copies on write

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __repr__(self) -> str:
        return f"Tables({', '.join(self._makers)})"
