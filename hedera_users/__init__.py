"""Who sends what, when: the user classes, what they send, and the lifecycle of a run."""
