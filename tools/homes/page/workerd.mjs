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
		// What was written and not posted yet, by file descriptor.
		let written = [], sent = Promise.resolve();
		const write = (fd, bytes) => {
			const last = written.at(-1);
			if (last?.fd === fd) last.parts.push(bytes);
			else written.push({fd, parts: [bytes]});
		};
		const flush = () => {
			for (const {fd, parts} of written) {
				sent = sent.then(() => post("/home/output?fd=" + fd, new Blob(parts)));
			}
			written = [];
			return sent;
		};
		globalThis.fs.writeSync = (fd, p) => { write(fd, p.slice()); return p.length; };
		const timer = setInterval(flush, 200);
		let code = 0;
		try {
			const setup = await (await fetch(server + "/home/setup.json")).json();
			const go = new Go();
			Object.assign(go, {argv: setup.argv, env: setup.env, exit: c => { code = c; }});
			await go.run(new WebAssembly.Instance(program, go.importObject));
		} catch (e) {
			write(2, `${e && e.stack || e}\n`);
			code = 1;
		}
		clearInterval(timer);
		await flush();
		await post("/home/exit?code=" + code);
		return new Response("ended");
	},
};
