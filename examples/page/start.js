// Loads main.wasm and runs it: all the JavaScript that a page of Go needs, apart
// from Go's own wasm_exec.js. In a Worker it is the whole script.
(async () => {
	const state = self.document?.getElementById("state");
	try {
		if (!state) importScripts("wasm_exec.js");
		const go = new Go();
		const wasm = await WebAssembly.instantiateStreaming(fetch("main.wasm"), go.importObject);
		await go.run(wasm.instance);
		throw new Error("the program ended: reload the page");
	} catch (err) {
		if (state) state.textContent = `not running: ${err.message}`;
		reportError(err); // from a Worker, the page hears of it
	}
})();
