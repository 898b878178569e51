"""What the control plane remembers between two requests."""
