"""Kinds of resources: one file per kind, joined in the table KINDS. Pure; imports only the vocabulary."""

from deployer.kinds.table import ASSETS, DOCUMENTS, KINDS, OPERATED, OWNED, telling_keys

__all__ = ["ASSETS", "DOCUMENTS", "KINDS", "OPERATED", "OWNED", "telling_keys"]
