"""Writes ``minilm.onnx``: how all-MiniLM-L6-v2 computes, without its weights.

Run this module as a program, with the model's folder as its argument.

The graph is BERT of six layers (Devlin et al., 2019), the mean over its tokens and unit length. Its initialisers have
the names of the tensors in the folder's ``model.safetensors``, and say where in that file their numbers are: ONNX
Runtime maps them from there. Texts of one call have the same number of tokens, so there is no mask. Only this script
needs the package ``onnx``.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

LAYERS, DIM, HEADS, INNER = 6, 384, 12, 1536
WORDS, POSITIONS, EPSILON = 30522, 512, 1e-12
WEIGHTS = "model.safetensors"
GRAPH = Path(__file__).with_name("minilm.onnx")


class _Graph:
    """The nodes so far, and the weights that they ask for."""

    def __init__(self, folder: Path) -> None:
        with open(folder / WEIGHTS, "rb") as file:  # a length, a header of that length, and the numbers
            length = int.from_bytes(file.read(8), "little")
            self._start, self._places = 8 + length, json.loads(file.read(length))
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def weight(self, name: str, *shape: int) -> str:
        """Ask for a tensor of the weights file."""
        begin, end = self._places[name]["data_offsets"]
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", WEIGHTS), ("offset", self._start + begin), ("length", end - begin)):
            tensor.external_data.add(key=key, value=str(value))
        self.weights.append(tensor)
        return name

    def constant(self, value: object, kind: type = np.int64) -> str:
        """Add a number, or several."""
        return self.add("Constant", value=numpy_helper.from_array(np.array(value, dtype=kind)))

    def linear(self, states: str, name: str, inputs: int, outputs: int) -> str:
        """Add a linear layer over rows; the file has its weight as (outputs, inputs)."""
        weight, bias = self.weight(f"{name}.weight", outputs, inputs), self.weight(f"{name}.bias", outputs)
        return self.add("Gemm", states, weight, bias, transB=1)

    def normalise(self, states: str, name: str) -> str:
        """Add a layer normalisation."""
        weights = (self.weight(f"{name}.{part}", DIM) for part in ("weight", "bias"))
        return self.add("LayerNormalization", states, *weights, epsilon=EPSILON)

    def heads(self, rows: str, shape: str, *order: int) -> str:
        """Part rows of (text, token) into (text, head, token, number), or another order."""
        return self.add("Transpose", self.add("Reshape", rows, shape), perm=order)


def make(folder: Path) -> ModelProto:
    """Return the graph for the weights in a folder."""
    graph = _Graph(folder)
    size = graph.add("Shape", "tokens")
    split = graph.add("Concat", size, graph.constant([HEADS, DIM // HEADS]), axis=0)
    flat = graph.constant([-1, DIM])
    length = graph.add("Shape", "tokens", start=1)
    words, positions, kinds = (
        graph.weight(f"embeddings.{name}_embeddings.weight", rows, DIM)
        for name, rows in (("word", WORDS), ("position", POSITIONS), ("token_type", 2))
    )
    states = graph.add("Add", graph.add("Gather", kinds, graph.constant(0)), graph.add("Gather", words, "tokens"))
    states = graph.add("Add", states, graph.add("Slice", positions, graph.constant([0]), length))
    states = graph.add("Reshape", graph.normalise(states, "embeddings.LayerNorm"), flat)
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        query, key, value = (
            graph.linear(states, f"{layer}.attention.self.{part}", DIM, DIM) for part in ("query", "key", "value")
        )
        scores = graph.add("MatMul", graph.heads(query, split, 0, 2, 1, 3), graph.heads(key, split, 0, 2, 3, 1))
        scores = graph.add("Mul", scores, graph.constant(1 / math.sqrt(DIM / HEADS), np.float32))
        shares = graph.add("Softmax", scores, axis=-1)
        context = graph.add("MatMul", shares, graph.heads(value, split, 0, 2, 1, 3))
        context = graph.add("Reshape", graph.add("Transpose", context, perm=[0, 2, 1, 3]), flat)
        context = graph.linear(context, f"{layer}.attention.output.dense", DIM, DIM)
        states = graph.normalise(graph.add("Add", states, context), f"{layer}.attention.output.LayerNorm")
        inner = graph.add("Gelu", graph.linear(states, f"{layer}.intermediate.dense", DIM, INNER))
        inner = graph.linear(inner, f"{layer}.output.dense", INNER, DIM)
        states = graph.normalise(graph.add("Add", states, inner), f"{layer}.output.LayerNorm")
    shape = graph.add("Concat", size, graph.constant([DIM]), axis=0)
    mean = graph.add("ReduceMean", graph.add("Reshape", states, shape), graph.constant([1]), keepdims=0)
    graph.nodes.append(helper.make_node("LpNormalization", [mean], ["vectors"], axis=-1, p=2))
    inputs = [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["texts", "length"])]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", DIM])]
    return helper.make_model(
        helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.weights),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=9,
    )


if __name__ == "__main__":
    GRAPH.write_bytes(make(Path(sys.argv[1])).SerializeToString(deterministic=True))
