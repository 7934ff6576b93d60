"""Published results computed again through this package's estimators, from data that other packages carry."""

from coresponder_causal.reproduce.ledger_page import Reproduced, ledger, moved, reproduce
from coresponder_causal.reproduce.packages import FolderTable, NotInstalled, PackagedTable
from coresponder_causal.reproduce.papers import Paper, folder, papers
from coresponder_causal.reproduce.published import Printed, read_published

__all__ = [
    "FolderTable",
    "NotInstalled",
    "PackagedTable",
    "Paper",
    "Printed",
    "Reproduced",
    "folder",
    "ledger",
    "moved",
    "papers",
    "read_published",
    "reproduce",
]
