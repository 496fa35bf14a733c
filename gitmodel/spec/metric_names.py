"""Which metrics are better when they are lower."""

import re

# Matched as whole words of a metric's name, so `test_rmse` and `val/log_loss` are known too.
LOWER_IS_BETTER = (
    "brier",
    "cross_entropy",
    "deviance",
    "ece",
    "error",
    "false_negative_rate",
    "false_positive_rate",
    "fnr",
    "fpr",
    "hamming",
    "hamming_loss",
    "hinge",
    "latency",
    "log_loss",
    "logloss",
    "loss",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_squared_error",
    "mse",
    "msle",
    "nll",
    "perplexity",
    "pinball",
    "rmse",
    "rmsle",
    "smape",
    "wape",
    "wer",
)
_KNOWN = re.compile(rf"(?:^|_)(?:{'|'.join(LOWER_IS_BETTER)})(?:$|_)")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def higher_is_better(metric: str) -> bool:
    """Say whether a larger value of that metric is the better one.

    Errors, losses and rates of mistakes are better when lower; a name that begins with ``neg_``
    (scikit-learn's negated errors) and every other metric is better when higher.
    """
    words = _SEPARATORS.sub("_", metric.lower()).strip("_")
    return words.startswith("neg_") or _KNOWN.search(words) is None
