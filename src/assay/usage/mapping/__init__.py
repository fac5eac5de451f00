"""From an import to a map: groups of conversations, named by what many people share."""
