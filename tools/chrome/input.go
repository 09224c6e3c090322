package chrome

import (
	"context"
	"encoding/json"
	"os"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Click clicks, with the mouse, into the middle of the element that a CSS
// selector finds first. It waits until there is one to be seen that is neither
// disabled nor covered by another.
func (p *Tab) Click(selector string) {
	p.t.Helper()
	at := "(" + locate + ")(" + quote(selector) + ")"
	p.Wait(at)
	xy := Eval[[2]float64](p, at)
	p.run("clicking "+selector, chromedp.MouseClickXY(xy[0], xy[1]))
}

// locate returns where to click an element, null where that is not possible.
const locate = `selector => {
	const e = document.querySelector(selector);
	if (!e || e.disabled) return null;
	e.scrollIntoView({block: "center", behavior: "instant"});
	const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
	const top = document.elementFromPoint(x, y);
	return top && (e.contains(top) || top.contains(e) && top.tagName == "LABEL") ? [x, y] : null;
}`

// Type clicks into the element that a CSS selector finds first, as into a
// field, selects what is in it, and types text in its place, key by key.
func (p *Tab) Type(selector, text string) {
	p.t.Helper()
	p.Click(selector)
	p.Do("document.querySelector(" + quote(selector) + ").select?.()")
	p.run("typing into "+selector, chromedp.KeyEvent(text))
}

// Screenshot writes what the tab shows to a PNG file. It brings the tab to the
// front, since one behind others need not be drawn at all.
func (p *Tab) Screenshot(file string) {
	p.t.Helper()
	var png []byte
	p.run("taking a screenshot", page.BringToFront(), chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(file, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Offline cuts the tab off the network, or joins it again, as DevTools does:
// new requests fail and navigator.onLine tells. WebSockets that are open stay
// so.
func (p *Tab) Offline(off bool) {
	p.t.Helper()
	const unlimited = -1 // bytes a second
	all := []*network.Conditions{{DownloadThroughput: unlimited, UploadThroughput: unlimited}}
	p.run("going offline", network.OverrideNetworkState(off, 0, unlimited, unlimited),
		chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := network.EmulateNetworkConditionsByRule(off, all).Do(ctx)
			return err
		}))
}

// quote makes a JavaScript string of s.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has JSON
	}
	return string(b)
}
