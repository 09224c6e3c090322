// Runs a Go program in the window or Worker that loads this script, and posts
// its output and its exit code.
"use strict";
(() => {
	// Absolute, since a test may give the page another base URL for a while.
	const at = path => location.origin + path;
	const post = async (path, body) => {
		const res = await fetch(at(path), {method: "POST", body});
		if (!res.ok) throw new Error(`${path}: status ${res.status}`);
	};
	// What was written and not posted yet, by file descriptor.
	let written = [], sent = Promise.resolve();
	const write = (fd, bytes) => {
		const last = written.at(-1);
		if (last?.fd === fd) last.parts.push(bytes);
		else written.push({fd, parts: [bytes]});
	};
	const flush = () => {
		for (const {fd, parts} of written) {
			sent = sent.then(() => post("/home/output?fd=" + fd, new Blob(parts)));
		}
		written = [];
		return sent;
	};
	const end = async code => {
		clearInterval(timer);
		await flush();
		await post("/home/exit?code=" + code);
	};
	// Chromium's stacks begin with the error's message, other browsers' lack it.
	const describe = e => e?.stack?.includes(e.message) ? e.stack : `${e}\n${e?.stack ?? ""}`;
	const fail = e => { write(2, describe(e) + "\n"); return end(1); };
	const timer = setInterval(flush, 200);
	self.addEventListener("error", e => fail(e.error || e.message));
	self.addEventListener("unhandledrejection", e => fail(e.reason));

	async function run() {
		const setup = await (await fetch(at("/home/setup.json"))).json();
		globalThis.fs.writeSync = (fd, p) => { write(fd, p.slice()); return p.length; };
		const go = new Go();
		let code = 0;
		Object.assign(go, {argv: setup.argv, env: setup.env, exit: c => { code = c; }});
		const {instance} = await WebAssembly.instantiateStreaming(fetch(at(setup.wasm)), go.importObject);
		await go.run(instance);
		await end(code);
	}
	if (typeof document === "undefined") {
		importScripts("/wasm_exec.js"); // now: a Service Worker may not import later
		self.onmessage = () => {};
		run().catch(fail);
	} else {
		const s = document.createElement("script");
		Object.assign(s, {src: "/wasm_exec.js", onload: () => run().catch(fail), onerror: () => fail("no wasm_exec.js")});
		document.head.append(s);
	}
})();
