// What is looked at in each browser, by functions of the global object.
"use strict";

// faint lists the texts whose colour is too near to what is behind them (WCAG
// 2.2, 1.4.3). Disabled controls and placeholders are not held to it.
self.faint = () => {
	const rgba = s => { const n = s.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
	const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3]));
	const light = c => c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = e => {
		if (!e) return [255, 255, 255];
		const c = rgba(getComputedStyle(e).backgroundColor);
		return c[3] == 1 ? c.slice(0, 3) : over(c, behind(e.parentElement));
	};
	const faint = [];
	for (const e of document.querySelectorAll("body *")) {
		const text = [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim());
		if (!text || e.closest(":disabled, template, .hidden, datalist") || !e.checkVisibility()) continue;
		const style = getComputedStyle(e), back = behind(e), c = rgba(style.color);
		const front = over([...c.slice(0, 3), c[3] * style.opacity], back);
		const [low, high] = [light(front), light(back)].sort((a, b) => a - b);
		const ratio = (high + 0.05) / (low + 0.05);
		if (ratio < 4.5) faint.push(e.textContent.trim() + " " + ratio.toFixed(2));
	}
	return faint;
};

// uneven lists what stands side by side and not in line: browsers differ in how
// high a control is, and where the legend of a fieldset goes.
self.uneven = (page = document) => {
	const found = [];
	const near = (a, b) => Math.abs(a - b) < 1;
	const middle = box => (box.top + box.bottom) / 2;
	const name = e => e.id || e.textContent.trim();
	const pairs = list => list.flatMap((a, i) => list.slice(i + 1).map(b => [a, b, a.getBoundingClientRect(), b.getBoundingClientRect()]));
	for (const [a, b, boxA, boxB] of pairs([...page.querySelectorAll("#dial :is(input, button)")])) {
		const sameRow = boxA.top < boxB.bottom && boxB.top < boxA.bottom;
		if (sameRow && !(near(boxA.top, boxB.top) && near(boxA.bottom, boxB.bottom))) {
			found.push(`${name(a)} from ${boxA.top} to ${boxA.bottom}, ${name(b)} from ${boxB.top} to ${boxB.bottom}`);
		}
	}
	for (const group of page.querySelectorAll(".switch")) {
		for (const [a, b, boxA, boxB] of pairs([...group.children])) {
			if (Math.abs(middle(boxA) - middle(boxB)) > 1.5) {
				found.push(`the middle of ${name(a)} at ${middle(boxA)}, of ${name(b)} at ${middle(boxB)}`);
			}
		}
	}
	return found;
};

// cut lists the controls whose text does not fit into them.
self.cut = (page = document) => [...page.querySelectorAll("#dial input[type=number], button")]
	.filter(e => e.scrollWidth > e.clientWidth).map(e => `${e.id}: ${e.scrollWidth} in ${e.clientWidth}`);
