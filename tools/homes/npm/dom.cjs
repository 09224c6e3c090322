// dom.cjs LIBRARY WASM_EXEC PROGRAM [ARGUMENTS]: runs a Go program inside the
// window of jsdom or happy-dom, libraries for tests of pages. LIBRARY is the
// folder of one of them.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");
const [library, exec, ...argv] = process.argv.slice(2);

function makeWindow() {
	const url = "http://127.0.0.1/";
	if (path.basename(library) === "jsdom") {
		const {JSDOM, VirtualConsole} = require(library);
		const {window} = new JSDOM("", {url, runScripts: "outside-only", virtualConsole: new VirtualConsole()});
		return {window, evaluate: code => window.eval(code)};
	}
	const {Window} = require(library);
	const window = new Window({url});
	return {window, evaluate: code => window.eval(code)};
}

const {window, evaluate} = makeWindow();
// What Go needs and the window lacks. The WebSocket is the window's own.
for (const name of ["TextEncoder", "TextDecoder", "WebAssembly", "performance", "crypto"]) {
	if (window[name] === undefined) window[name] = globalThis[name];
}
window.fs = fs;
window.process = process;
window.path = path;
evaluate(fs.readFileSync(exec, "utf8"));
const go = evaluate("new Go()");
go.argv = argv;
go.env = process.env;
go.exit = code => process.exit(code);
evaluate("(module, imports) => WebAssembly.instantiate(module, imports)")(fs.readFileSync(argv[0]), go.importObject)
	.then(r => go.run(r.instance))
	.catch(e => { console.error(e); process.exit(1); });
