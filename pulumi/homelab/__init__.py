"""Facts and a profile become one budget per host, and the budget becomes every setting of the platform."""
