"""What the modules share: standard library only, since it is sent to hosts."""
