"""The vocabulary: desired and live state, plans and outcomes, as frozen values. Imports nothing above it."""
