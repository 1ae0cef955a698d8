"""Faults on command: what is to go wrong, where, for how long, and what did."""

from localnet.faults.engine import Fault, FaultEngine
from localnet.faults.spec import FaultError, FaultSpec, parse_faults

__all__ = ["Fault", "FaultEngine", "FaultError", "FaultSpec", "parse_faults"]
