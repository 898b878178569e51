"""Rules across fields, files and documents."""
