"""The language of gates: what has to hold of a run, as `--gate` and `--gates` say it (docs/gates.md).

What a gate says is here, and nothing of what it means: which metrics there are, and what they are read from, is known
where a run is judged (`reports.judge.gates`).
"""
