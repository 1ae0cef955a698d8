"""The process: options, ports, composition, and end."""
