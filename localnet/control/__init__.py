"""The control API, which serves the ledger and takes faults, and the status page."""
