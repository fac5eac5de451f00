"""Evals on a schedule against a live endpoint, and an alert when a change is established."""
