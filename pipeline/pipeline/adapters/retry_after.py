"""How long a model's server asks to be left alone."""

import httpx


def retry_after(response: httpx.Response) -> float | None:
    """Seconds, said by the server itself or passed on by LiteLLM; a date, which none of them sends, is None."""
    headers = response.headers
    value = headers.get("retry-after") or headers.get("llm_provider-retry-after", "")
    return float(value) if value.isdecimal() else None
