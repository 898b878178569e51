"""The part of the blob storage REST API that clients upload to."""
