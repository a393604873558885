"""Who is painted how, on every host alike. White text is readable on each (4.5 : 1, WCAG 2.2's AA)."""

COLOURS = {
    "postgres": "#2b5c8a",
    "timescaledb": "#2f6f9f",
    "nats": "#12756b",
    "oxigraph": "#67479b",
    "garage": "#80592a",
    "litellm": "#a83c63",
    "openobserve": "#4d7330",
    "extract": "#b5551d",
    "graph": "#a83a2a",
    "embedder": "#8a6a10",
    "chunk": "#51748f",
    "embed": "#4a6c9c",
    "api": "#1f7391",
    "collector": "#617141",
    "context-forge": "#8d4f7c",
    "console": "#75638f",
    "promptfoo": "#8a6243",
    "mindsdb": "#5a5f94",
    "llama-server": "#8c2350",
    "ollama": "#b03058",
    "images": "#6b6b6b",
    "backups": "#7c6a2e",
}

SET_ASIDE = {
    "reserve": "hatched",
    "headroom": "dotted",
    "others": "hatched",
    "kept": "hatched",
    "kept free": "dotted",
    "free": "open",
}
"""What nothing is deployed for has a pattern of the page's own colours instead."""


def paint(name: str) -> str:
    """A colour, or `url(#pattern)`."""
    return f"url(#{SET_ASIDE[name]})" if name in SET_ASIDE else COLOURS.get(name, "#6b6b6b")
