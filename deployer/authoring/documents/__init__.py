"""One spec file -> one document: its kind, its data, and places in the template."""
