// node see.js CASE.js page|script COMMAND...
//
// Prints what a client's WebSocket object shows against a raw TCP server on
// loopback. CASE.js exports
//
//   serve({path, socket, accept, frame, close})  answers one opening handshake
//   look({url, other, dial, sleep})              runs in the client
//   count()                                      what the server saw (optional)
//
// and see.js prints the text that look returns, and count's behind it. look and
// dial are handed to the client as source text. `page` puts the URL of a page
// behind COMMAND, `script` the name of a file. COMMAND and what it started end
// with see.js, after two minutes at the latest.
const crypto = require('crypto'), fs = require('fs'), http = require('http'), net = require('net');
const { spawn } = require('child_process');

const [file, kind, ...command] = process.argv.slice(2);
const test = require(require('path').resolve(file));

// dial is one connection and its events as text, in their order. It resolves
// at the close event, at the event named in until, or after limit ms.
function dial(url, { protocols = [], until, limit, closeAfter, opened } = {}) {
  return new Promise(resolve => {
    const began = Date.now(), events = [], socket = new WebSocket(url, protocols);
    socket.binaryType = 'arraybuffer';
    const end = () => resolve({ socket, events, text: events.join(', '), ms: Date.now() - began });
    const saw = (name, detail = '') => { events.push(name + detail); if (name === until) end(); };
    socket.onopen = () => { saw('open'); if (opened) opened(socket); };
    socket.onmessage = e => saw('message', ' ' + e.data);
    socket.onerror = () => saw('error');
    socket.onclose = e => {
      saw('close', ` ${e.code} ${JSON.stringify(e.reason)}${e.wasClean ? ' clean' : ''}`);
      end();
    };
    if (limit) setTimeout(end, limit);
    if (closeAfter) setTimeout(() => socket.close(), closeAfter);
  });
}

const frame = (opcode, payload) => {
  const p = Buffer.from(payload);
  return Buffer.concat([Buffer.from([0x80 | opcode, p.length]), p]); // p: at most 125 bytes
};
const close = (code, reason = '') => frame(8, [code >> 8, code & 255, ...Buffer.from(reason)]);

const raw = net.createServer(socket => {
  let head = '';
  const read = data => {
    head += data.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    socket.off('data', read);
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)[1];
    const proof = crypto.createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11');
    const accept = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
      'Connection: Upgrade\r\nSec-WebSocket-Accept: ' + proof.digest('base64') + '\r\n\r\n');
    test.serve({ path: /^GET (\S+)/.exec(head)[1], socket, accept, frame, close });
  };
  socket.on('data', read).on('error', () => {});
});
const other = net.createServer(socket => raw.emit('connection', socket));

let child;
const finish = text => {
  console.log(text + (test.count ? '; ' + test.count() : ''));
  if (!child || !child.pid) process.exit();
  const kill = signal => { try { process.kill(-child.pid, signal); } catch {} };
  if (child.exitCode !== null) process.exit();
  child.on('exit', () => process.exit());
  setTimeout(() => { kill('SIGKILL'); process.exit(); }, 3000);
  kill('SIGTERM');
};
const web = http.createServer((request, response) => {
  if (request.method !== 'POST') {
    response.setHeader('Content-Type', request.url === '/' ? 'text/html' : 'text/javascript');
    response.end(request.url === '/' ? '<!doctype html><script src="look.js"></script>' : source());
    return;
  }
  let text = '';
  request.on('data', d => text += d).on('end', () => { response.end(); finish(text); });
});
const at = (server, scheme) => `${scheme}://127.0.0.1:${server.address().port}`;
const source = () => `(async () => {
  const dial = ${dial};
  const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
  let text;
  try {
    text = await (${test.look})({ url: '${at(raw, 'ws')}', other: '${at(other, 'ws')}', dial, sleep });
  } catch (e) { text = 'failed: ' + e; }
  await fetch('${at(web, 'http')}/', { method: 'POST', body: text });
})();`;

raw.listen(0, '127.0.0.1', () => other.listen(0, '127.0.0.1', () => web.listen(0, '127.0.0.1', () => {
  fs.writeFileSync('look.cjs', source());
  command.push(kind === 'page' ? at(web, 'http') + '/' : 'look.cjs');
  child = spawn(command[0], command.slice(1), { detached: true, stdio: 'ignore' });
  child.on('error', e => finish('cannot tell: ' + e.message));
  setTimeout(() => finish('cannot tell: nothing came from the client in 120 s'), 120000);
})));
