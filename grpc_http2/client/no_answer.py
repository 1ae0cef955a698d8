"""How a call ends that brought no answer, in gRPC's words."""

from __future__ import annotations


class NoAnswerError(Exception):
    """A call brought no answer, in gRPC's words whichever transport carried it.

    Attributes:
        status: Name of a gRPC status code, or CLOSED.
        details: What more is known.
        sent: Whether the server may have seen the call. False only where that is certainly not so: no byte of it left
            this process, or it stands above the last stream of a GOAWAY (RFC 9113, section 6.8).
        incident: What names the event that ended it where that may have ended others too (connections that were lost,
            attempts to open one that failed), unique in this process; "" where it concerns this call alone.
        busy: The other side asks for a slower pace, whatever the code says.
    """

    def __init__(self, status: str, details: str, *, sent: bool = True, incident: str = "", busy: bool = False) -> None:
        super().__init__(f"{status}: {details}")
        self.status = status
        self.details = details
        self.sent = sent
        self.incident = incident
        self.busy = busy
