"""What `locust` loads: the user classes, and the hooks that check, set up, record and report a run."""

from __future__ import annotations

from locust import events

from pathlib import Path

from dotenv import load_dotenv

from config.streams import survive_closed_pipes
from hedera_client.greenlets import prepare_process
from hedera_users import lifecycle
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_storer import ModelStorer
from hedera_users.overhead_user import OverheadUser
from hedera_users.relay_reader import RelayReader
from reports import hooks

__all__ = ["HcsSubmitter", "ModelStorer", "OverheadUser", "RelayReader"]

# Before Locust's logging takes hold of standard output: `locust … | head -1` is no reason for tracebacks.
survive_closed_pipes()

# Credentials and LOCUST_… defaults; what the environment already holds wins.
load_dotenv(Path(__file__).with_name(".env"))

# gRPC must know of gevent before the first channel; channels themselves are made after Locust has forked its workers.
prepare_process(max_calls=0)

# The lifecycle sets a run up before the reports look at it, so its hooks come first.
lifecycle.install(events)
hooks.install(events)
