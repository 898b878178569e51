"""Plans, outcomes, diagnostics and answers as text, Markdown, JSON and other formats. No I/O, no SDK."""
