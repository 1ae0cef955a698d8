"""All metrics of gates. A file of `metrics/` is added here; nothing else has to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reports.judge.gates.metric import Metric
from reports.judge.gates.metrics import delivery, growth, latency, load, outcomes, overhead

FILES: Final = (latency, outcomes, load, overhead, delivery, growth)

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for file in FILES for metric in file.METRICS}
