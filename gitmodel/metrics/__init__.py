"""What was measured of a model: records, kept as lines of git notes, and their comparison."""
