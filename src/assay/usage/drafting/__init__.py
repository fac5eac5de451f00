"""Drafts evals in the spirit of a group of usage, without a word of its members."""
