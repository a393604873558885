"""The LiteLLM proxy as the lab runs it: `python -m homelab_litellm --config litellm.yaml --host 127.0.0.1`."""
