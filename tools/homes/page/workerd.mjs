// Runs a Go program in workerd when the first request arrives, and posts its
// output and its exit code.
import "wasm_exec.js";
import program from "program.wasm";
import glue from "glue.wasm";
import server from "server.txt";

globalThis.twinwsGlue = glue;

export default {
	async fetch() {
		const post = (path, body) => fetch(server + path, {method: "POST", body});
		const decoder = new TextDecoder();
		let text = "", sent = Promise.resolve();
		const flush = () => {
			if (text === "") return sent;
			const part = text;
			text = "";
			return sent = sent.then(() => post("/home/output", part));
		};
		globalThis.fs.writeSync = (fd, p) => { text += decoder.decode(p, {stream: true}); return p.length; };
		const timer = setInterval(flush, 200);
		let code = 0;
		try {
			const setup = await (await fetch(server + "/home/setup.json")).json();
			const go = new Go();
			Object.assign(go, {argv: setup.argv, env: setup.env, exit: c => { code = c; }});
			await go.run(new WebAssembly.Instance(program, go.importObject));
		} catch (e) {
			text += `${e && e.stack || e}\n`;
			code = 1;
		}
		clearInterval(timer);
		await flush();
		await post("/home/exit?code=" + code);
		return new Response("ended");
	},
};
