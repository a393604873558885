"""The models that the lab asks: which ones, and who serves them."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from homelab.document import Document, broken, broken_at, meant
from homelab.lab.values import KeyFile, LabPath, Name, Url, url

BUILTIN = "builtin"
BUILTIN_MODEL = "all-MiniLM-L6-v2"
BUILTIN_DIMENSIONS = 384

MAX_DIMENSIONS = 2000
"""Numbers in a vector; what pgvector's HNSW index on the type `vector` takes (its README, "HNSW")."""


def _endpoint(text: str) -> str:
    if text == BUILTIN:
        return text
    if "/" not in text and ":" not in text and "." not in text:
        raise broken(f"must be {BUILTIN} or a URL", meant(text, [BUILTIN], f"write {BUILTIN} or a URL"))
    return url(text)


class Embedding(Document):
    """What turns text into vectors; `builtin` is MiniLM on this machine's own processors."""

    endpoint: Annotated[str, AfterValidator(_endpoint)] = BUILTIN
    model: Name = BUILTIN_MODEL
    dimensions: Annotated[int, Field(ge=1)] = BUILTIN_DIMENSIONS
    api_key_file: KeyFile | None = None
    tokenizer: LabPath | None = None

    @field_validator("dimensions")
    @classmethod
    def _indexable(cls, dimensions: int) -> int:
        if dimensions > MAX_DIMENSIONS:
            rule = f"pgvector indexes at most {MAX_DIMENSIONS}"
            raise broken(rule, "take a smaller model")
        return dimensions

    @model_validator(mode="after")
    def _served(self) -> Self:
        if self.endpoint == BUILTIN:
            only = {
                "model": BUILTIN_MODEL,
                "dimensions": BUILTIN_DIMENSIONS,
                "api_key_file": None,
                "tokenizer": None,
            }
            breaches = [
                (
                    (key,),
                    getattr(self, key),
                    broken(f"{BUILTIN} has only {value or 'its own'}", "name an endpoint"),
                )
                for key, value in only.items()
                if getattr(self, key) != value
            ]
        else:
            breaches = [
                (
                    (key,),
                    None,
                    broken("required with a URL", f"add '{key}: {example}'", given=""),
                )
                for key, example in (("model", "nomic-embed-text"), ("dimensions", "768"))
                if key not in self.model_fields_set
            ]
        if breaches:
            raise broken_at(*breaches)
        return self


class Chat(Document):
    """The language model that writes answers."""

    endpoint: Url = Field(examples=["http://gpu.lan:11434/v1"])
    model: Name = Field(examples=["qwen3:8b"])
    api_key_file: KeyFile | None = None


class Models(Document):
    embedding: Embedding = Embedding()
    chat: Chat | None = None
