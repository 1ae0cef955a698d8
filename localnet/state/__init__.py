"""The network's state: accounts, topics and files, their genesis, and prices."""
