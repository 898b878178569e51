"""What each kind of resource is: one file per kind, joined by the table KINDS. Pure; imports the vocabulary alone."""

from deployer.kinds.table import ASSETS, DOCUMENTS, KINDS, OPERATED, OWNED, telling_keys

__all__ = ["ASSETS", "DOCUMENTS", "KINDS", "OPERATED", "OWNED", "telling_keys"]
