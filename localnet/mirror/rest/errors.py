"""Errors of the REST API, in the mirror's shape."""

from __future__ import annotations

from aiohttp import web


class ApiError(Exception):
    """Becomes `{"_status": {"messages": [{"message": ...}]}}`, one entry for each message."""

    def __init__(self, status: int, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.status = status
        self.messages = messages

    def response(self) -> web.Response:
        """The HTTP response."""
        body = {"_status": {"messages": [{"message": message} for message in self.messages]}}
        return web.json_response(body, status=self.status)


def invalid(parameter: str) -> ApiError:
    """A parameter of the path or the query string is malformed."""
    return ApiError(400, f"Invalid parameter: {parameter}")


def not_found() -> ApiError:
    """There is no such thing, or not yet."""
    return ApiError(404, "Not found")
