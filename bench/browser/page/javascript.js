// The contestant that all others are compared with: what one writes by hand.
"use strict";

function handWritten() {
	let socket, setup;
	let settle = {}; // of the Promise that run or close returned
	let running = false, messages = 0, draining = 0;

	const fail = why => settle.reject && settle.reject(new Error(why));

	// accessed reads what was received, at its end: by then it is all there.
	const accessed = data => typeof data === "string"
		? data.charCodeAt(data.length - 1) && data.length
		: new Uint8Array(data)[data.byteLength - 1] && data.byteLength;

	const onmessage = event => {
		if (accessed(event.data) !== setup.size) {
			fail("received " + accessed(event.data) + " bytes, want " + setup.size);
			return;
		}
		messages++;
		if (running) {
			socket.send(event.data);
		} else if (--draining === 0) {
			settle.resolve(messages);
		}
	};

	const message = () => {
		const letters = new Uint8Array(setup.size).map((_, i) => 97 + i % 26);
		return setup.text ? new TextDecoder().decode(letters) : letters;
	};

	return {
		open: (url, o) => new Promise((resolve, reject) => {
			setup = o;
			settle = { reject };
			socket = new WebSocket(url);
			socket.binaryType = "arraybuffer";
			socket.onopen = () => resolve();
			socket.onmessage = onmessage;
			socket.onclose = () => fail("the connection is closed");
		}),
		run: () => new Promise((resolve, reject) => {
			settle = { resolve, reject };
			running = true;
			messages = 0;
			draining = setup.flight;
			const m = message();
			for (let i = 0; i < setup.flight; i++) {
				socket.send(m);
			}
		}),
		stop: () => { running = false; },
		fill: async messages => {
			const m = message();
			for (let i = 0; i < messages; i++) {
				socket.send(m);
			}
		},
		close: () => new Promise(resolve => {
			socket.onclose = () => resolve();
			socket.close();
		}),
	};
}
