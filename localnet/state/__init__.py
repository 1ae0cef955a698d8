"""What the network holds: its accounts, topics and files, what it began with, and its prices."""
