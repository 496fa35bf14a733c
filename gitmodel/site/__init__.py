"""A registry to look at in a browser: plain files, written from what git knows."""
