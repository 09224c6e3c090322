"""The peer of Python.

It reads a line with a list of specs from its standard input, and prints one
JSON value per line: the URLs it serves them at, if it is to serve, and a report
for each connection that has ended. The fields of both are described in
peer_native_test.go.
"""

import asyncio
import json
import os
import random
import sys
import threading
import traceback

import websockets
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

# The sizes of messages, as in message_native_test.go: share of a thousand have
# at most limit bytes.
CEILINGS = [(2, 128 << 10), (18, 16 << 10), (60, 2 << 10), (120, 300), (400, 130), (400, 40)]
WORDS = ["c", '{"value":', "13579", " yet again,", "ö", "∑≠µ", "한국어", "🐍", "\0", "\U0010ffff", "o\u0308"]


class Generator(random.Random):
    """Makes messages and cuts them up, all following from its seed."""

    def size(self):
        n = self.randrange(1000)
        for share, limit in CEILINGS:
            n -= share
            if n < 0:
                return self.randrange(limit + 1)

    def message(self):
        n = self.size()
        kind = self.randrange(4)
        if kind == 0:
            return self.randbytes(n // 4)
        if kind == 1:
            return (self.randbytes(self.randint(1, 40)) * n)[:n]
        return "".join(self.choices(WORDS, k=n // 6))

    def pieces(self, message):
        """Half of the messages in 2 to 7 pieces, which may be empty."""
        if self.randrange(2):
            return [message]
        cuts = sorted(self.randint(0, len(message)) for _ in range(self.randint(1, 6)))
        return [message[i:j] for i, j in zip([0] + cuts, cuts + [len(message)])]


class Talk:
    """One connection."""

    def __init__(self, ws, spec):
        self.ws, self.spec = ws, spec
        self.random = Generator(spec["seed"])
        headers = getattr(ws, "response_headers", None)  # until version 13
        if headers is None:
            headers = ws.response.headers
        self.report = {
            "error": "",
            "messages": 0,
            "pieces": 0,
            "extensions": headers.get("Sec-WebSocket-Extensions", ""),
        }

    async def send(self, message):
        pieces = self.random.pieces(message)
        self.report["pieces"] += len(pieces)
        await self.ws.send(message if len(pieces) == 1 else pieces)

    async def echo(self):
        """What a server does."""
        half = self.spec["messages"] // 2
        pong = None
        for i in range(self.spec["messages"]):
            message = await self.ws.recv()
            if i == half:
                pong = await self.ws.ping()
            if i == self.spec["messages"] - 1:
                await pong  # after the last message the client may close
            await self.send(message)
            self.report["messages"] += 1

    async def verify(self):
        """What a client does."""
        sent = asyncio.Queue(self.spec["inFlight"])
        sender = asyncio.ensure_future(self.send_all(sent))
        try:
            for i in range(self.spec["messages"]):
                got = await self.ws.recv()
                want = await sent.get()
                if type(got) is not type(want) or got != want:
                    raise AssertionError(
                        f"message {i}, {type(want).__name__} of {len(want)}, "
                        f"came back as {type(got).__name__} of {len(got)}, another"
                    )
                self.report["messages"] += 1
            await sender
        finally:
            sender.cancel()

    async def send_all(self, sent):
        pong = None
        for i in range(self.spec["messages"]):
            message = self.random.message()
            await sent.put(message)
            if i == self.spec["messages"] // 2:
                pong = await self.ws.ping()
            if i == self.spec["messages"] - 1:
                await pong  # after the last message the server may close
            await self.send(message)

    async def finish(self):
        if self.spec["peerCloses"]:
            await self.ws.close(self.spec["code"], self.spec["reason"])
            return
        try:
            await self.ws.recv()
            raise AssertionError("a message came where the close was due")
        except websockets.ConnectionClosed:
            pass

    async def run(self, work):
        try:
            await work()
            await self.finish()
        except Exception:
            self.report["error"] = traceback.format_exc()
        await self.ws.close()
        self.report["code"] = self.ws.close_code
        self.report["reason"] = self.ws.close_reason
        return self.report


def options(factory, spec):
    """Without the library's defaults of compression."""
    found = {"compression": None, "max_size": None}
    if spec["deflate"] is not None:
        found["extensions"] = [factory(**spec["deflate"])]
    return found


def put(value):
    print(json.dumps(value), flush=True)


async def dial(spec):
    async with websockets.connect(spec["url"], **options(ClientPerMessageDeflateFactory, spec)) as ws:
        talk = Talk(ws, spec)
        put(await talk.run(talk.verify))


async def serve(specs):
    done = asyncio.Semaphore(0)

    async def start(spec):
        async def handle(ws):
            talk = Talk(ws, spec)
            put(await talk.run(talk.echo))
            done.release()

        server = await websockets.serve(handle, "127.0.0.1", 0, **options(ServerPerMessageDeflateFactory, spec))
        return "ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1], server

    started = [await start(spec) for spec in specs]
    put([url for url, _ in started])
    for _ in specs:
        await done.acquire()


async def main(specs):
    if specs[0]["url"]:
        for spec in specs:
            await dial(spec)
    else:
        await serve(specs)


def watch():
    """Ends the process when whoever started it is gone, or wants no more."""
    sys.stdin.read()
    os._exit(0)


first = json.loads(sys.stdin.readline())
threading.Thread(target=watch, daemon=True).start()
asyncio.run(main(first))
