"""The control API, which tells what happened and takes faults, and the page for people."""
