"""The commands: start, find and stop the server, and inject faults."""
