"""A consensus node: from the bytes of a call to its answer."""
