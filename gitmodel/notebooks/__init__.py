"""Notebooks of runs, of failures too: written, executed, shown and kept clean."""
