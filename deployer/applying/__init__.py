"""A plan -> an outcome: each step checked, carried out, verified and, where it fails, undone."""
