"""Live quality, measured against readers of tables."""
