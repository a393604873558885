"""The stand-in as the engine starts it: it prints its port, serves, and ends with the engine."""

import os
import select
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from kubernetes_stand_in.cluster import CALLS
from kubernetes_stand_in.provider import Provider

LARGEST = 400 * 1024 * 1024  # bytes of one message, as in the engine


def serve() -> None:
    options = [("grpc.max_receive_message_length", LARGEST), ("grpc.max_send_message_length", LARGEST)]
    server = grpc.server(ThreadPoolExecutor(CALLS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    engine = os.pidfd_open(os.getppid())
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    select.select([engine], [], [])  # readable once the engine has ended, killed or not
    server.stop(grace=None)
