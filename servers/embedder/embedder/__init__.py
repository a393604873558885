"""An OpenAI-compatible `/v1/embeddings` on MiniLM: `python -m embedder --port 8081 --threads 2`."""
