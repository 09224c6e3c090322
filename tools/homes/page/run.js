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
	const decoder = new TextDecoder();
	let text = "", sent = Promise.resolve();
	const flush = () => {
		if (text === "") return sent;
		const part = text;
		text = "";
		return sent = sent.then(() => post("/home/output", part));
	};
	const end = async code => {
		clearInterval(timer);
		await flush();
		await post("/home/exit?code=" + code);
	};
	const fail = e => { text += `${e && (e.stack || e.message) || e}\n`; return end(1); };
	const timer = setInterval(flush, 200);
	self.addEventListener("error", e => fail(e.error || e.message));
	self.addEventListener("unhandledrejection", e => fail(e.reason));

	async function run() {
		const setup = await (await fetch(at("/home/setup.json"))).json();
		globalThis.fs.writeSync = (fd, p) => { text += decoder.decode(p, {stream: true}); return p.length; };
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
