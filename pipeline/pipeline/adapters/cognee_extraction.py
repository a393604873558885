"""One passage read by Cognee: its own prompt, hints and model of a graph, asked through its own client.

Imported by `cognee_process` alone, after Cognee's settings are in the environment.
"""

from typing import Any

import openai
from cognee.context_global_variables import llm_config
from cognee.exceptions import CogneeValidationError
from cognee.infrastructure.llm.config import LLMConfig
from cognee.infrastructure.llm.exceptions import LLMPaymentRequiredError, LLMQuotaExceededError
from cognee.infrastructure.llm.extraction import extract_content_graph
from cognee.infrastructure.llm.structured_output_framework.litellm_native.native_adapter import (
    NativeLiteLLMAdapter,
)
from cognee.modules.engine.utils.temporal_hints import document_temporal_hints
from cognee.shared.data_models import KnowledgeGraph
from tenacity import stop_after_attempt

from pipeline.adapters.retry_after import retry_after

ARGUMENTS = {"temperature": 0, "max_tokens": 2048, "timeout": 120, "max_retries": 0}
"""Of each question. A passage's graph with its descriptions has up to 1,700 tokens; with Cognee's prompt and the
passage that is a context of 6,000. 120 s as for our own questions."""

# The worker tries again by its own table; Cognee would for four minutes at least, silently.
NativeLiteLLMAdapter.acreate_structured_output.retry.stop = stop_after_attempt(1)


async def extracted(text: str, url: str, model: str, key: str | None) -> str | dict[str, Any]:
    """The graph as JSON, or why there is none.

    That is `status`, `message`, `kind` and `wait` of the server's refusal; `refused` where its quota or budget is
    spent; `malformed` where its answers, each mended twice, are no graph.
    """
    llm_config.set(
        LLMConfig(
            llm_provider="custom",
            llm_model=f"openai/{model}",
            llm_endpoint=f"{url}/v1",
            llm_api_key=key or "none",
            llm_args=ARGUMENTS,
            auto_rate_limit=False,
        )
    )
    [hints] = document_temporal_hints([text])
    try:
        graph = await extract_content_graph(text, KnowledgeGraph, temporal_hints=hints)
    except openai.APIError as error:
        response = getattr(error, "response", None)
        status = getattr(error, "status_code", None) or 500
        wait = response and retry_after(response)
        return {"status": status, "message": str(error), "kind": str(error.type), "wait": wait}
    except (LLMPaymentRequiredError, LLMQuotaExceededError) as error:
        return {"refused": type(error).__name__}
    except (CogneeValidationError, ValueError) as error:
        return {"malformed": type(error).__name__}
    if "nodes" not in graph.model_fields_set:
        return {"malformed": "an answer without nodes"}  # Cognee takes none at all for an empty graph
    return str(graph.model_dump_json())
