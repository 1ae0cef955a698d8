"""The drills: one fault on purpose each (or none), an expectation with figures, and its judgement from the report."""
