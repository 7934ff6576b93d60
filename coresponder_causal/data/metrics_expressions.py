"""Expressions of the catalogue as expressions of an engine, unknown where what they read is unknown."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.metrics_catalogue import names_in

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

_BINARY: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, among: value.isin(among),
}


def in_engine(expression: str, rows: Table) -> BooleanValue:
    """Express for an engine what `Frame.number` computes in memory.

    Parameters
    ----------
    expression : str
        Of the catalogue, a yes or no.
    rows : ibis Table
        With every column that it names.

    Returns
    -------
    ibis column
        Unknown where a name that is no yes or no is; of yes-or-no fields, no & unknown is no, yes | unknown is yes.
    """
    import ibis

    found = _value(ast.parse(expression, mode="eval").body, rows)
    needed = [rows[name] for name in names_in(expression) if not rows[name].type().is_boolean()]
    for column in needed:
        found = column.notnull().ifelse(found, ibis.null("boolean"))
    return found


def _value(node: ast.expr, rows: Table) -> Any:  # noqa: ANN401
    """Express one node of a tree that `names_in` has allowed."""
    match node:
        case ast.Name():
            return rows[node.id]
        case ast.Constant():
            return node.value
        case ast.List():
            return [_value(one, rows) for one in node.elts]
        case ast.UnaryOp(op=ast.Invert()):
            return ~_value(node.operand, rows)
        case ast.UnaryOp():
            return -_value(node.operand, rows)
        case ast.BinOp():
            return _BINARY[type(node.op)](_value(node.left, rows), _value(node.right, rows))
        case ast.Compare(ops=[kind], comparators=[other]):
            return _BINARY[type(kind)](_value(node.left, rows), _value(other, rows))
    raise DataError(
        f"an engine cannot compute {ast.unparse(node)!r}", mend="compare two values at a time, with & between"
    )
