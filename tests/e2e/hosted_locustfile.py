"""The project's locustfile on a machine where the embedded network is testnet: its mirror, and its built-in list.

HOSTED_NETWORK is the network in JSON, HOSTED_LISTS the folder with its `testnet.json`; all else is the real thing.
"""

from __future__ import annotations

from locust import events  # noqa: F401 (it patches the standard library, so it comes first)

import os
from pathlib import Path

from config import built_in_nodes, networks
from locustfile import HcsSubmitter

__all__ = ["HcsSubmitter"]

networks.KNOWN["testnet"] = networks.Network.model_validate_json(os.environ["HOSTED_NETWORK"])
built_in_nodes.FOLDER = Path(os.environ["HOSTED_LISTS"])
