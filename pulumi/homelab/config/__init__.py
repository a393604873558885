"""Spec → the text of a product's own configuration file. Both runtimes read the same text; nothing is computed."""
