"""The forward pass as an ONNX graph: token ids of one text → one vector of length 1.

One text a run, never a padded batch: on a CPU the matrix products of a single text of 100 tokens already fill the
vector units, so a batch buys nothing, and without a padding mask ONNX Runtime takes its blockwise attention, whose
memory does not grow with the square of the length.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from embedder.weights import Weights

CONTRIB = "com.microsoft"  # ONNX Runtime's own operators, fused where the standard has none
OPSET = 20  # the first with Gelu
IR_VERSION = 10


def build(weights: Weights) -> ModelProto:
    """`ids` int32 [1, tokens] → `embedding` float32 [hidden size].

    The weights stay where they are: initializers point into `model.safetensors`, relative to `weights.folder`.
    """
    return _Builder(weights).model()


class _Builder:
    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._hidden: int = weights.config["hidden_size"]
        self._heads: int = weights.config["num_attention_heads"]
        self._epsilon: float = weights.config["layer_norm_eps"]
        self._nodes: list[NodeProto] = []
        self._initializers: list[TensorProto] = []

    def model(self) -> ModelProto:
        self._constant("rows", np.array([-1, self._hidden], np.int64))
        self._constant("batch", np.array([1, -1, self._hidden], np.int64))
        self._constant("over_tokens", np.array([0], np.int64))
        x = self._embeddings()
        for layer in range(self._weights.config["num_hidden_layers"]):
            x = self._layer(f"encoder.layer.{layer}", x)
        mean = self._node("ReduceMean", [x, "over_tokens"], "mean", keepdims=0)
        self._node("LpNormalization", [mean], "embedding", axis=0, p=2)
        return helper.make_model(
            self._graph(),
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)],
            ir_version=IR_VERSION,
        )

    def _graph(self) -> GraphProto:
        return helper.make_graph(
            self._nodes,
            "minilm",
            [helper.make_tensor_value_info("ids", TensorProto.INT32, [1, "tokens"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [self._hidden])],
            self._initializers,
        )

    def _embeddings(self) -> str:
        # There is one segment, so that its embedding is a constant and adds to every position's.
        positions = self._weights.read("embeddings.position_embeddings.weight")
        segment = self._weights.read("embeddings.token_type_embeddings.weight")[0]
        self._constant("positions", positions + segment)
        words = self._weight("embeddings.word_embeddings.weight")
        inputs = ["ids", "", words, "positions", "", *self._norm("embeddings.LayerNorm")]
        outputs = ["embedded", ""]  # the second, lengths out of a padding mask, has no use but must be declared
        self._node("EmbedLayerNormalization", inputs, *outputs, domain=CONTRIB, epsilon=self._epsilon)
        return self._node("Reshape", ["embedded", "rows"], "embedded.rows")

    def _layer(self, name: str, x: str) -> str:
        """[tokens, hidden] → the same."""
        heads = []
        for part in ("query", "key", "value"):
            projected = self._linear(f"{name}.attention.self.{part}", x)
            heads.append(self._node("Reshape", [projected, "batch"], f"{projected}.batch"))
        context = self._contrib("MultiHeadAttention", heads, f"{name}.context", num_heads=self._heads)
        context = self._node("Reshape", [context, "rows"], f"{context}.rows")
        attended = self._add_and_norm(f"{name}.attention.output", context, x)
        inner = self._node("Gelu", [self._linear(f"{name}.intermediate.dense", attended)], f"{name}.gelu")
        return self._add_and_norm(f"{name}.output", inner, attended)

    def _linear(self, name: str, x: str) -> str:
        inputs = [x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")]
        return self._node("Gemm", inputs, f"{name}.out", transB=1)

    def _add_and_norm(self, name: str, x: str, residual: str) -> str:
        inputs = [self._linear(f"{name}.dense", x), residual, *self._norm(f"{name}.LayerNorm")]
        return self._contrib("SkipLayerNormalization", inputs, f"{name}.out", epsilon=self._epsilon)

    def _norm(self, name: str) -> tuple[str, str]:
        return self._weight(f"{name}.weight"), self._weight(f"{name}.bias")

    def _contrib(self, op: str, inputs: Sequence[str], output: str, **attributes: int | float) -> str:
        return self._node(op, inputs, output, domain=CONTRIB, **attributes)

    def _node(self, op: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> str:
        """The name of the first output."""
        self._nodes.append(helper.make_node(op, inputs, outputs, **attributes))
        return outputs[0]

    def _constant(self, name: str, value: NDArray[np.generic]) -> None:
        self._initializers.append(numpy_helper.from_array(value, name))

    def _weight(self, name: str) -> str:
        where = self._weights.tensors[name]
        tensor = TensorProto(
            name=name, data_type=TensorProto.FLOAT, dims=where.shape, data_location=TensorProto.EXTERNAL
        )
        for key, value in (
            ("location", self._weights.file.name),
            ("offset", where.offset),
            ("length", where.length),
        ):
            tensor.external_data.add(key=key, value=str(value))
        self._initializers.append(tensor)
        return name
