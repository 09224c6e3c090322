//go:build js && wasm

package wasmtest

import (
	"encoding/json"
	"os"
	"path"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/twinws/ws/api/apitest"
)

// workerTime bounds the suite in the Worker. It is less than testTime, the
// bound of the page's tests.
const workerTime = 6 * time.Minute

// workerScript runs the page's own wasm file in a Worker and posts its output,
// line by line, and then its exit code. SETUP is replaced by JSON.
const workerScript = `
const setup = SETUP;
const fail = e => postMessage({line: String(e && e.stack || e), code: -1});
self.addEventListener("unhandledrejection", e => fail(e.reason));
try {
	importScripts(setup.exec);
	console.log = console.error = line => postMessage({line: String(line)});
	const go = new Go();
	go.argv = setup.argv;
	go.env = setup.env;
	let code = 0;
	go.exit = c => { code = c; };
	WebAssembly.instantiateStreaming(fetch(setup.wasm), go.importObject)
		.then(r => go.run(r.instance))
		.then(() => postMessage({line: "", code: code}))
		.catch(fail);
} catch (e) { fail(e); }
`

// TestWorker starts a Web Worker that runs TestConformance and TestStandard of
// this program, and reports each of their results.
func TestWorker(t *testing.T) {
	url := serverURL(t)
	if _, inPage := global("document"); !inPage {
		t.Skip("a page alone starts Workers here")
	}
	t.Parallel()
	origin := js.Global().Get("location").Get("origin").String()
	code, lines := runWorker(t, map[string]any{
		"exec": origin + "/wasm_exec.js",
		"wasm": origin + "/" + path.Base(os.Args[0]),
		"argv": []string{os.Args[0], "-test.run=^(TestConformance|TestStandard)$", "-test.v", "-test.timeout=" + workerTime.String()},
		"env":  map[string]string{"WS_URL": url},
	})
	output := strings.Join(lines, "\n")
	repeat := func(test string, names []string) {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				if !strings.Contains(output, "--- PASS: "+test+"/"+name+" (") {
					t.Error("did not pass in the Worker")
				}
			})
		}
	}
	repeat("TestConformance/worker", apitest.Names())
	repeat("TestStandard", standardNames())
	if code != 0 || t.Failed() {
		t.Errorf("the Worker ended with code %d:\n%s", code, output)
	}
}

// runWorker runs workerScript and returns its exit code and its output.
func runWorker(t *testing.T, setup map[string]any) (code int, lines []string) {
	text, err := json.Marshal(setup)
	if err != nil {
		t.Fatal(err)
	}
	script := strings.Replace(workerScript, "SETUP", string(text), 1)
	global := js.Global()
	blob := global.Get("Blob").New([]any{script}, map[string]any{"type": "text/javascript"})
	url := global.Get("URL").Call("createObjectURL", blob)
	defer global.Get("URL").Call("revokeObjectURL", url)
	worker := global.Get("Worker").New(url)
	defer worker.Call("terminate")

	ended := make(chan int, 1)
	listen := func(event string, f func(e js.Value)) js.Func {
		fn := js.FuncOf(func(_ js.Value, args []js.Value) any { f(args[0]); return nil })
		worker.Call("addEventListener", event, fn)
		return fn
	}
	message := listen("message", func(e js.Value) {
		data := e.Get("data")
		lines = append(lines, data.Get("line").String())
		if c := data.Get("code"); c.Type() == js.TypeNumber {
			ended <- c.Int()
		}
	})
	defer message.Release()
	failure := listen("error", func(e js.Value) {
		lines = append(lines, e.Get("message").String())
		ended <- -1
	})
	defer failure.Release()

	late := time.NewTimer(workerTime + 10*time.Second)
	defer late.Stop()
	select {
	case code = <-ended:
	case <-late.C:
		t.Errorf("the Worker did not end within %v", workerTime)
		code = -1
	}
	return code, lines
}
