// A server of WebSocket over HTTP/2 (RFC 8441) by Node's http2: the frames are
// read and written here, in as little code as possible. It prints its port, and
// ends with its standard input.
"use strict";
const fs = require("fs");
const http2 = require("http2");

const [key, cert] = process.argv.slice(2).map((f) => fs.readFileSync(f));
const server = http2.createSecureServer({ key, cert, settings: { enableConnectProtocol: true } });

// frame is the header of an unmasked frame, without its payload.
function frame(first, length) {
	if (length < 126) return Buffer.from([first, length]);
	if (length < 65536) return Buffer.from([first, 126, length >> 8, length & 255]);
	const b = Buffer.alloc(10);
	b[0] = first;
	b[1] = 127;
	b.writeBigUInt64BE(BigInt(length), 2);
	return b;
}

// next takes a frame off b: [first byte, payload, rest], null if it is not whole.
function next(b) {
	if (b.length < 2) return null;
	let length = b[1] & 127, at = 2;
	if (length === 126) {
		if (b.length < 4) return null;
		length = b.readUInt16BE(2);
		at = 4;
	} else if (length === 127) {
		if (b.length < 10) return null;
		length = Number(b.readBigUInt64BE(2));
		at = 10;
	}
	if (b.length < at + 4 + length) return null;
	const mask = b.subarray(at, at + 4), payload = Buffer.from(b.subarray(at + 4, at + 4 + length));
	for (let i = 0; i < length; i++) payload[i] ^= mask[i & 3];
	return [b[0], payload, b.subarray(at + 4 + length)];
}

server.on("stream", (stream, headers) => {
	stream.on("error", () => {});
	if (headers[":method"] !== "CONNECT" || headers[":protocol"] !== "websocket") {
		stream.respond({ ":status": 404 }, { endStream: true });
		return;
	}
	switch (headers[":path"]) {
	case "/refuse":
		stream.respond({ ":status": 403, "x-reason": "none" });
		stream.end("not today");
		return;
	case "/reset":
		stream.respond({ ":status": 200 });
		setTimeout(() => stream.destroy(new Error("reset")), 10);
		return;
	case "/goaway":
		setTimeout(() => stream.session.goaway(0, stream.id), 10);
		break;
	}
	const asked = headers["sec-websocket-protocol"];
	stream.respond(asked ? { ":status": 200, "sec-websocket-protocol": asked.split(",")[0].trim() } : { ":status": 200 });
	let held = Buffer.alloc(0), parts = [];
	stream.on("data", (data) => {
		parts.push(data);
		// A long frame is joined once, when it is whole or nearly so.
		const have = held.length + parts.reduce((n, p) => n + p.length, 0);
		if (held.length >= 10 && (held[1] & 127) === 127 && have < Number(held.readBigUInt64BE(2))) return;
		held = Buffer.concat([held, ...parts]);
		parts = [];
		for (let f = next(held); f; f = next(held)) {
			held = f[2];
			const opcode = f[0] & 15;
			if (opcode === 10) continue;
			stream.write(Buffer.concat([frame(opcode === 9 ? 0x8a : f[0], f[1].length), f[1]]));
			if (opcode === 8) {
				stream.end();
				return;
			}
		}
	});
	stream.on("end", () => stream.end());
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
