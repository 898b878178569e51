"""Spec text -> plain data with positions: templates, YAML, secrets."""
