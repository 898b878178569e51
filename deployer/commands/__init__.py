"""The implementations of the commands, imported when called."""
