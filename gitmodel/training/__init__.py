"""Training: the only layer that knows DVC and papermill."""

from gitmodel.training.fetching import fetch_file, fetch_folder
from gitmodel.training.run import Run, run_ref
from gitmodel.training.storage import default_dvc_remote
from gitmodel.training.train import train

__all__ = ["Run", "default_dvc_remote", "fetch_file", "fetch_folder", "run_ref", "train"]
