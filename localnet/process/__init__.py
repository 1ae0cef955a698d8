"""The process: its options, its ports, its parts put together, and its end."""
