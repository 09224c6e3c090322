package chrome

import (
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Size gives the tab a window of so many CSS pixels, each of which is a pixel
// of a Screenshot.
func (p *Tab) Size(width, height int64) {
	p.t.Helper()
	p.run("changing the size", chromedp.EmulateViewport(width, height))
}

// Dark says whether the user prefers dark pages (prefers-color-scheme).
func (p *Tab) Dark(on bool) {
	p.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p.run("choosing colours", emulation.SetEmulatedMedia().
		WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}
