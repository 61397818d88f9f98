# Calls of all four kinds with grpcio. Arguments: name of the scenario, address, and the authority's file where TLS is spoken.
import sys, threading

import grpc

SENT = (("x-sent", "over there"), ("x-raw-bin", bytes(range(256))))


def channel():
    if len(sys.argv) > 3:
        credentials = grpc.ssl_channel_credentials(open(sys.argv[3], "rb").read())
        return grpc.secure_channel(sys.argv[2], credentials, (("grpc.ssl_target_name_override", "localhost"),))
    return grpc.insecure_channel(sys.argv[2])


def stub(kind, name):
    return getattr(channel(), kind)(f"/test.Echo/{name}", None, None)


def check(call):
    came = dict(call.initial_metadata())
    assert came["x-came"] == "over there", came
    last = dict(call.trailing_metadata())
    assert last["x-raw-bin"] == bytes(range(256)) and last["x-last"] == "yes", last


def calls():
    answer, call = stub("unary_unary", "Unary").with_call(b"abc", metadata=SENT, timeout=10)
    assert answer == b"cba"
    check(call)
    large = bytes(3_000_000)
    assert stub("unary_unary", "Unary")(large, timeout=20) == large
    answer, call = stub("stream_unary", "Collect").with_call(iter([b"a", b"b", b"c"]), metadata=SENT, timeout=10)
    assert answer == b"a,b,c"
    check(call)
    call = stub("unary_stream", "Count")(b"500", metadata=SENT, timeout=10)
    assert list(call) == [b"%d" % n for n in range(500)]
    check(call)


def chat():
    """Each message is answered before the next is sent."""
    gate = threading.Semaphore(1)

    def requests():
        for number in range(20):
            gate.acquire()
            yield b"m%d" % number

    call = stub("stream_stream", "Chat")(requests(), metadata=SENT, timeout=10)
    for number, answer in enumerate(call):
        assert answer == b"M%d" % number
        gate.release()
    check(call)


def errors():
    try:
        stub("unary_unary", "Unary")(b"fail", metadata=SENT, timeout=10)
        raise SystemExit("it did not fail")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
        assert error.details() == "as asked: ä%\n", error.details()
        assert dict(error.trailing_metadata())["x-raw-bin"] == bytes(range(256))
    try:
        stub("unary_unary", "Nothing")(b"", timeout=10)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error


def deadline():
    try:
        stub("unary_unary", "Unary")(b"wait", timeout=4)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error


def cancel():
    call = stub("stream_stream", "Chat")(iter(lambda: threading.Event().wait() or b"", None))
    print("open", flush=True)
    input()
    call.cancel()


def code():
    """What our own answers mean to the library."""
    try:
        stub("unary_unary", "Unary")(b"abc", timeout=20)
    except grpc.RpcError as error:
        print(error.code().value[0], error.details())


globals()[sys.argv[1]]()
