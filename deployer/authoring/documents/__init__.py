"""One spec file -> one document: its kind, its data, and its place in the template."""
