"""The vocabulary: what is desired, live, planned and done, as frozen values. Imports nothing above it."""
