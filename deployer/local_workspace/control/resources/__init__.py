"""The resources of the control plane, a module for each."""
