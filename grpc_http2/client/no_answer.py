"""The error of a call without an answer, with gRPC's status codes."""

from __future__ import annotations


class NoAnswerError(Exception):
    """A call got no answer; the status is gRPC's, whichever transport carried it.

    Attributes:
        status: Name of a gRPC status code, or CLOSED.
        details: Further information.
        sent: Whether the server may have seen the call. False only where it certainly has not: no byte of it left
            this process, or its stream id is above the last one of a GOAWAY (RFC 9113, section 6.8).
        incident: The name of the event that ended it, where that may have ended others too (connections that were lost,
            attempts to open one that failed), unique in this process; "" where it concerns this call alone.
        busy: The server asks for a slower pace, whatever the code says.
    """

    def __init__(self, status: str, details: str, *, sent: bool = True, incident: str = "", busy: bool = False) -> None:
        super().__init__(f"{status}: {details}")
        self.status = status
        self.details = details
        self.sent = sent
        self.incident = incident
        self.busy = busy
