// Runs the Go program, which sets the global twin: in a page and in a Worker.
"use strict";
self.evalError = "";
try {
	new Function("return 1")();
} catch (e) {
	self.evalError = e.name; // DevTools may call eval whatever the policy: so this asks here
}
const go = new Go();
self.loaded = WebAssembly.instantiateStreaming(fetch("main.wasm"), go.importObject).then(r => { go.run(r.instance); });
