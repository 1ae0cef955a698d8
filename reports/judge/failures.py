"""What failed in a run, and what failed most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from records.operation import Outcome
from records.statuses import STOPPED
from reports.schema.report import Error
from reports.wording.failures import KindOfFailure


def kinds_of_failures(errors: Iterable[Error]) -> list[KindOfFailure]:
    """What failed or ended in doubt, the most frequent first; what the end of the run cut off is left out.

    Args:
        errors: The report's, which tells nodes and messages apart: here they are one kind.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for error in errors:
        if error["outcome"] in (Outcome.FAILED, Outcome.UNKNOWN) and error["status"] != STOPPED:
            arm = f" [{error['arm']}]" if error["arm"] else ""
            counts[f"{error['operation']}{arm}", error["status"]] += error["count"]
    return [KindOfFailure(*key, count) for key, count in counts.most_common()]
