"""The resources of the control plane, one module each."""
