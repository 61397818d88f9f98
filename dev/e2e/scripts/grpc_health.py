"""gRPC servers: one with the health service that says SERVING, one that says NOT_SERVING, one without it."""

import threading
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def server(status):
    made = grpc.server(futures.ThreadPoolExecutor(2))
    if status is not None:
        servicer = health.HealthServicer()
        servicer.set("", status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, made)
    port = made.add_insecure_port("127.0.0.1:0")
    made.start()
    return made, port


kinds = health_pb2.HealthCheckResponse
servers = [server(kinds.SERVING), server(kinds.NOT_SERVING), server(None)]
print(*(port for _, port in servers), flush=True)
threading.Event().wait()
