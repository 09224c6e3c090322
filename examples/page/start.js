// Loads main.wasm and runs it: all the JavaScript that a page of Go needs, apart
// from Go's own wasm_exec.js.
(async () => {
	const state = document.getElementById("state");
	try {
		const go = new Go();
		const wasm = await WebAssembly.instantiateStreaming(fetch("main.wasm"), go.importObject);
		await go.run(wasm.instance);
		state.textContent = "the program ended: reload the page";
	} catch (err) {
		state.textContent = `cannot start: ${err.message}`;
		throw err;
	}
})();
