// How a page is measured that was opened by its URL alone, in a browser without
// the DevTools protocol: it fetches its calls from the server that it came from.
"use strict";

// takeCalls posts what the call before came to, and is answered with the next
// one: so nothing is under way while a call runs. It begins with the name of the
// browser.
const takeCalls = async path => {
	let outcome = JSON.stringify({ value: navigator.userAgent });
	for (;;) {
		const response = await fetch(path, { method: "POST", body: outcome });
		outcome = "";
		if (response.status === 204) {
			continue; // none yet
		}
		const { target, args } = await response.json();
		try {
			outcome = JSON.stringify({ value: await { inWindow, inWorker }[target](...args) });
		} catch (e) {
			outcome = JSON.stringify({ error: String(e) });
		}
	}
};

const calls = new URLSearchParams(location.search).get("calls");
if (calls) {
	takeCalls(calls);
}
