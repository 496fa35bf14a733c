"""The registry: a pure fold over tags, branches and notes of a repository."""
