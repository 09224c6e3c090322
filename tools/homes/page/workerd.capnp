using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .program),
    (name = "loopback", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "*:0", http = (), service = "main")],
);

const program :Workerd.Worker = (
  modules = [
    (name = "workerd.mjs", esModule = embed "workerd.mjs"),
    (name = "wasm_exec.js", esModule = embed "wasm_exec.js"),
    (name = "program.wasm", wasm = embed "program.wasm"),
    (name = "glue.wasm", wasm = embed "glue.wasm"),
    (name = "server.txt", text = embed "server.txt"),
  ],
  compatibilityDate = "2026-11-01",
  globalOutbound = "loopback",
);
