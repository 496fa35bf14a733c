"""The command line: one module a command, which parses, calls one function below, and prints."""

import gc

# A command makes many objects that stay, at its start above all; looking for rubbish finds none.
gc.set_threshold(50_000)
