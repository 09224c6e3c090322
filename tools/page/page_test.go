package page_test

import (
	"strings"
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

// open opens the page and waits until its program runs. What the page complains
// about, other than what the test has taken, fails the test.
func open(t *testing.T) *chrome.Tab {
	t.Helper()
	if noBrowser {
		t.Skip("WS_NO_BROWSER=1: left out, as it asks")
	}
	tab := browser.Open(t, origin+"/")
	tab.Wait(`document.documentElement.dataset.ready == "true"`)
	t.Cleanup(func() {
		if errs := tab.Errors(); len(errs) > 0 {
			t.Errorf("the console: %q", errs)
		}
	})
	return tab
}

func text(tab *chrome.Tab, selector string) string {
	return chrome.Eval[string](tab, `document.querySelector("`+selector+`").textContent`)
}

func waitState(tab *chrome.Tab, state string) {
	tab.Wait(`document.querySelector("#state").textContent == "` + state + `"`)
}

// lines are the columns that matter of the log's lines of a kind: type, size
// and text.
func lines(tab *chrome.Tab, kind string) []string {
	return chrome.Eval[[]string](tab, `[...document.querySelectorAll("#lines .`+kind+`")].map(
		l => [".type", ".size", ".what"].map(c => l.querySelector(c).textContent).join("|"))`)
}

func waitLines(tab *chrome.Tab, kind string, n string) {
	tab.Wait(`document.querySelectorAll("#lines .` + kind + `").length == ` + n)
}

// The same session, with the same clicks, in both homes.
func TestConversation(t *testing.T) {
	for _, home := range []string{"window", "worker"} {
		t.Run(home, func(t *testing.T) {
			tab := open(t)
			tab.Do(`self.made = 0;
				self.WebSocket = class extends WebSocket { constructor(...args) { super(...args); made++; } }`)
			tab.Click("label:has(#home-" + home + ")")
			tab.Click("#connect")
			waitState(tab, "open")
			if in := chrome.Eval[int](tab, "made") == 1; in != (home == "window") {
				t.Errorf("is the socket the window's own? %v", in)
			}
			sendText(t, tab)
			sendBinary(t, tab)
			flood(t, tab)
			pause(t, tab)
			closeWithCode(t, tab)
			refused(t, tab)
		})
	}
}

func sendText(t *testing.T, tab *chrome.Tab) {
	tab.Type("#text", "Hello, wörld")
	if got := text(tab, "#hint"); got != "13 B" {
		t.Errorf("the message's size is %q", got)
	}
	tab.Type("#text", "Hello, wörld\r") // Enter sends
	waitLines(tab, "received", "1")
	for _, kind := range []string{"sent", "received"} {
		if got := strings.Join(lines(tab, kind), "\n"); got != "text|13 B|Hello, wörld" {
			t.Errorf("%s: %q", kind, got)
		}
	}
	if got := text(tab, "#lines .received .took"); !strings.HasSuffix(got, "ms") {
		t.Errorf("the echo's latency is %q", got)
	}
	if got := text(tab, "#lines .received .hidden"); got != "received" {
		t.Errorf("for those who see no arrow it says %q", got)
	}
}

func sendBinary(t *testing.T, tab *chrome.Tab) {
	tab.Click("label:has(#as-hex)")
	tab.Type("#text", "00 01 fe f")
	tab.Wait(`document.querySelector("#text").ariaInvalid == "true"`)
	if got := text(tab, "#hint"); got != "not hexadecimal: odd length hex string" {
		t.Errorf("of half a byte it says %q", got)
	}
	tab.Type("#text", "00 01 fe ff 10")
	tab.Click("#send")
	waitLines(tab, "received", "2")
	if got := lines(tab, "received")[1]; got != "binary|5 B|0001feff 10" {
		t.Errorf("received %q", got)
	}
}

func flood(t *testing.T, tab *chrome.Tab) {
	const fast = `parseInt(document.querySelector("#rate-chart .value").textContent.replace(",", "")) > 20`
	tab.Type("#size", "1000")
	tab.Type("#in-flight", "16")
	tab.Click("#flood")
	tab.Wait(fast)
	tab.Wait(`/^\d+ in flight$/.test(document.querySelector("#flying").textContent)`)
	tab.Wait(`/^[\d.]+ [KM]iB\/s/.test(document.querySelector("#rate").textContent)`)
	for _, chart := range []string{"rate", "latency"} {
		bends := `document.querySelector("#` + chart + `-chart .curve").getAttribute("d").split("C").length`
		before := chrome.Eval[string](tab, `document.querySelector("#`+chart+`-chart .curve").getAttribute("d")`)
		tab.Wait(bends + " > 8 && " + bends + " > " + "`" + before + "`.split('C').length")
		if got := text(tab, "#"+chart+"-chart .top"); got == "" {
			t.Errorf("the scale of the %s has no end", chart)
		}
	}
	if got := text(tab, "#flood"); got != "Stop" {
		t.Errorf("during a flood the button says %q", got)
	}
	tab.Click("#flood")
	tab.Wait(`document.querySelector("#flood").textContent == "Flood"`)
	tab.Wait(`!(` + fast + `)`)
	if got := len(lines(tab, "received")); got != 2 {
		t.Errorf("the flood's messages stand in the log: %d lines", got)
	}
}

// While reading is paused a message waits in the queue.
func pause(t *testing.T, tab *chrome.Tab) {
	tab.Click("#pause")
	tab.Wait(`document.querySelector("#pause").ariaPressed == "true"`)
	tab.Click("#send")
	tab.Wait(`document.querySelector("#unread-chart .value").textContent == "5 B"`)
	if got := len(lines(tab, "received")); got != 2 {
		t.Errorf("though paused, %d messages were read", got)
	}
	tab.Click("#pause")
	waitLines(tab, "received", "3")
	tab.Wait(`document.querySelector("#unread-chart .value").textContent == "0 B"`)
}

func closeWithCode(t *testing.T, tab *chrome.Tab) {
	tab.Type("#code", "4001")
	tab.Type("#reason", "bye")
	tab.Click("#connect")
	waitState(tab, "closed")
	if got := text(tab, "#why"); !strings.Contains(got, "closed by this side: status 4001") {
		t.Errorf("closed: %q", got)
	}
	if chrome.Eval[string](tab, `document.querySelector("#why").dataset.failed`) != "false" {
		t.Error("a clean close is shown as a failure")
	}
	// The button has had the focus all the while, for those who use no mouse.
	if got := chrome.Eval[string](tab, "document.activeElement.id"); got != "connect" {
		t.Errorf("the focus is on %q", got)
	}
}

func refused(t *testing.T, tab *chrome.Tab) {
	to := "ws" + strings.TrimPrefix(origin, "http") + "/refuse?status=403"
	tab.Type("#url", to+"\r")
	tab.Wait(`document.querySelector("#why").dataset.failed == "true"`)
	waitState(tab, "closed")
	why := text(tab, "#why")
	if !strings.HasPrefix(why, "ws: dial: ") || !strings.Contains(why, to) {
		t.Errorf("refused: %q", why)
	}
	if got := strings.Join(lines(tab, "problem"), "\n"); got != "||closed: "+why {
		t.Errorf("the log says %q", got)
	}
	tab.WaitError("403") // the browser's own complaint
}

// A click takes the connection along, and back.
func TestSwitchWhileOpen(t *testing.T) {
	tab := open(t)
	tab.Click("#connect")
	waitState(tab, "open")
	for i, home := range []string{"worker", "window"} {
		tab.Click("label:has(#home-" + home + ")")
		waitState(tab, "open")
		tab.Type("#text", home+"\r")
		waitLines(tab, "received", []string{"1", "2"}[i])
		if got := lines(tab, "received")[i]; !strings.HasSuffix(got, "|"+home) {
			t.Errorf("received %q", got)
		}
	}
}

func TestSubprotocol(t *testing.T) {
	tab := open(t)
	tab.Type("#url", "ws"+strings.TrimPrefix(origin, "http")+"/echo?choose=superchat")
	tab.Type("#subprotocols", "chat, superchat\r")
	waitState(tab, "open")
	if got := text(tab, "#why"); !strings.HasSuffix(got, ", subprotocol superchat") {
		t.Errorf("open: %q", got)
	}
}

// 1,000 messages at once are counted, and the log stays short.
func TestLogIsBounded(t *testing.T) {
	tab := open(t)
	tab.Type("#url", "ws"+strings.TrimPrefix(origin, "http")+"/flood?n=1000&size=16&code=1000\r")
	waitState(tab, "closed")
	tab.Wait(`document.querySelector("#lines").lastElementChild.textContent.includes("closed: ")`)
	if n := chrome.Eval[int](tab, `document.querySelector("#lines").childElementCount`); n != 200 {
		t.Errorf("the log has %d lines", n)
	}
	if end := chrome.Eval[bool](tab, `(log => log.scrollTop + log.clientHeight >= log.scrollHeight - 2)(document.querySelector("#log"))`); !end {
		t.Error("the log does not show its end")
	}
	tab.Click("#clear")
	tab.Wait(`document.querySelector("#lines").childElementCount == 0 && !document.querySelector("#empty").hidden`)
}
