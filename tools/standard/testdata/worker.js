// Does for the page what twin does here: see inWorker in page.js.
"use strict";
importScripts("wasm_exec.js", "load.js");
onmessage = async ({data: {id, call, args}}) => {
	try {
		await loaded;
		postMessage({id, value: call == "evalError" ? evalError : await twin[call](...args)});
	} catch (e) {
		postMessage({id, error: {...e, name: e.name, message: e.message}});
	}
};
