"""What pipelines of a forge cost: the plan, the files, the report."""
