"""Scoring models on labelled rows, and comparing two of them on the same rows."""

from gitmodel.evaluation.datasets import Dataset, labelled, load_dataset, read_frame
from gitmodel.evaluation.intervals import Estimate, Interval, interval, paired_difference
from gitmodel.evaluation.scoring import Scores, rank, score, score_by

__all__ = [
    "Dataset",
    "Estimate",
    "Interval",
    "Scores",
    "interval",
    "labelled",
    "load_dataset",
    "paired_difference",
    "rank",
    "read_frame",
    "score",
    "score_by",
]
