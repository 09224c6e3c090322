// http2-client.mjs ORIGIN CERTIFICATE: WebSockets over one HTTP/2 connection of
// Node's own module, with frames written byte by byte. It prints what it saw.
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';

const [origin, certificate] = process.argv.slice(2);
const session = connect(origin, { ca: readFileSync(certificate), servername: 'example.com' });
session.on('error', (err) => fail(`session: ${err}`));
const settings = await new Promise((resolve) => session.once('remoteSettings', resolve));
if (!settings.enableConnectProtocol) fail('the server does not announce SETTINGS_ENABLE_CONNECT_PROTOCOL');

function fail(why) {
  console.log(`FAILED: ${why}`);
  process.exit(1);
}

function open(path, more = {}) {
  const stream = session.request({
    ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': 'example.com', ':path': path,
    'sec-websocket-version': '13', 'origin': 'https://example.com', ...more,
  });
  return new Promise((resolve, reject) => {
    stream.once('response', (headers) => resolve({ stream, headers, next: reader(stream) }));
    stream.once('error', reject);
  });
}

// A masked frame (RFC 6455 section 5.2).
function frame(opcode, payload) {
  const n = payload.length;
  const head = n < 126 ? Buffer.from([0x80 | opcode, 0x80 | n])
    : n < 65536 ? Buffer.from([0x80 | opcode, 0xfe, n >> 8, n & 255])
      : Buffer.concat([Buffer.from([0x80 | opcode, 0xff]), bigEndian(n)]);
  const key = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([head, key, payload.map((b, i) => b ^ key[i % 4])]);
}

function bigEndian(n) {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(n));
  return b;
}

// reader returns a function that returns the next frame, null at the stream's
// end.
function reader(stream) {
  const bytes = (async function* () { yield* stream; })();
  let held = Buffer.alloc(0);
  const fill = async (n) => {
    while (held.length < n) {
      const { value, done } = await bytes.next();
      if (done) return false;
      held = Buffer.concat([held, value]);
    }
    return true;
  };
  return async () => {
    if (!await fill(2)) return null;
    let n = held[1] & 127;
    let start = 2;
    if (n === 126) { await fill(4); n = held.readUInt16BE(2); start = 4; }
    if (n === 127) { await fill(10); n = Number(held.readBigUInt64BE(2)); start = 10; }
    if (!await fill(start + n)) return null;
    const got = { opcode: held[0] & 15, payload: held.subarray(start, start + n) };
    held = held.subarray(start + n);
    return got;
  };
}

const first = await open('/echo', { 'sec-websocket-protocol': 'mqtt, chat' });
console.log('status', first.headers[':status'], 'subprotocol', first.headers['sec-websocket-protocol'],
  'accept', first.headers['sec-websocket-accept']);
for (const n of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
  const sent = Buffer.alloc(n, 'abc');
  first.stream.write(frame(1, sent));
  const got = await first.next();
  if (got?.opcode !== 1 || !got.payload.equals(sent)) fail(`the echo of ${n} bytes`);
}
console.log('echoed');
const others = await Promise.all(Array.from({ length: 99 }, () => open('/echo')));
for (const o of others) o.stream.write(frame(2, Buffer.from('x')));
for (const o of others) if ((await o.next())?.payload.toString() !== 'x') fail('one of 99');
console.log('echoed on 99 more');
first.stream.write(frame(8, Buffer.from([0x0f, 0xa2, ...Buffer.from('no more')])));
const close = await first.next();
console.log('close', close?.opcode, close?.payload.readUInt16BE(0), 'then', await first.next());
const closed = await open('/close');
const said = await closed.next();
console.log('closed with', said?.payload.readUInt16BE(0), said?.payload.subarray(2).toString());
const refused = await open('/refuse');
refused.stream.setEncoding('utf8');
console.log('refused', refused.headers[':status'], refused.headers['x-why']);
session.destroy();
