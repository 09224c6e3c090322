// Uses the page as a person would, and posts what it saw: for browsers that no
// protocol drives. look.js comes before it. The home to try stands
// behind the question mark; with "hold" behind it, it stays amid a flood, to
// be looked at.
"use strict";
(async () => {
	if (self !== top) return; // in its own narrow frames
	const $ = selector => document.querySelector(selector);
	const all = selector => [...document.querySelectorAll(selector)];
	const [home, hold] = location.search.slice(1).split("&");
	const patience = 60_000; // a busy machine is slow
	const seen = {problems: [], dark: matchMedia("(prefers-color-scheme: dark)").matches, wide: {}, uneven: [], cut: []};

	const complain = e => seen.problems.push(`${e}\n${e?.stack ?? ""}`); // whose stack has no message in Firefox
	addEventListener("error", e => complain(e.error || e.message));
	addEventListener("unhandledrejection", e => complain(e.reason));
	addEventListener("securitypolicyviolation", e => complain(`${e.violatedDirective}: ${e.blockedURI}`));

	let made = 0;
	self.WebSocket = class extends WebSocket {
		constructor(...args) { super(...args); made++; }
	};

	const until = (what, holds) => new Promise((done, fail) => {
		const late = Date.now() + patience;
		const look = () => {
			try {
				if (holds()) done();
				else if (Date.now() > late) fail(new Error(`waited for ${what}; the page says: ${document.body.innerText}`));
				else setTimeout(look, 20);
			} catch (e) { fail(e); }
		};
		look();
	});
	const state = want => until("state " + want, () => $("#state").textContent === want);
	const lines = kind => all("#lines ." + kind).map(
		l => [".type", ".size", ".what"].map(c => l.querySelector(c).textContent).join("|"));
	const received = n => until(n + " received", () => lines("received").length === n);
	const type = (selector, text) => {
		$(selector).focus();
		$(selector).value = text;
		$(selector).dispatchEvent(new InputEvent("input", {bubbles: true}));
	};
	const enter = selector => $(selector).dispatchEvent(
		new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
	const bends = chart => $(`#${chart}-chart .curve`).getAttribute("d").split("C").length;
	const rate = () => parseInt($("#rate-chart .value").textContent.replace(",", ""));

	async function talk() {
		$("#home-" + home).click();
		$("#connect").click();
		await state("open");
		seen.ownSocket = made === 1;
		type("#text", "Hello, wörld");
		seen.size = $("#hint").textContent;
		enter("#text");
		await received(1);
		$("#as-hex").click();
		type("#text", "00 01 fe f");
		seen.hint = $("#hint").textContent;
		type("#text", "00 01 fe ff 10");
		$("#send").click();
		await received(2);
		seen.echoes = lines("received");
		seen.latency = $("#lines .received .took").textContent;
	}

	async function flood() {
		type("#size", "1000");
		type("#in-flight", "16");
		$("#flood").click();
		await until("a rate", () => rate() > 20);
		await until("what is in flight", () => /^\d+ in flight$/.test($("#flying").textContent));
		await until("curves", () => bends("rate") > 8 && bends("latency") > 8);
		seen.perSecond = rate();
		seen.bytesPerSecond = $("#rate").textContent;
		seen.scales = ["rate", "latency"].map(chart => $(`#${chart}-chart .top`).textContent);
		if (hold) await new Promise(() => {});
		$("#flood").click();
		await until("the flood's end", () => $("#flood").textContent === "Flood" && rate() === 0);
		seen.echoesAfter = lines("received").length;
	}

	async function pause() {
		$("#pause").click();
		await until("a pause", () => $("#pause").getAttribute("aria-pressed") === "true");
		$("#send").click();
		await until("an unread message", () => $("#unread-chart .value").textContent === "5 B");
		seen.echoesPaused = lines("received").length;
		$("#pause").click();
		await received(3);
	}

	// move takes the open connection to the other home.
	async function move() {
		$(home === "window" ? "#home-worker" : "#home-window").click();
		await state("open");
		type("#text", "cafe");
		$("#send").click();
		await received(4);
		seen.moved = lines("received")[3];
	}

	async function close() {
		type("#code", "4001");
		type("#reason", "bye");
		$("#connect").click();
		await state("closed");
		seen.closed = $("#why").textContent;
		seen.failed = $("#why").dataset.failed;
	}

	// narrow tries the page in windows of other widths.
	async function narrow(width) {
		const frame = Object.assign(document.createElement("iframe"), {src: "/", width, height: 700});
		document.body.append(frame);
		await until("a narrow page", () => frame.contentDocument?.documentElement?.dataset.ready === "true");
		const page = frame.contentDocument;
		seen.wide[width] = page.documentElement.scrollWidth - frame.contentWindow.innerWidth;
		seen.uneven.push(...uneven(page));
		seen.cut.push(...cut(page));
		frame.remove();
	}

	try {
		await until("the program", () => document.documentElement.dataset.ready === "true");
		await talk();
		await flood();
		seen.wide.window = document.documentElement.scrollWidth - innerWidth;
		seen.faint = faint();
		seen.uneven.push(...uneven());
		seen.cut.push(...cut());
		await pause();
		await move();
		await close();
		for (const width of [800, 390, 320]) await narrow(width);
	} catch (e) {
		complain(e);
	}
	await fetch("/pilot/seen", {method: "POST", body: JSON.stringify(seen)});
})();
