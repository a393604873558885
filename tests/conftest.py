pytest_plugins = ("servers", "labs", "skips", "timeouts", "properties")
