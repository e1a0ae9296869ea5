"""A small ASGI application for Hypercorn: echoes bodies, tells what it got, and speaks
WebSocket.

    hypercorn --bind 127.0.0.1:PORT asgi:app
"""

import json


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": f"{scope['http_version']} {message.get('text')}"})
    else:
        await answer(scope, receive, send)


async def answer(scope, receive, send):
    told = {"version": scope["http_version"], "method": scope["method"], "path": scope["path"]}
    headers = [(b"x-told", json.dumps(told).encode())]
    if scope["path"] == "/echo":
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})
        return
    body = b"" if scope["path"] == "/empty" else b"hello " * 1000
    status = 204 if scope["path"] == "/empty" else 200
    if body:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
