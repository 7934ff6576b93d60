r"""Tables as LaTeX: rules of booktabs, every text escaped, the note under the table.

What a table needs stands in its first line: ``\usepackage{array,booktabs,longtable}``, with letters as UTF-8.
"""

from __future__ import annotations

import re

from coresponder_causal.report import html
from coresponder_causal.report.specs import Column, Table

long_text, narrowest = 24, 0.08  # letters from which cells are wrapped; least share of the line for those
letters, between = {"footnotesize": 105, "scriptsize": 125}, 2  # of a line, and what a gap of columns takes
many_columns = 9  # from which letters are smaller
escapes = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "–": "--",
    "…": r"\dots{}",
    "•": r"\textbullet{}",
    "“": "``",
    "”": "''",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{
        letter: f"\\ensuremath{{{name}}}"
        for letter, name in {
            "−": "-", "±": r"\pm", "×": r"\times", "·": r"\cdot", "✕": r"\times", "○": r"\circ", "∞": r"\infty",
            "≤": r"\leq", "≥": r"\geq", "→": r"\to", "√": r"\surd", "²": "^2", "½": r"\frac{1}{2}", "′": r"'",
            "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "θ": r"\theta",
            "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau",
            "φ": r"\varphi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "Δ": r"\Delta", "Σ": r"\Sigma",
        }.items()
    },
}  # fmt: skip


def latex(table: Table) -> str:
    r"""Return a table as LaTeX.

    Parameters
    ----------
    table : Table
        Numbers are written as on a page; the form ``.csv`` has them at full precision.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.report.specs import Column
    >>> frame = pd.DataFrame({"city": ["A & B"], "change": [-0.5]})
    >>> columns = (Column("city", "City"), Column("change", "Change, %", "signed"))
    >>> print(latex(Table(title="By city", frame=frame, columns=columns, note="Per month.")).split("endlastfoot")[1])
    <BLANKLINE>
    A \& B & \ensuremath{-}0.500 \\
    \end{longtable}
    \noindent Per month.
    \par}
    <BLANKLINE>
    """
    heads = [_heading(column) for column in table.columns]
    rows = [[escaped(text) for _, text in row] for row in html.cells(table)]
    head = f"{' & '.join(heads)} \\\\\n\\midrule\n"
    size = "scriptsize" if len(heads) >= many_columns else "footnotesize"
    lines = [
        "% needs \\usepackage{array,booktabs,longtable}",
        f"{{\\{size}\\setlength{{\\tabcolsep}}{{3pt}}",
        f"\\begin{{longtable}}{{@{{}}{_alignment(table, letters[size])}@{{}}}}",
        f"\\caption{{{escaped(table.title)}}}\\\\",
        f"\\toprule\n{head}\\endfirsthead\n\\toprule\n{head}\\endhead",
        "\\bottomrule\n\\endfoot\n\\bottomrule\n\\endlastfoot",
        *(f"{' & '.join(row)} \\\\" for row in rows),
        "\\end{longtable}",
        *([f"\\noindent {escaped(table.note)}"] if table.note else []),
        "\\par}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Return text in which no letter is a command.

    Parameters
    ----------
    text : str
        A line break becomes a blank, a control character is left out.

    Examples
    --------
    >>> escaped("50 % of {calls}_\\input")
    '50 \\% of \\{calls\\}\\_\\textbackslash{}input'
    """
    plain = re.sub(r"[\x00-\x1f\x7f]", "", " ".join(text.split()))
    return "".join(escapes.get(letter, letter) for letter in plain)


def _heading(column: Column) -> str:
    """Write a heading, over numbers a word a line."""
    text = escaped(column.label)
    return text if column.wordy or " " not in text else f"\\shortstack[r]{{{text.replace(' ', chr(92) * 2)}}}"


def _alignment(table: Table, line: int) -> str:
    """Numbers to the right, short text to the left, long text wrapped into what is left of the line."""
    longest = []
    for place, column in enumerate(table.columns):
        cells = [row[place][1] for row in html.cells(table)]
        heads = [column.label] if column.wordy else column.label.split()
        longest.append(max(map(len, (*cells, *heads)), default=0))
    wrapped = [column.wordy and length > long_text for column, length in zip(table.columns, longest, strict=True)]
    taken = sum(length + between for length, wraps in zip(longest, wrapped, strict=True) if not wraps)
    weights = [min(length, 4 * long_text) * wraps for length, wraps in zip(longest, wrapped, strict=True)]
    left = max(1 - taken / line, narrowest * sum(wrapped))
    made = []
    for column, weight in zip(table.columns, weights, strict=True):
        share = left * weight / (sum(weights) or 1) - between / line
        ragged = f">{{\\raggedright\\arraybackslash}}p{{{max(share, narrowest):.2f}\\linewidth}}"
        made.append(ragged if weight else "l" if column.wordy else "r")
    return "".join(made)
