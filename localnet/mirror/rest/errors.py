"""Errors of the REST API, in the mirror's shape.

MN:rest (JavaScript) describes the error in `message`; MN:rest-java has the HTTP status in words there, and the
description in `detail` (GenericControllerAdvice.java).
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web


class ApiError(Exception):
    """Becomes `{"_status": {"messages": [{"message": ...}]}}`, one entry for each message.

    Args:
        status: The HTTP status.
        messages: One or more.
        detail: What stands beside the messages; "" for nothing.
    """

    def __init__(self, status: int, *messages: str, detail: str = "") -> None:
        super().__init__("; ".join(messages))
        self.status = status
        self.messages = messages
        self.detail = detail

    def response(self) -> web.Response:
        """The HTTP response."""
        detail = {"detail": self.detail} if self.detail else {}
        body = {"_status": {"messages": [{"message": message, **detail} for message in self.messages]}}
        return web.json_response(body, status=self.status)


def invalid(*parameters: str, detail: str = "") -> ApiError:
    """Parameters of the path or the query string are malformed."""
    return ApiError(400, *(f"Invalid parameter: {parameter}" for parameter in parameters), detail=detail)


def not_found() -> ApiError:
    """There is no such thing, or not yet."""
    return ApiError(404, "Not found")


def java_error(status: int, detail: str) -> ApiError:
    """An error in the form of MN:rest-java."""
    return ApiError(status, HTTPStatus(status).phrase, detail=detail)
