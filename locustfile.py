"""What `locust` loads: the user classes, and the call that checks, sets up, records and reports a run."""

from __future__ import annotations

from locust import events

from pathlib import Path

import hedera_load
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_storer import ModelStorer
from hedera_users.overhead_user import OverheadUser
from hedera_users.relay_reader import RelayReader

__all__ = ["HcsSubmitter", "ModelStorer", "OverheadUser", "RelayReader"]

hedera_load.install(events, env_file=Path(__file__).with_name(".env"))
