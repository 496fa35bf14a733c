"""The only package that runs git: batch reads, refs, tags, notes, commits without a checkout, remotes."""
