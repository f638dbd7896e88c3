"""Reads the folder of a sentence model of the BERT family, without transformers or sentence-transformers.

Importing those takes five to eight seconds on two cores. What is not known for certain here (another architecture, a
further layer, an unusual setting) is not guessed at: :func:`read_model` gives None, and the libraries do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.search.encoder.bert_numpy import Affine, Array, BertWeights, Layer, Tokens
from engine.search.encoder.weights import read_weights
from engine.storage.atomic import read_json

#: What each architecture calls the parts of a block: query, key, value, what joins the heads, its normalisation, the
#: feed-forward's two halves, its normalisation. Those of the embeddings have the same names everywhere.
_BERT = [
    *(f"encoder.layer.{{}}.attention.self.{part}" for part in ("query", "key", "value")),
    *(f"encoder.layer.{{}}.attention.output.{part}" for part in ("dense", "LayerNorm")),
    *(f"encoder.layer.{{}}.{part}" for part in ("intermediate.dense", "output.dense", "output.LayerNorm")),
]
_MPNET = [
    *(f"encoder.layer.{{}}.attention.{part}" for part in ("attn.q", "attn.k", "attn.v", "attn.o", "LayerNorm")),
    *_BERT[5:],
]
_DISTILBERT = [
    *(f"transformer.layer.{{}}.attention.{part}" for part in ("q_lin", "k_lin", "v_lin", "out_lin")),
    *(f"transformer.layer.{{}}.{part}" for part in ("sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm")),
]


@dataclass(frozen=True, slots=True)
class _Architecture:
    names: Sequence[str]
    prefix: str
    #: Whether positions are counted from behind the padding token.
    counts_from_pad: bool = False
    distances: bool = False


_ARCHITECTURES = {
    "bert": _Architecture(_BERT, "bert."),
    "roberta": _Architecture(_BERT, "roberta.", counts_from_pad=True),
    "xlm-roberta": _Architecture(_BERT, "roberta.", counts_from_pad=True),
    "camembert": _Architecture(_BERT, "roberta.", counts_from_pad=True),
    "mpnet": _Architecture(_MPNET, "mpnet.", counts_from_pad=True, distances=True),
    "distilbert": _Architecture(_DISTILBERT, "distilbert."),
}
#: Settings of sentence-transformers that say nothing new, or are followed here.
_PLAIN_SETTINGS: dict[str, tuple[Any, ...]] = {
    "transformer_task": ("feature-extraction",),
    "modality_config": ({"text": {"method": "forward", "method_output_name": "last_hidden_state"}},),
    "module_output_name": ("token_embeddings",),
    "module_input_name": ("sentence_embedding",),
    "do_lower_case": (False,),
    "include_prompt": (True,),
}
_MODULES = ("Transformer", "Pooling", "Normalize")


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """Weights, tokeniser and habits of a sentence model."""

    weights: BertWeights
    pooling: str
    tokenizer: Any
    prompts: dict[str, str]
    default_prompt: str

    def tokens(self, texts: Sequence[str], *, query: bool = False) -> list[Tokens]:
        """The numbers of each text's tokens, with those that the model wants around them."""
        named = ("query",) if query else ("document", "passage", "corpus")
        prompt = next((self.prompts[name] for name in named if name in self.prompts), self.default_prompt)
        encodings = self.tokenizer.encode_batch([prompt + text for text in texts] if prompt else list(texts))
        return [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]


def read_model(folder: Path) -> SentenceModel | None:
    """The model in a folder; None where it is of a kind that is not known here.

    Raises
    ------
    DamagedError
        If the weights are not whole.
    OSError
        If a file cannot be read.
    """
    config, tokenizer_config = _settings(folder / "config.json"), _settings(folder / "tokenizer_config.json")
    pooling = _pooling(folder)
    about = _settings(folder / "config_sentence_transformers.json")
    transformer = _settings(folder / "sentence_bert_config.json")
    limit = transformer.pop("max_seq_length", None)
    prompts = about.get("prompts") or {}
    architecture = _ARCHITECTURES.get(str(config.get("model_type")))
    if (
        architecture is None
        or pooling is None
        or not _is_plain(transformer)
        or not (folder / "model.safetensors").is_file()
        or config.get("position_embedding_type", "absolute") != "absolute"
        or config.get("hidden_act", config.get("activation")) != "gelu"
        or config.get("is_decoder", False)
        or about.get("model_type", "SentenceTransformer") != "SentenceTransformer"
        or not isinstance(prompts, dict)
    ):
        return None
    weights = _weights(read_weights(folder / "model.safetensors"), architecture, config)
    if weights is None:
        return None
    room = len(weights.positions) - (0 if weights.pad is None else weights.pad + 1)
    limit = min(int(limit or tokenizer_config.get("model_max_length") or room), room)
    tokenizer = _tokenizer(folder, tokenizer_config, limit)
    default = prompts.get(str(about.get("default_prompt_name")), "")
    return None if tokenizer is None else SentenceModel(weights, pooling, tokenizer, prompts, default)


def _settings(path: Path) -> dict[str, Any]:
    content = read_json(path) if path.is_file() else {}
    return content if isinstance(content, dict) else {}


