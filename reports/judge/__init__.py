"""Judge: what the measurements mean. Accounting, overhead, audit and verdict; nothing here knows how it will look."""
