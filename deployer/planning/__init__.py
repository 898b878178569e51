"""Desired and live -> a plan and its findings. Pure: no I/O, no clock."""
