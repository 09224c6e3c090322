package standard

import (
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

// goingAway is what a server sees of a page that has gone (section 7, "make
// disappear": 1001).
const goingAway = "1001 "

// connected opens a page with a connection, which has the test's name as its
// id.
func connected(t *testing.T, policy, twin string) *chrome.Tab {
	t.Helper()
	tab := open(t, page(plain, policy))
	tab.Do("self.there = " + twin + "; self.c = await there.dial('/echo?id=" + t.Name() + "')")
	return tab
}

func TestPageIsLeft(t *testing.T) {
	connected(t, "/fresh/", "twin").Goto("about:blank")
	wantSeen(t, t.Name(), goingAway)
}

func TestPageIsReloaded(t *testing.T) {
	tab := connected(t, "/page/", "twin")
	tab.Do("location.reload()")
	wantSeen(t, t.Name(), goingAway)
	tab.Wait("self.twin && !self.c")
	wantEcho(t, tab, "twin", "/echo")
}

// "not yet established: fail the WebSocket connection"
func TestPageIsLeftWhileConnecting(t *testing.T) {
	tab := open(t, page(plain, "/fresh/"))
	tab.Do("twin.dial('/hang?id=" + t.Name() + "')")
	<-connecting
	tab.Goto("about:blank")
	wantSeen(t, t.Name(), "1006 ")
}

func TestTabIsClosed(t *testing.T) {
	connected(t, "/page/", "twin").Close()
	wantSeen(t, t.Name(), goingAway)
}

func TestWorkerIsTerminated(t *testing.T) {
	tab := connected(t, "/page/", "inWorker()")
	tab.Do("there.worker.terminate()")
	wantSeen(t, t.Name(), goingAway)
	wantEcho(t, tab, "twin", "/echo")
}

func TestFrameIsRemoved(t *testing.T) {
	tab := open(t, page(plain, "/page/"))
	tab.Do("const f = document.createElement('iframe'); f.src = 'index.html'; document.documentElement.append(f)")
	tab.Wait("frames[0].twin")
	tab.Do("await frames[0].twin.dial('/echo?id=" + t.Name() + "'); document.querySelector('iframe').remove()")
	wantSeen(t, t.Name(), goingAway)
	wantEcho(t, tab, "twin", "/echo")
}

// Coming back, the page finds its Go program as it stood. What had arrived is
// still read, a Read that waited ends, and a new connection works. Chromium
// closes the connection, with 1001, only when the page comes back.
func TestBackThroughTheCache(t *testing.T) {
	tab := connected(t, "/page/", "twin")
	tab.Do(`
		self.waiting = told(twin.read(c));
		self.full = await twin.dial("/raw?hex=810161810162");
		await echo(twin, "/echo"); // so that both messages have come in`)
	tab.Goto(page(plain, "/page/") + "?other")
	if restored, why := tab.Back(); !restored {
		t.Fatalf("the page was loaded anew: %q", why)
	}
	wantSeen(t, t.Name(), goingAway)
	if got := chrome.Eval[outcome](tab, "waiting"); got.Name != "CloseError" || got.Code != 1006 || got.Clean {
		t.Errorf("the Read that waited: %+v", got)
	}
	for _, want := range []outcome{{Value: "a"}, {Value: "b"}, {Name: "CloseError", Code: 1006}} {
		if got := told(tab, "twin.read(full)"); got.Value != want.Value || got.Name != want.Name || got.Code != want.Code {
			t.Errorf("reading what had arrived: %+v, want %+v", got, want)
		}
	}
	if got := told(tab, "twin.write(c, 'lost')"); got.Name != "CloseError" {
		t.Errorf("writing to the connection that ended: %+v", got)
	}
	wantEcho(t, tab, "twin", "/echo")
}
