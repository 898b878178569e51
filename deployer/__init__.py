"""deployer: declarative, pull-request-reviewed deployments for Azure ML online endpoints."""
