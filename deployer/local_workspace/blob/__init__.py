"""The part of the blob storage REST API that clients use for uploads and downloads."""
