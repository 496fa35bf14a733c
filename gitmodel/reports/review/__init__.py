"""The report of a pull request: what a change does to the models it touches."""
