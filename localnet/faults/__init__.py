"""Injected faults: what goes wrong, where, for how long, and which calls were hit."""

from localnet.faults.engine import Fault, FaultEngine
from localnet.faults.spec import FaultError, FaultSpec, parse_faults

__all__ = ["Fault", "FaultEngine", "FaultError", "FaultSpec", "parse_faults"]
