"""The bodies of the commands, imported when they are called."""
