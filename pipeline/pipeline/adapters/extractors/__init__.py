"""Raw bytes → blocks, one extractor per family of formats. Importing a module here stays cheap until it works."""
