"""`python -m homelab_litellm`: LiteLLM's own command line, in an environment in which it is predictable.

Everything after the module's name is LiteLLM's; see its --help.
"""

import gc
import os
import signal
import sys

ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # the price list of the package, not one fetched at each start
    "DEFAULT_MAX_RETRIES": "0",  # of embeddings, where `max_retries: 0` is read as unset; who calls us retries
    "DISABLE_ADMIN_UI": "True",  # it needs a database
}


def main() -> None:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # 3,700 modules: compiling them takes 5 s, so that the bytecode is kept whatever the caller's
    # environment says.
    sys.dont_write_bytecode = False
    # uvicorn stops in good order, then raises the signal again for whoever handled it before.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    # Importing makes some millions of objects and no garbage to speak of: without collections in between it takes
    # 3.5 s, not 4.5 s.
    gc.disable()
    import litellm.proxy.proxy_server  # noqa: F401
    from litellm.proxy.proxy_cli import run_server

    gc.collect()
    gc.freeze()
    gc.enable()
    run_server(prog_name="homelab_litellm")


if __name__ == "__main__":
    main()
