"""The past replayed against a deployed service: who retrains, and what comes of it."""
