pytest_plugins = ("servers", "skips", "properties")
