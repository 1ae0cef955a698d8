"""The description of a run: typed settings, networks and profiles. Reads files and the environment only."""
