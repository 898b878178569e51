"""Plans, outcomes, diagnostics and answers as text for people and for machines. No I/O, no SDK."""
