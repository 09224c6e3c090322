"use strict";
importScripts("wasm_exec.js", "javascript.js", "host.js");

onmessage = async event => {
	const { method, args } = event.data;
	try {
		postMessage({ value: await host[method](...args) });
	} catch (e) {
		postMessage({ error: String(e) });
	}
};
