"""Judge: what the measurements mean. Accounting, overhead, limits and verdict; its words are made in `wording`."""
