"""WebSocket by the library `websockets`: a server to stand behind the gateway, and a
client that uses it through the gateway.

    python ws.py serve            prints `listening PORT`, then serves on loopback
    python ws.py check HOST ADDRESS PORT CA

Exit code of `check`: 0 all went well, 1 something didn't (said last).
"""

import asyncio
import base64
import os
import socket
import ssl
import struct
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus


async def handle(socket):
    """Echoes messages; some words do more."""
    async for message in socket:
        if message == "close 4001":
            await socket.close(4001, "as asked")
        elif message == "cut":
            socket.transport.abort()
        elif message == "push":
            for number in range(100):
                await socket.send(str(number))
        elif message == "fragments":
            await socket.send(piece for piece in ["one ", "two ", "three"])
        else:
            await socket.send(message)


def refuse(connection, request):
    if request.path == "/forbidden":
        return connection.respond(403, "not you\n")
    return None


def choose(connection, offered):
    return "echo" if "echo" in offered else None


async def run_server():
    async with serve(
        handle, "127.0.0.1", 0, process_request=refuse, select_subprotocol=choose, max_size=1 << 25, ping_interval=None
    ) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


class Check:
    def __init__(self, host, address, port, ca):
        self.host, self.address, self.port = host, address, port
        self.trust = ssl.create_default_context(cafile=ca)
        self.trust.set_alpn_protocols(["http/1.1"])
        self.count = 0

    def open(self, path="/", **more):
        return connect(
            f"wss://{self.host}:{self.port}{path}",
            host=self.address,
            port=self.port,
            ssl=self.trust,
            max_size=1 << 25,
            # A stall must be seen, not mended by the next ping.
            ping_interval=None,
            **more,
        )

    def holds(self, what, truth):
        if not truth:
            print(f"ws: failed after {self.count}: {what}")
            sys.exit(1)
        self.count += 1
        print(f"{what}: yes")

    async def run(self):
        async with self.open() as ws:
            for message in ["text", "", "ünïcödé €", b"", b"\x00\xff" * 10, "x" * 125, "x" * 126, "x" * 65536]:
                await ws.send(message)
                self.holds(f"echo of {len(message)} {type(message).__name__}", await ws.recv() == message)
            large = os.urandom(8 << 20)
            for time in range(1, 11):
                await asyncio.wait_for(ws.send(large), 20)
                self.holds(f"8 MiB come back ({time})", await asyncio.wait_for(ws.recv(), 20) == large)
            await ws.send(piece for piece in ["a", "b", "c"])
            self.holds("a message in fragments", await ws.recv() == "abc")
            await ws.send("fragments")
            self.holds("fragments the other way", await ws.recv() == "one two three")
            await (await ws.ping())
            self.holds("ping and pong", True)
            await ws.send("push")
            got = [await ws.recv() for _ in range(100)]
            self.holds("a hundred messages in order", got == [str(n) for n in range(100)])
            self.holds("compression is agreed end to end", any("deflate" in e.name for e in ws.protocol.extensions))
        self.holds("a normal close", ws.close_code == 1000)

        async with self.open(compression=None) as ws:
            await ws.send("plain")
            self.holds("without compression", await ws.recv() == "plain")
        async with self.open(subprotocols=["echo"]) as ws:
            self.holds("the subprotocol passes", ws.subprotocol == "echo")
        async with self.open() as ws:
            await ws.send("close 4001")
            try:
                await ws.recv()
            except ConnectionClosed as closed:
                got = (closed.rcvd.code, closed.rcvd.reason)
                self.holds("the server's close code and reason pass", got == (4001, "as asked"))
        async with self.open() as ws:
            await ws.send("cut")
            try:
                await ws.recv()
                self.holds("a cut is seen", False)
            except ConnectionClosedError as closed:
                self.holds("a cut is seen as one", closed.rcvd is None)
        try:
            async with self.open("/forbidden"):
                self.holds("a refusal passes", False)
        except InvalidStatus as refused:
            self.holds("the server's own refusal passes", refused.response.status_code == 403)

        async def one(number):
            async with self.open() as ws:
                await ws.send(str(number))
                return await ws.recv() == str(number)

        results = await asyncio.gather(*(one(number) for number in range(50)))
        self.holds("fifty at once", all(results))
        self.holds("a frame in the same write as the handshake", await asyncio.to_thread(self.eager))
        print(f"ws: {self.count} of {self.count}")

    def eager(self):
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET / HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        ).encode()
        mask, payload = b"\x01\x02\x03\x04", b"early"
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        frame = struct.pack("!BB", 0x81, 0x80 | len(payload)) + mask + masked
        with socket.create_connection((self.address, self.port), timeout=30) as plain:
            with self.trust.wrap_socket(plain, server_hostname=self.host) as stream:
                stream.sendall(head + frame)
                got = b""
                while not got.endswith(b"\x81\x05early"):
                    piece = stream.recv(4096)
                    if not piece:
                        return False
                    got += piece
                return True


if sys.argv[1:2] == ["serve"]:
    asyncio.run(run_server())
else:
    _, _, host, address, port, ca = sys.argv
    asyncio.run(Check(host, address, int(port), ca).run())
