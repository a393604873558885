"""Everything that may go wrong, as one line that the engine shows; the secrets of the request are left out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
import yaml
from google.protobuf.struct_pb2 import Struct
from kubernetes.client import ApiException
from kubernetes.config import ConfigException
from kubernetes.dynamic.exceptions import ResourceNotFoundError
from urllib3.exceptions import HTTPError

from kubernetes_stand_in.cluster import StillThere
from kubernetes_stand_in.values import without_secrets, wrapped

STATUS = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
}


class Refused(Exception):
    """The stand-in cannot do what it is asked; Pulumi's own plugin may."""


@contextmanager
def told(context: Any, *given: Struct) -> Iterator[None]:
    """Ends the call with a message where the block raises what a person or the server is the cause of."""

    def abort(code: grpc.StatusCode, message: str) -> NoReturn:
        for struct in given:
            message = without_secrets(message, wrapped(struct))
        context.abort(code, message)
        raise AssertionError("abort always raises")

    try:
        yield
    except ApiException as error:
        abort(STATUS.get(error.status or 0, grpc.StatusCode.UNKNOWN), _message(error))
    except ResourceNotFoundError as error:
        abort(grpc.StatusCode.NOT_FOUND, f"{error}; the API server knows no such kind")
    except HTTPError as error:
        abort(grpc.StatusCode.UNAVAILABLE, f"the API server does not answer: {error}")
    except (ConfigException, yaml.YAMLError) as error:
        abort(grpc.StatusCode.INVALID_ARGUMENT, f"the kubeconfig cannot be used: {error}")
    except StillThere as error:
        abort(grpc.StatusCode.DEADLINE_EXCEEDED, str(error))
    except Refused as error:
        abort(grpc.StatusCode.UNIMPLEMENTED, str(error))


def _message(error: ApiException) -> str:
    """What the server says in words, where it says anything."""
    try:
        answer = json.loads(error.body or "")
    except ValueError:
        return f"the API server answered {error.status} {error.reason}"
    return str(answer.get("message") or f"the API server answered {error.status} {error.reason}")
