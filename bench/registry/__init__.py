"""Starting, refusing a push, and the way from a push to a deployed version."""
