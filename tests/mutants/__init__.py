"""Faults put into the deployer one at a time, to see whether a test notices: `make mutants`."""
