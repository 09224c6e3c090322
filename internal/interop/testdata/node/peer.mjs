// The peer of Node.js. It reads a line with a list of specs from its standard
// input, and prints one JSON value per line: the URLs it serves them at, if it
// is to serve, and a report for each connection that has ended. The fields of
// both are described in peer_native_test.go.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket, WebSocketServer } from 'ws';

// The sizes of messages, as in message_native_test.go: share of a thousand have
// at most max bytes.
const ceilings = [[2, 128 << 10], [18, 16 << 10], [60, 2 << 10], [120, 300], [400, 130], [400, 40]];
const words = ['b', '{"key":', '9876543210', ' and once more,', 'ä', 'π√∞', '中文字', '🚀', '\0', '\u{10FFFF}', 'a\u0308'];
const noStatus = 1005;

// Random makes messages and cuts them up, all following from its seed: a
// linear congruence modulo 2^32, of which the upper half is used.
class Random {
  constructor(seed) { this.state = Number(BigInt(seed) & 0xffffffffn); }
  next() {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state >>> 16;
  }
  below(n) { return (this.next() * 65536 + this.next()) % n; }
  noise(n) { return Buffer.from(Array.from({ length: n }, () => this.next() & 255)); }
  size() {
    let n = this.below(1000);
    for (const [share, max] of ceilings) {
      if ((n -= share) < 0) return this.below(max + 1);
    }
  }
  message() {
    const n = this.size();
    switch (this.below(4)) {
      case 0: return { binary: true, data: this.noise(n >> 2) };
      case 1: return { binary: true, data: n ? Buffer.alloc(n, this.noise(1 + this.below(40))) : Buffer.alloc(0) };
    }
    let text = '';
    while (text.length < n / 2) text += words[this.below(words.length)];
    return { binary: false, data: Buffer.from(text) };
  }
  // pieces cuts anywhere, inside characters too, and leaves half of them whole.
  pieces(data) {
    if (this.below(2)) return [data];
    const cuts = Array.from({ length: 1 + this.below(6) }, () => this.below(data.length + 1)).sort((a, b) => a - b);
    return [...cuts, data.length].map((to, i) => data.subarray(i ? cuts[i - 1] : 0, to));
  }
}

// Talk is one connection.
class Talk {
  constructor(ws, spec) {
    this.ws = ws;
    this.spec = spec;
    this.random = new Random(spec.seed);
    this.report = { error: '', messages: 0, pieces: 0, extensions: '' };
    this.sent = [];
    this.count = 0;
    this.ponged = false;
    ws.on('error', (e) => this.fail(String(e)));
    ws.on('pong', (p) => { this.ponged = String(p) === 'half-way'; });
  }

  fail(error) {
    this.report.error ||= error;
    this.ws.terminate();
  }

  // send goes through fragments; some messages are left as they are, and a ping
  // comes between two fragments half-way.
  send({ binary, data }) {
    const compress = this.random.below(8) > 0;
    const pieces = this.random.pieces(data);
    if (this.count++ === this.spec.messages >> 1) {
      if (pieces.length === 1) pieces.push(Buffer.alloc(0));
      this.pingDue = true;
    }
    pieces.forEach((p, i) => {
      this.ws.send(p, { binary, compress, fin: i === pieces.length - 1 });
      if (this.pingDue) this.ws.ping('half-way');
      this.pingDue = false;
    });
    this.report.pieces += pieces.length;
  }

  // echo is what a server does.
  echo() {
    this.ws.on('message', (data, binary) => {
      this.send({ binary, data });
      if (++this.report.messages === this.spec.messages) this.finish();
    });
    return this.ended();
  }

  // verify is what a client does.
  verify() {
    this.ws.on('message', (data, binary) => {
      const want = this.sent.shift();
      if (!want || want.binary !== binary || !want.data.equals(data)) {
        return this.fail(`message ${this.report.messages} of ${want?.data.length} bytes (binary: ${want?.binary}) ` +
          `came back as ${data.length} (binary: ${binary}), another`);
      }
      if (++this.report.messages === this.spec.messages) this.finish();
      this.fill();
    });
    this.ws.on('open', () => this.fill());
    return this.ended();
  }

  fill() {
    while (this.sent.length < this.spec.inFlight && this.count < this.spec.messages) {
      const m = this.random.message();
      this.sent.push(m);
      this.send(m);
    }
  }

  finish() {
    const { peerCloses, code, reason } = this.spec;
    if (!peerCloses) return;
    if (code === noStatus) this.ws.close();
    else this.ws.close(code, reason);
  }

  async ended() {
    const [code, reason] = await new Promise((done) => this.ws.on('close', (...args) => done(args)));
    if (!this.ponged) this.report.error ||= 'the ping between two fragments was not answered';
    return { ...this.report, code, reason: String(reason) };
  }
}

// deflate turns the names of RFC 7692 into this library's.
function deflate(params) {
  if (!params) return false;
  const options = { threshold: 64 };
  for (const [name, value] of Object.entries(params)) {
    options[name.replace(/_(.)/g, (_, c) => c.toUpperCase())] = value;
  }
  return options;
}

function dial(spec) {
  const ws = new WebSocket(spec.url, { perMessageDeflate: deflate(spec.deflate) });
  const talk = new Talk(ws, spec);
  ws.on('upgrade', (response) => { talk.report.extensions = response.headers['sec-websocket-extensions'] ?? ''; });
  return talk.verify();
}

// serve takes one connection, and prints how it was.
async function serve(spec) {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server = new WebSocketServer({ server: http, perMessageDeflate: deflate(spec.deflate) });
  let extensions = '';
  server.on('headers', (headers) => {
    extensions = headers.find((h) => /^sec-websocket-extensions:/i.test(h))?.replace(/^.*?: */, '') ?? '';
  });
  server.on('connection', async (ws) => {
    http.close();
    const talk = new Talk(ws, spec);
    talk.report.extensions = extensions;
    print(await talk.echo());
    running--;
    if (!running) process.exit(0);
  });
  return `ws://127.0.0.1:${http.address().port}/`;
}

const print = (value) => process.stdout.write(JSON.stringify(value) + '\n');
let running = 0;

const input = createInterface({ input: process.stdin });
input.once('line', async (line) => {
  const specs = JSON.parse(line);
  running = specs.length;
  if (specs[0].url) {
    for (const spec of specs) print(await dial(spec));
    process.exit(0);
  }
  print(await Promise.all(specs.map(serve)));
});
// Whoever started this is gone, or wants no more.
input.on('close', () => process.exit(0));
