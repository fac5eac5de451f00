"""The launch report: its chapters, the decision page, and what it rests on."""
