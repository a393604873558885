pytest_plugins = ("servers", "skips")
