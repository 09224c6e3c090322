package standard

import (
	"fmt"
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

// WebSocketStream could push back where a WebSocket object cannot, but Chromium
// loses what arrived before a close and was not yet read, without an error.
// That is why this library does not use it. The day this test fails for having
// got everything, that reason is gone: the documentation can be changed.
func TestWebSocketStreamLosesMessages(t *testing.T) {
	const sent = 50
	tab := open(t, page(plain, "/page/"))
	if !chrome.Eval[bool](tab, "'WebSocketStream' in self") {
		t.Logf("this browser has no WebSocketStream: nothing to show in %s", chrome.Eval[string](tab, "navigator.userAgent"))
		return
	}
	// Who reads late, after the server has seen the close answered, finds all
	// of them in a WebSocket...
	id := t.Name()
	flood := func(id string) string { return fmt.Sprintf("/flood?n=%d&size=16&code=4001&id=%s", sent, id) }
	tab.Do("self.c = await twin.dial('" + flood(id) + "')")
	wantSeen(t, id, "4001 ")
	got := chrome.Eval[int](tab, `(async () => {
		for (let n = 0; ; n++) try { await twin.read(c); } catch (e) { if (e.code != 4001) throw e; return n; }
	})()`)
	if got != sent {
		t.Errorf("over a WebSocket %d of %d messages were read", got, sent)
	}
	// ... and not in a WebSocketStream.
	tab.Do("self.stream = new WebSocketStream(location.origin + '" + flood(id+"2") + "'); self.open = await stream.opened")
	wantSeen(t, id+"2", "4001 ")
	got = chrome.Eval[int](tab, `(async () => {
		const {closeCode} = await stream.closed.catch(e => e);
		if (closeCode != 4001) throw new Error("closed with " + closeCode);
		const reader = open.readable.getReader();
		for (let n = 0; ; n++) if ((await reader.read()).done) return n;
	})()`)
	if got < sent {
		t.Logf("over a WebSocketStream %d of %d messages were read, without an error", got, sent)
		return
	}
	t.Errorf("over a WebSocketStream all %d messages were read: the bug is fixed in this browser, and what this library's "+
		"documentation says about WebSocketStream can be changed", sent)
}
