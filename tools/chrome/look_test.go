package chrome_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

func TestSize(t *testing.T) {
	tab := browser.Open(t, "about:blank")
	tab.Size(390, 844)
	if got := chrome.Eval[[2]int](tab, `[innerWidth, innerHeight]`); got != [2]int{390, 844} {
		t.Errorf("the page has %v pixels, want 390 by 844", got)
	}
	file := filepath.Join(t.TempDir(), "small.png")
	tab.Screenshot(file)
	p, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(p)); err != nil || c.Width != 390 || c.Height != 844 {
		t.Errorf("the screenshot has %d by %d pixels, %v", c.Width, c.Height, err)
	}
}

func TestDark(t *testing.T) {
	tab := browser.Open(t, "about:blank")
	for _, dark := range []bool{true, false} {
		tab.Dark(dark)
		if got := chrome.Eval[bool](tab, `matchMedia("(prefers-color-scheme: dark)").matches`); got != dark {
			t.Errorf("told dark %v, the page prefers dark %v", dark, got)
		}
	}
}
