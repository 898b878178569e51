"""The files that the local workspace keeps, beside its database and its blobs."""
