"""Gates: what somebody wants to hold of a run, read off what was measured, while it runs and at its end.

`metric` says what a metric is; each file of `metrics/` has some, and `catalogue` lists the files: a metric is added by
an entry there. `refusals` finds gates that a run cannot have before it starts, `verdicts` judges one, `judging` all of
a run's, `defaults` are those that apply where none is given, and `watch` looks while the run goes on.
"""
