"""An encoder as a torch module, from the bytes of its files: the file that imports transformers."""

from __future__ import annotations

from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor, nn

from pipeline import StageError
from pipeline.errors import bounded, suggest

from ..threads import alone
from .files import read_config

try:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_MAPPING
    from transformers.utils import logging
except ImportError as error:
    raise StageError("an encoder needs transformers; install brickwise[hf]") from error

# Text encoders whose `forward(input_ids, attention_mask)` gives last_hidden_state; the tests build each.
KINDS = ("albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet", "roberta", "xlm-roberta")  # fmt: skip

# What in a config.json could have transformers load code or kernels, compress weights, or take other numbers than ours.
_IGNORED = ("quantization_config", "attn_implementation", "_attn_implementation", "dtype", "torch_dtype", "use_kernels", "experts_implementation")  # fmt: skip
_GREATEST = 10_000_000  # of a number in a config: it sizes what is made of it


class Encoder(nn.Module):
    """Token numbers to a vector each, in the light of the others. [B, L], [B, L] bool -> [B, L, H]"""

    def __init__(self, inner: nn.Module, width: int) -> None:
        super().__init__()
        self.inner, self.width = inner, width

    def forward(self, tokens: Tensor, real: Tensor) -> Tensor:
        """real: which positions are no padding."""
        return self.inner(input_ids=tokens, attention_mask=real.long()).last_hidden_state  # type: ignore[no-any-return]


def build_encoder(config: bytes, weights: bytes | None = None) -> Encoder:
    """The module that a config.json describes, in fp32 and in eval mode, its pooler left out.

    weights: of a safetensors file; heads that a pre-training left in it are passed over.  Without, they are as torch draws them.
    Raises StageError for a kind of model that is not among KINDS, or weights that do not fit the config.
    """
    found = _config(config)
    kind: Any = MODEL_MAPPING[type(found)]
    with alone():
        inner = _loaded(kind, found, weights) if weights else kind._from_config(found, attn_implementation=_attention(kind))  # noqa: SLF001  # what AutoModel.from_config calls
    if getattr(inner, "pooler", None) is not None:
        inner.pooler = None
    return Encoder(inner.eval(), int(found.hidden_size))


def encoder_tokenizer(data: bytes, config: bytes, max_tokens: int) -> Tokenizer:
    """The tokenizer of a tokenizer.json, cutting texts after `max_tokens`, special tokens counted; it pads nothing.

    Raises StageError for one that has numbers beyond the config's vocabulary, or more tokens than the encoder has positions.
    """
    found = _config(config)
    try:
        tokenizer = Tokenizer.from_str(data.decode())
    except Exception as error:  # noqa: BLE001  # the library raises plain Exception
        raise StageError(f"the encoder's tokenizer.json is none: {bounded(str(error))}") from None
    size, known = tokenizer.get_vocab_size(), int(found.vocab_size)
    if size > known:
        raise StageError(f"the encoder's tokenizer has {size:,} tokens, its config says {known:,}; they are not of one model")
    first = 1 + (found.pad_token_id or 0) if found.model_type in ("camembert", "roberta", "xlm-roberta", "mpnet") else 0
    positions = int(found.max_position_embeddings) - first  # those number positions from behind the padding's number
    if max_tokens > positions:
        raise StageError(f"max_tokens is {max_tokens}, the encoder has {positions} positions; give a smaller one")
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    tokenizer.encode_special_tokens = True  # a text that says "[SEP]" holds three tokens
    return tokenizer


def _config(data: bytes) -> Any:
    document = {name: value for name, value in read_config(data).items() if name not in _IGNORED}
    _require_small(document)
    kind = document["model_type"]
    if kind not in KINDS:
        raise StageError(f"the encoder is of kind {bounded(kind)!r}, which is not read; {suggest(kind, KINDS)}")
    return CONFIG_MAPPING[kind].from_dict(document)


def _require_small(document: Any) -> None:
    values = list(document.items())
    for name, value in values:  # it grows
        if isinstance(value, dict):
            values += [(f"{name}.{inner}", item) for inner, item in value.items()]
        elif isinstance(value, int | float) and abs(value) > _GREATEST and "max_length" not in name:
            raise StageError(f"the encoder's config says {name}: {bounded(value)}, expected at most {_GREATEST:,}")


def _attention(kind: Any) -> str:
    return "sdpa" if kind._supports_sdpa else "eager"  # noqa: SLF001  # how transformers itself asks


def _loaded(kind: Any, config: Any, weights: bytes) -> Any:
    """Built without memory first, then filled: a config that promises more than the file holds costs nothing."""
    try:
        tensors = load(weights)
    except SafetensorError as error:
        raise StageError(f"the encoder's weights are no safetensors: {bounded(str(error))}") from None
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # what is lacking is said below, in our own words
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    layers = int(config.num_hidden_layers)
    if layers > len(tensors):
        raise StageError(f"the encoder's config says {layers:,} layers, its weights have {len(tensors):,} tensors")
    if any(tensor.is_floating_point() and not torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise StageError("the encoder's weights hold NaN or infinities; fetch them again")
    try:
        inner, told = kind.from_pretrained(
            None,
            config=config,
            state_dict=tensors,
            dtype=torch.float32,
            attn_implementation=_attention(kind),
            output_loading_info=True,
            trust_remote_code=False,
        )
    except RuntimeError as error:  # shapes
        raise StageError(f"the encoder's weights do not fit its config: {bounded(str(error), 300)}") from None
    lacking = sorted(name for name in told["missing_keys"] if not name.startswith("pooler."))
    if lacking:
        raise StageError(f"the encoder's weights lack {len(lacking)} of what its config says, such as {lacking[0]}")
    return inner
