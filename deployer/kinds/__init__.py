"""One home per kind of resource: what a ref of it is, how its spec reads, what reports call it. Pure."""
