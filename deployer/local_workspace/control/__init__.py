"""The control plane: the ARM REST API of one workspace."""
