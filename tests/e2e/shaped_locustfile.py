"""The project's locustfile with a load shape: two users, then five, for about six seconds."""

from __future__ import annotations

from locust import LoadTestShape

from locustfile import HcsSubmitter

__all__ = ["HcsSubmitter", "Steps"]


class Steps(LoadTestShape):  # type: ignore[misc] # `locust` patches before it types
    """More users after three seconds."""

    def tick(self) -> tuple[int, float] | None:
        """How many users there are to be now; None ends the run."""
        at = self.get_run_time()
        if at < 6:
            return (2, 10.0) if at < 3 else (5, 10.0)
        return None
