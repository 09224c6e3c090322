package standard

import (
	"fmt"
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

// Offline, a new connection fails at once; one that is open is not told, and
// goes on where the network does.
func TestOffline(t *testing.T) {
	tab := open(t, page(plain, "/page/"))
	tab.Do("self.worker = inWorker(); self.c = await twin.dial('/echo'); await echo(worker, '/echo')")
	tab.Offline(true)
	if chrome.Eval[bool](tab, "navigator.onLine") {
		t.Error("the page is online")
	}
	wantRefused(t, tab, "twin", "/echo", "")
	tab.Offline(false)
	tab.Do("await twin.write(c, 'still open')")
	if got := told(tab, "twin.read(c)"); got.Value != "still open" {
		t.Errorf("then the open connection reads %+v", got)
	}
	wantEcho(t, tab, "twin", "/echo")
	wantEcho(t, tab, "worker", "/echo")
}

// Chromium gives a page 255 WebSockets. What is over fails with a typed error
// and leaves the others alone; once they are closed there is room again.
func TestManyConnections(t *testing.T) {
	const asked, most = 300, 255
	tab := open(t, page(plain, "/page/"))
	got := chrome.Eval[struct {
		Open   []int
		Failed []outcome
	}](tab, fmt.Sprintf(`(async () => {
		const all = await Promise.all(Array.from({length: %d}, () => told(twin.dial("/echo"))));
		return {open: all.filter(o => o.value).map(o => Number(o.value)), failed: all.filter(o => !o.value)};
	})()`, asked))
	if len(got.Open) != most || len(got.Failed) != asked-most {
		t.Errorf("%d are open, %d failed; want %d and %d", len(got.Open), len(got.Failed), most, asked-most)
	}
	for _, f := range got.Failed {
		if f.Name != "HandshakeError" {
			t.Fatalf("one failed with %+v, want a HandshakeError", f)
		}
	}
	tab.Do(fmt.Sprintf(`
		for (const c of %[1]s) await twin.write(c, "hello " + c);
		for (const c of %[1]s) if (await twin.read(c) != "hello " + c) throw new Error("another message");
		await Promise.all(%[1]s.map(c => twin.close(c, 1000, "")));`, array(got.Open)))
	wantEcho(t, tab, "twin", "/echo")
}

// array is a JavaScript array.
func array(numbers []int) string {
	s := "["
	for _, n := range numbers {
		s += fmt.Sprint(n, ",")
	}
	return s + "]"
}
