"""Who may use the proxy: the holder of LITELLM_MASTER_KEY.

LiteLLM's own check wants a database for every other key: without one a wrong key is answered 400 and a missing one
500, which a client must take for a bad request and a broken server. Named in litellm.yaml as `custom_auth`.
"""

import hmac
import os

from fastapi import Request
from litellm.proxy._types import LitellmUserRoles, ProxyErrorTypes, ProxyException, UserAPIKeyAuth


async def check(request: Request, api_key: str | None) -> UserAPIKeyAuth:
    """Raises ProxyException 401. `request` is part of LiteLLM's signature."""
    expected = os.environ["LITELLM_MASTER_KEY"]
    if not hmac.compare_digest((api_key or "").encode(), expected.encode()):
        message = "the key is missing or wrong · send the header `Authorization: Bearer <LITELLM_MASTER_KEY>`"
        raise ProxyException(message, ProxyErrorTypes.auth_error, param=None, code=401)
    return UserAPIKeyAuth(api_key=api_key, user_role=LitellmUserRoles.PROXY_ADMIN)
