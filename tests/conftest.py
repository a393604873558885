pytest_plugins = ("servers",)
