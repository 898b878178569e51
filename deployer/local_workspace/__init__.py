"""A local server that speaks the REST API of an Azure ML workspace; it shares no code with the rest of the package."""
