"""The cluster of lab.yaml, read back: what stands in it, why something does not, and a door to its API."""
