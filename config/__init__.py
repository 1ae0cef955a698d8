"""What a run is: typed settings, networks and profiles. Reads files and the environment, and does nothing else."""
