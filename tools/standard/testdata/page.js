// What the tests of a page need beside twin.
"use strict";

// inWorker starts a Worker and returns what has the methods of twin there.
function inWorker() {
	const worker = new Worker("worker.js"), waiting = new Map();
	let last = 0;
	worker.onmessage = ({data: {id, value, error}}) => {
		const {resolve, reject} = waiting.get(id);
		waiting.delete(id);
		error ? reject(Object.assign(new Error(error.message), error)) : resolve(value);
	};
	const call = name => (...args) => new Promise((resolve, reject) => {
		waiting.set(++last, {resolve, reject});
		worker.postMessage({id: last, call: name, args});
	});
	const remote = {worker};
	for (const name of ["dial", "write", "read", "close", "closeNow", "evalError"]) remote[name] = call(name);
	return remote;
}

// told turns a promise into one of an object that JSON can carry.
const told = promise => promise.then(
	value => ({value: String(value)}),
	e => ({name: e.name, message: e.message, code: e.code, reason: e.reason, clean: e.clean, problem: e.problem}));

// echo says how a message of a new connection of twin came back.
async function echo(twin, url) {
	const c = await twin.dial(url);
	await twin.write(c, "hello");
	const text = await twin.read(c);
	await twin.close(c, 1000, "");
	return text;
}
