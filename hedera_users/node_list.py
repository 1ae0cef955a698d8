"""The list of nodes that a run calls: told when it begins, and kept beside its report."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from config.built_in_nodes import book_text, replace_file
from hedera_client.address_book import NodeChoice

LIST_NAME: Final = "address-book.json"
"""The file in a run's folder; `python -m hedera_client check --address-book-file` reads it."""


def tell(chosen: NodeChoice, logger: logging.Logger) -> None:
    """Say in one line where the nodes come from, and in one more for each that is not called as listed."""
    if chosen.source:
        level = logging.WARNING if chosen.fallback else logging.INFO
        logger.log(level, "Nodes of %s: %s", chosen.network.name, chosen.source)
    for remark in chosen.remarks:
        logger.warning("Nodes of %s: %s", chosen.network.name, remark)


def keep_list(chosen: NodeChoice, folder: Path, logger: logging.Logger) -> None:
    """Write the list into the run's folder, where the network does not say its nodes itself.

    A folder that takes no file costs the list and one line in the log, never the run.
    """
    if not chosen.source:
        return
    head = {"network": chosen.network.name, "source": chosen.source}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / LIST_NAME, book_text(head, chosen.entries))
    except OSError as error:
        logger.warning("The list of nodes was not kept in %s: %s", folder, error)
