"""Each kind of resource in Azure, one file per kind, joined in `table`.

The file of a kind defines its path and api-version, the rows between YAML fields and its JSON, the conversion from JSON
to a Resource and from a Resource to an entity of the SDK, and how to write and delete one.
"""
