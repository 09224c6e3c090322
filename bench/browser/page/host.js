// What the benchmark calls, in a window and in a Worker alike.
"use strict";

const host = {
	// load makes globalThis.contestant, of JavaScript or of a Go program.
	async load(name) {
		if (name === "javascript") {
			globalThis.contestant = handWritten();
			return;
		}
		const go = new Go();
		const { instance } = await WebAssembly.instantiateStreaming(fetch(name + ".wasm"), go.importObject);
		go.run(instance); // ends never; contestant is there once it waits
		while (!globalThis.contestant) {
			await new Promise(resolve => setTimeout(resolve));
		}
	},
	open: (url, setup) => contestant.open(url, setup),
	// run has messages exchanged for ms milliseconds, and counts them.
	async run(ms) {
		setTimeout(contestant.stop, ms);
		const begin = performance.now();
		const messages = await contestant.run();
		return { messages, ms: performance.now() - begin };
	},
	fill: messages => contestant.fill(messages),
	close: () => contestant.close(),
};
