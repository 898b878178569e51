"""The data plane: inference servers, and the front door before them."""
