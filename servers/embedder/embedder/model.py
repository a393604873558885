"""A loaded model: text in, vector out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embedder import graph, weights

NAME = "all-MiniLM-L6-v2"

READ_CHARACTERS = 64 * 1024
"""Of one text. 512 tokens are about 2,500 characters of prose; a tokenizer given megabytes would spend seconds and
hundreds of bytes a token on what is cut anyway."""

Input = str | Sequence[int]
"""A text, or ids of this model's vocabulary without [CLS] and [SEP]."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """`vector`: float32 [dimensions], of length 1. `tokens`: what the model saw, [CLS] and [SEP] included."""

    vector: NDArray[np.float32]
    tokens: int


class Model:
    """Safe to call from several threads at once: each call computes on its caller's thread alone, so that as many
    texts are worked on at a time as there are threads, without a barrier between them.
    """

    def __init__(self) -> None:
        """Raises weights.MissingWeights."""
        found = weights.find()
        self.dimensions: int = found.config["hidden_size"]
        self.vocabulary: int = found.config["vocab_size"]
        self.max_tokens: int = found.config["max_position_embeddings"]
        self._tokenizer = Tokenizer.from_file(str(found.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_tokens)
        self._start, self._end = self._tokenizer.encode("").ids
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(found.folder))
        self._session = onnxruntime.InferenceSession(
            graph.build(found).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, item: Input) -> Embedding:
        """What is over `max_tokens` is cut."""
        ids = self._ids(item)
        (vector,) = self._session.run(["embedding"], {"ids": np.array([ids], np.int32)})
        return Embedding(vector, len(ids))

    def _ids(self, item: Input) -> list[int]:
        if isinstance(item, str):
            ids: list[int] = self._tokenizer.encode(item[:READ_CHARACTERS]).ids
            return ids
        return [self._start, *item[: self.max_tokens - 2], self._end]
