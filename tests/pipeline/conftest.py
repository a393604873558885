"""What the tests of the stages stand on: the shared servers, and a stand-in for the model of embeddings."""

from collections.abc import Iterator

import pytest
from embeddings_stand_in import EmbeddingsStandIn, embeddings_stand_in

from pipeline.settings import Settings


@pytest.fixture
def model() -> Iterator[EmbeddingsStandIn]:
    with embeddings_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def settings(lab: Settings, model: EmbeddingsStandIn) -> Settings:
    return lab.model_copy(update={"litellm_url": model.url})
