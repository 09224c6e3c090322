// The peers of Node.js: node peer.mjs LIBRARY. What it reads and prints is
// described in peer_native_test.go.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import driver7 from 'websocket-driver';
import driver8 from 'websocket-driver-0.8';
import websocket from 'websocket';
import { WebSocket, WebSocketServer } from 'ws';

const print = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const library = process.argv[2];
const manifest = new URL(`node_modules/${library}/package.json`, import.meta.url);
const report = { library: JSON.parse(readFileSync(manifest)).version, error: '', messages: 0, ended: '', code: 0, reason: '', subprotocol: '' };
let spec;

// Without a code, what the libraries tell has no place in a report.
const given = (code) => (code === 1005 || code === 1006 ? 0 : code);

function end() {
  print(report);
  process.stdout.write('', () => process.exit(0));
}

function fail(error) {
  report.error ||= String(error?.stack ?? error);
  end();
}

function closed(ended, code, reason) {
  Object.assign(report, { ended, code: given(code ?? 0), reason: reason ?? '' });
}

// A message is a unit many times: text, or bytes in hexadecimal.
function message({ unit, times, binary }) {
  const data = Buffer.from(unit, binary ? 'hex' : 'utf8');
  return { binary: !!binary, data: Buffer.concat(Array(times).fill(data)) };
}

function same(got, want) {
  if (got.binary !== want.binary || !got.data.equals(want.data)) {
    throw new Error(`message ${report.messages} came back as ${got.data.length} bytes (binary: ${got.binary}), ` +
      `want ${want.data.length} (binary: ${want.binary})`);
  }
}

// Echo is what a server does with a message.
function echo(got, { send, close }) {
  if (report.messages === spec.messages) return fail('a message after the last one');
  send(got);
  report.messages++;
  if (report.messages === spec.messages && spec.peerCloses) close(spec.code, spec.reason);
}

// Verifier is what a client does: a batch after the other, each with its echoes.
class Verifier {
  constructor({ send, close }) {
    Object.assign(this, { send, close, batches: (spec.batches ?? []).map((b) => b.map(message)), due: [] });
  }

  next() {
    if (this.due.length) return;
    if (!this.batches.length) {
      if (spec.peerCloses) this.close(spec.code, spec.reason);
      return;
    }
    this.due = this.batches.shift();
    for (const m of this.due) this.send(m);
  }

  echo(got) {
    if (!this.due.length) return fail('an echo of nothing');
    try {
      same(got, this.due.shift());
    } catch (e) {
      return fail(e);
    }
    report.messages++;
    this.next();
  }
}

// listen serves one connection, and prints its port.
function listen(upgrade) {
  const http = createServer().listen(0, '127.0.0.1', () => print({ port: http.address().port }));
  http.on('upgrade', (request, socket, head) => {
    http.close();
    socket.on('error', () => {});
    upgrade(request, socket, head, http);
  });
  return http;
}

// websocket-driver, a server of hixie-75, hixie-76 and RFC 6455.
function serveDriver(make, options) {
  const names = { 75: 'hixie-75', 76: 'hixie-76', 13: 'hybi-13' };
  listen((request, socket, head) => {
    const driver = make.http(request, { protocols: spec.offers ?? [], ...options });
    if (driver.version !== names[spec.version]) fail(`the request has version ${driver.version}`);
    driver.io.write(head);
    socket.pipe(driver.io).pipe(socket);
    const text = (data) => typeof data === 'string';
    driver.on('message', ({ data }) => echo({ binary: !text(data), data: Buffer.from(data) }, {
      send: () => (text(data) ? driver.text(data) : driver.binary(data)),
      close: (code, reason) => driver.close(reason, code),
    }));
    driver.on('error', fail);
    // hixie-75 has no close frame: its driver tells the program's own close.
    driver.on('close', ({ code, reason }) => {
      closed(spec.version === 75 ? 'eof' : 'close', code, reason);
      socket.end();
    });
    socket.on('end', () => socket.end()); // the driver leaves that to its program
    let last = '';
    socket.on('data', (data) => { last = (last + data.toString('hex')).slice(-4); });
    socket.on('close', () => {
      report.ended ||= 'eof';
      // In hixie-76 it does not look for the answer to its own close frame.
      if (spec.version === 76 && last !== 'ff00') report.error ||= `the last bytes are ${last}, not FF 00`;
      end();
    });
    driver.start();
  });
}

