"""What can be typed: start, find and end the server, and inject faults."""
