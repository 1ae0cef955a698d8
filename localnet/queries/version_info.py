"""NetworkGetVersionInfo."""

from __future__ import annotations

from typing import Any

from localnet.protocol.version import VERSION
from localnet.queries.query import Query, View


class GetVersionInfo(Query):
    """The versions of protobuf messages and services."""

    field = "networkGetVersionInfo"

    def answer(self, request: Any, view: View, reply: Any) -> None:  # noqa: ARG002 (it is the same for everyone)
        """Give the versions."""
        reply.hapiProtoVersion.CopyFrom(VERSION)
        reply.hederaServicesVersion.CopyFrom(VERSION)