def _is_plain(settings: dict[str, Any]) -> bool:
    return all(name in _PLAIN_SETTINGS and value in _PLAIN_SETTINGS[name] for name, value in settings.items())


def _pooling(folder: Path) -> str | None:
    """How tokens' vectors become one: ``"mean"`` or ``"cls"``; None if otherwise, or if there is more to be done."""
    if not (folder / "modules.json").is_file():
        return "mean"  # what sentence-transformers does with a model that transformers saved
    modules = read_json(folder / "modules.json")
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    paths = [str(module.get("path", "")) for module in modules]
    if tuple(kinds) not in (_MODULES, _MODULES[:2]) or paths[0] or not _is_plain(_last_settings(folder, paths)):
        return None
    settings = _settings(folder / paths[1] / "config.json")
    mode = settings.pop("pooling_mode", None)
    for size in ("word_embedding_dimension", "embedding_dimension"):
        settings.pop(size, None)
    old = {name: settings.pop(name) for name in list(settings) if name.startswith("pooling_mode_")}
    chosen = [name for name, wanted in old.items() if wanted]
    if mode is None and len(chosen) <= 1:
        named = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
        mode = named.get(chosen[0]) if chosen else "mean"
    return mode if mode in ("mean", "cls") and _is_plain(settings) else None


def _last_settings(folder: Path, paths: Sequence[str]) -> dict[str, Any]:
    settings = _settings(folder / paths[2] / "config.json") if len(paths) > 2 else {}
    if settings.get("module_output_name") == "sentence_embedding":
        del settings["module_output_name"]
    return settings


def _tokenizer(folder: Path, config: dict[str, Any], limit: int) -> Any:
    """The tokeniser of a folder, cutting texts at ``limit`` tokens; None where transformers would change it."""
    if not (folder / "tokenizer.json").is_file() or config.get("truncation_side", "right") != "right":
        return None
    normaliser = _settings(folder / "tokenizer.json").get("normalizer") or {}
    for setting, name in (("do_lower_case", "lowercase"), ("tokenize_chinese_chars", "handle_chinese_chars")):
        if setting in config and name in normaliser and config[setting] != normaliser[name]:
            return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    return tokenizer


def _weights(tensors: dict[str, Array], architecture: _Architecture, config: dict[str, Any]) -> BertWeights | None:
    """The weights by their parts, those of query, key and value joined; None if one is missing or of an odd shape."""
    dim = config.get("hidden_size", config.get("dim"))
    heads = config.get("num_attention_heads", config.get("n_heads"))
    depth = config.get("num_hidden_layers", config.get("n_layers"))
    pad = config.get("pad_token_id")
    if not (dim and heads and depth) or dim % heads or (architecture.counts_from_pad and pad is None):
        return None
    tensors = {name.removeprefix(architecture.prefix): tensor for name, tensor in tensors.items()}

    def affine(*names: str) -> Affine:
        pairs = [_affine(tensors, name) for name in names]
        if len(pairs) == 1:
            return pairs[0]
        return Affine(np.concatenate([one.weight for one in pairs]), np.concatenate([one.bias for one in pairs]))

    try:
        layers = []
        for number in range(depth):
            query, key, value, *rest = (name.format(number) for name in architecture.names)
            layers.append(Layer(affine(query, key, value), *map(affine, rest)))
        positions = tensors["embeddings.position_embeddings.weight"]
        if (types := tensors.get("embeddings.token_type_embeddings.weight")) is not None:
            positions = positions + types[0]
        weights = BertWeights(
            tensors["embeddings.word_embeddings.weight"],
            positions,
            affine("embeddings.LayerNorm"),
            tuple(layers),
            heads,
            float(config.get("layer_norm_eps", 1e-12)),
            pad if architecture.counts_from_pad else None,
            tensors["encoder.relative_attention_bias.weight"] if architecture.distances else None,
        )
    except (KeyError, ValueError, IndexError):
        return None
    return weights if _fits(weights, dim) else None


def _affine(tensors: dict[str, Array], name: str) -> Affine:
    if f"{name}.gamma" in tensors:  # what the first models called them
        return Affine(tensors[f"{name}.gamma"], tensors[f"{name}.beta"])
    return Affine(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _fits(weights: BertWeights, dim: int) -> bool:
    """Whether all shapes are as they must be, so that a wrong folder is a sentence and not a crash."""

    def is_linear(one: Affine, outputs: int, inputs: int) -> bool:
        return one.weight.shape == (outputs, inputs) and one.bias.shape == (outputs,)

    def are_norms(norms: Iterable[Affine]) -> bool:
        return all(one.weight.shape == one.bias.shape == (dim,) for one in norms)

    return (
        weights.words.shape[1:] == weights.positions.shape[1:] == (dim,)
        and are_norms([weights.norm, *(one for layer in weights.layers for one in (layer.norm, layer.last_norm))])
        and all(
            is_linear(layer.qkv, 3 * dim, dim)
            and is_linear(layer.out, dim, dim)
            and is_linear(layer.up, inner := len(layer.up.bias), dim)
            and is_linear(layer.down, dim, inner)
            for layer in weights.layers
        )
        and (weights.distances is None or weights.distances.shape == (32, weights.heads))
    )
