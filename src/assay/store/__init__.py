"""What is on disk: the journal, the tables, the workspace, and questions over them."""
