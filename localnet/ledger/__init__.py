"""Where handled transactions go: the ledger (the ground truth), the state file, and on to the mirror."""
