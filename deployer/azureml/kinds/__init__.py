"""What Azure does to each kind of resource: where its fields are on the wire, and how its entity is built."""
