// alone.cjs WASM_EXEC PROGRAM [ARGUMENTS]: runs a Go program so that its exit does
// not end the process. Node.js then ends it by itself once nothing keeps it alive,
// and this says how long that took.
"use strict";
globalThis.require = require;
globalThis.fs = require("fs");
globalThis.path = require("path");
require(process.argv[2]);

const go = new Go();
go.argv = process.argv.slice(3);
go.env = process.env;
let exited;
go.exit = code => {
	process.exitCode = code;
	// The runtime does not take back the time-out of a timer that was stopped:
	// Go's own, and of no connection.
	for (const id of go._scheduledTimeouts.values()) clearTimeout(id);
	exited = performance.now();
};
process.on("exit", () => {
	const kept = performance.now() - exited;
	if (kept < 5000) console.log(`nothing is left after ${kept.toFixed(0)} ms`);
	else console.log(`something has kept the process alive for ${kept.toFixed(0)} ms`, process.getActiveResourcesInfo());
});
const watch = setInterval(() => { // tells what it is; unref: does not itself keep anything alive
	if (exited && performance.now() - exited > 10e3) {
		console.log("still alive:", process.getActiveResourcesInfo());
		process.exit(1);
	}
}, 1000);
watch.unref();
WebAssembly.instantiate(fs.readFileSync(go.argv[0]), go.importObject).then(r => go.run(r.instance));
