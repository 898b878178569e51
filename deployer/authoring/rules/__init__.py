"""The rules across fields, files and documents."""
