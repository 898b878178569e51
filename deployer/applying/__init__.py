"""A plan -> an outcome: each step is checked, carried out and verified; failed traffic changes are undone."""
