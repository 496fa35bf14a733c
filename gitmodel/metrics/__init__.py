"""What was measured of a model: records, kept as lines of git notes, and their comparison."""

from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record, parse_record
from gitmodel.metrics.values import Metrics, read_metrics

__all__ = ["METRICS_REF", "Dataset", "Metrics", "Record", "format_record", "parse_record", "read_metrics"]
