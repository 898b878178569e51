"""What Azure does to each kind of resource, one file per kind, joined in `table`.

A kind's file says where it is and at which api-version, which rows of the YAML stand where in its JSON, how its JSON
becomes a Resource, how a Resource becomes an entity of the SDK, and how one is written and deleted.
"""
