"""gRPC by the library `grpcio`: a server to stand behind the gateway, and a client that
uses it through the gateway. Messages are plain bytes.

    python remote.py serve [CERTIFICATE KEY]    prints `listening PORT`, then serves on
                                                loopback; without a certificate as h2c
    python remote.py check HOST ADDRESS PORT CA

Exit code of `check`: 0 all went well, 1 something didn't (said last).
"""

import concurrent.futures
import itertools
import sys
import threading

import grpc

LARGE = 3 << 20


def metadata(context):
    return {key: value for key, value in context.invocation_metadata()}


def unary(request, context):
    told = metadata(context)
    context.send_initial_metadata((("x-seen", told.get("x-sent", "nothing")),))
    context.set_trailing_metadata((("x-length", str(len(request))), ("x-raw-bin", b"\x00\xff")))
    assert told["x-forwarded-for"], told
    return request[::-1]


def down(request, context):
    for number in range(int(request)):
        yield str(number).encode()
    context.set_trailing_metadata((("x-count", request.decode()),))


def up(requests, context):
    return str(sum(len(message) for message in requests)).encode()


streams = itertools.count(1)


def both(requests, context):
    context.add_callback(lambda: print("over", next(streams), flush=True))
    for message in requests:
        yield message
    context.set_trailing_metadata((("x-end", "yes"),))


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "niet gevonden: é 100%")


def fail_late(request, context):
    yield b"some"
    context.abort(grpc.StatusCode.DATA_LOSS, "lost")


def serve(certificate):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=16))
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Down": grpc.unary_stream_rpc_method_handler(down),
        "Up": grpc.stream_unary_rpc_method_handler(up),
        "Both": grpc.stream_stream_rpc_method_handler(both),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "FailLate": grpc.unary_stream_rpc_method_handler(fail_late),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("waarborg.Echo", handlers),))
    if certificate:
        chain, key = (open(path, "rb").read() for path in certificate)
        port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, chain)]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print("listening", port, flush=True)
    server.wait_for_termination()


def check(host, address, port, ca):
    trust = grpc.ssl_channel_credentials(open(ca, "rb").read())
    options = [("grpc.ssl_target_name_override", host), ("grpc.default_authority", host)]
    channel = grpc.secure_channel(f"{address}:{port}", trust, options)
    name = "/waarborg.Echo/"
    patience = 60

    call = channel.unary_unary(name + "Unary")
    answer, done = call.with_call(b"abc", timeout=patience, metadata=(("x-sent", "word"),))
    assert answer == b"cba", answer
    assert ("x-seen", "word") in done.initial_metadata(), done.initial_metadata()
    trailers = {key: value for key, value in done.trailing_metadata()}
    assert trailers["x-length"] == "3" and trailers["x-raw-bin"] == b"\x00\xff", trailers
    print("unary, metadata and trailers")

    large = bytes(range(256)) * (LARGE // 256)
    assert call(large, timeout=patience) == large[::-1]
    assert call(b"", timeout=patience) == b""
    print("large and empty messages")

    pending = [call.future(str(number).encode(), timeout=patience) for number in range(200)]
    for number, future in enumerate(pending):
        assert future.result() == str(number).encode()[::-1]
    print("200 at once")

    stream = channel.unary_stream(name + "Down")(b"500", timeout=patience)
    assert [int(message) for message in stream] == list(range(500))
    assert ("x-count", "500") in stream.trailing_metadata(), stream.trailing_metadata()
    print("many messages down")

    total = channel.stream_unary(name + "Up")((b"x" * 1000 for _ in range(500)), timeout=patience)
    assert total == b"500000", total
    print("many messages up")

    # Each message is sent only once the one before has come back.
    turn = threading.Semaphore(1)

    def questions():
        for number in range(100):
            turn.acquire()
            yield str(number).encode()

    stream = channel.stream_stream(name + "Both")(questions(), timeout=patience)
    for number, message in enumerate(stream):
        assert message == str(number).encode(), message
        turn.release()
    assert ("x-end", "yes") in stream.trailing_metadata(), stream.trailing_metadata()
    print("both ways, in turn")

    for method, code, words, before in [
        ("Fail", grpc.StatusCode.NOT_FOUND, "niet gevonden: é 100%", []),
        ("FailLate", grpc.StatusCode.DATA_LOSS, "lost", [b"some"]),
        ("Nowhere", grpc.StatusCode.UNIMPLEMENTED, None, []),
    ]:
        seen = []
        try:
            for message in channel.unary_stream(name + method)(b"x", timeout=patience):
                seen.append(message)
            raise AssertionError(f"{method} went well")
        except grpc.RpcError as error:
            assert error.code() == code, (method, error)
            assert words is None or error.details() == words, error.details()
        assert seen == before, seen
    print("statuses, also without a body")

    # One that the client gives up.
    began = threading.Event()

    def endless():
        yield b"first"
        began.wait()

    stream = channel.stream_stream(name + "Both")(endless(), timeout=patience)
    assert next(stream) == b"first"
    stream.cancel()
    began.set()
    assert call(b"still", timeout=patience) == b"llits"
    print("given up, and others go on")
    channel.close()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2:])
    else:
        try:
            check(*sys.argv[2:])
        except Exception as error:  # said, whatever it is
            print(f"{type(error).__name__}: {error}")
            sys.exit(1)