// ws, a server and a client of versions 8 and 13.
function onWS(ws) {
  ws.on('error', fail);
  ws.on('close', (code, reason) => {
    closed(code === 1006 ? 'eof' : 'close', code, String(reason));
    end();
  });
  return {
    send: ({ binary, data }) => ws.send(data, { binary }),
    close: (code, reason) => (code ? ws.close(code, reason) : ws.close()),
  };
}

function serveWS() {
  const handleProtocols = (offered) => [...offered].find((p) => spec.offers?.includes(p)) ?? false;
  const server = new WebSocketServer({ noServer: true, handleProtocols });
  listen((request, socket, head) => server.handleUpgrade(request, socket, head, (ws) => {
    const version = +request.headers['sec-websocket-version'];
    if (version !== spec.version) fail(`the request has version ${version}`);
    const talk = onWS(ws);
    ws.on('message', (data, binary) => echo({ binary, data }, talk));
  }));
}

function dialWS() {
  const ws = new WebSocket(`ws://127.0.0.1:${spec.port}/chat?room=1`, spec.offers ?? [], {
    protocolVersion: spec.version, origin: spec.origin, perMessageDeflate: false,
  });
  const verifier = new Verifier(onWS(ws));
  ws.on('open', () => {
    report.subprotocol = ws.protocol;
    verifier.next();
  });
  ws.on('message', (data, binary) => verifier.echo({ binary, data }));
}

// websocket, a server and a client of versions 8 and 13.
const limits = { maxReceivedFrameSize: 4 << 20, maxReceivedMessageSize: 4 << 20 };

function onWebsocket(c) {
  c.on('error', () => {}); // "close" follows
  c.on('close', (code, reason) => {
    closed(code === 1006 ? 'eof' : 'close', code, reason);
    end();
  });
  return {
    send: ({ binary, data }) => (binary ? c.sendBytes(data) : c.sendUTF(data.toString())),
    close: (code, reason) => c.close(code || 1000, reason),
  };
}

const received = ({ type, utf8Data, binaryData }) =>
  ({ binary: type === 'binary', data: type === 'binary' ? binaryData : Buffer.from(utf8Data) });

function serveWebsocket() {
  const http = createServer().listen(0, '127.0.0.1', () => print({ port: http.address().port }));
  const server = new websocket.server({ httpServer: http, ...limits });
  server.on('request', (request) => {
    if (request.webSocketVersion !== spec.version) fail(`the request has version ${request.webSocketVersion}`);
    const wanted = request.requestedProtocols.find((p) => spec.offers?.includes(p));
    const c = request.accept(wanted, request.origin);
    http.close();
    const talk = onWebsocket(c);
    c.on('message', (m) => echo(received(m), talk));
  });
}

function dialWebsocket() {
  const client = new websocket.client({ webSocketVersion: spec.version, ...limits });
  client.on('connectFailed', fail);
  client.on('connect', (c) => {
    report.subprotocol = c.protocol ?? '';
    const verifier = new Verifier(onWebsocket(c));
    c.on('message', (m) => verifier.echo(received(m)));
    verifier.next();
  });
  client.connect(`ws://127.0.0.1:${spec.port}/chat?room=1`, spec.offers, spec.origin);
}

const libraries = {
  'websocket-driver': { server: () => serveDriver(driver7) },
  'websocket-driver-0.8': { server: () => serveDriver(driver8, { allowDrafts: true }) },
  ws: { server: serveWS, client: dialWS },
  websocket: { server: serveWebsocket, client: dialWebsocket },
};

process.on('uncaughtException', fail);
const input = createInterface({ input: process.stdin });
input.once('line', (line) => {
  spec = JSON.parse(line);
  libraries[library][spec.role]();
});
// Whoever started this is gone, or wants no more.
input.on('close', () => process.exit(0));
