"""Live quality: what keeping predictions costs a service, and reading them against readers of tables."""
