"""`links.next`: the path of the page after a page (MN:rest/utils.js, `getPaginationLink`)."""

from __future__ import annotations

from urllib.parse import quote

from localnet.mirror.rest.filters import Filter
from localnet.mirror.rest.interval import Interval
from localnet.mirror.rest.query import QueryString


def next_link(
    query: QueryString, name: str, last: str, within: Interval, place: int, *, descending: bool
) -> str | None:
    """The path of the page after a value; None where the filters exclude further rows.

    Also None where a filter requires `name` to equal a value: the mirror's JavaScript part then returns the link of the
    page itself, which makes clients loop; rest-java has fixed that.

    Args:
        query: The request's query string.
        name: The parameter that filters by the value.
        last: The value, as the parameter wants it.
        within: The values that the filters of `name` allow.
        place: The value as a number.
        descending: The order.
    """
    given = [Filter.of(name, text) for text in query.values.get(name, ())]
    if any(one.operator == "eq" for one in given) or not within.leaves(place, descending=descending):
        return None
    operator = "lt" if descending else "gt"
    replaced = (operator, operator + "e")
    parameters = {known: list(values) for known, values in query.values.items()}
    kept = [f"{one.operator}:{one.value}" for one in given if one.operator not in replaced]
    if not kept:
        parameters.pop(name, None)
    parameters[name] = [*kept, f"{operator}:{last}"]
    pairs = (f"{known}={quote(value, safe=':.')}" for known, values in parameters.items() for value in values)
    return f"{query.path}?{'&'.join(pairs)}"
