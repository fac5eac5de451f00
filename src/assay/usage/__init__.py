"""What people do with a model, from logs: import, redaction, maps; never over a shoulder."""
