# A gRPC service without generated code: messages are bytes. With a certificate and a key as arguments it speaks TLS.
import json, sys, threading, time
from concurrent import futures

import grpc


def say(**event):
    print(json.dumps(event), flush=True)


def note(context):
    """Metadata both ways: what came goes back, as text in the head and as bytes in the trailers."""
    came = dict(context.invocation_metadata())
    context.send_initial_metadata((("x-came", came.get("x-sent", "")),))
    context.set_trailing_metadata((("x-raw-bin", came.get("x-raw-bin", b"")), ("x-last", "yes")))


def unary(request, context):
    note(context)
    if request == b"fail":
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "as asked: ä%\n")
    if request == b"wait":
        context.add_callback(lambda: say(event="over"))
        say(event="waits")
        while context.is_active():
            time.sleep(0.01)
    return request[::-1]


def collect(requests, context):
    note(context)
    return b",".join(requests)


def count(request, context):
    note(context)
    for number in range(int(request)):
        yield b"%d" % number


def chat(requests, context):
    note(context)
    context.add_callback(lambda: say(event="over"))
    say(event="waits")
    for request in requests:
        yield request.upper()


HANDLERS = {"Unary": grpc.unary_unary_rpc_method_handler(unary),
            "Collect": grpc.stream_unary_rpc_method_handler(collect),
            "Count": grpc.unary_stream_rpc_method_handler(count),
            "Chat": grpc.stream_stream_rpc_method_handler(chat)}

server = grpc.server(futures.ThreadPoolExecutor(max_workers=20))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", HANDLERS),))
if len(sys.argv) > 2:
    key, chain = open(sys.argv[2], "rb").read(), open(sys.argv[1], "rb").read()
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)]))
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start()
say(port=port)
server.wait_for_termination()
