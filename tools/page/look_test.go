package page_test

import (
	_ "embed"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

// lookScript defines what is looked at in every browser.
//
//go:embed testdata/look.js
var lookScript string

var shots = flag.String("shots", "", "a folder to keep the pictures of the page in, to look at")

// picture is what the tab shows.
func picture(t *testing.T, tab *chrome.Tab, name string) image.Image {
	t.Helper()
	dir := *shots
	if dir == "" {
		dir = t.TempDir()
	}
	file := filepath.Join(dir, name+".png")
	tab.Screenshot(file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// brightness is of a pixel, from 0 to 255.
func brightness(c color.Color) int { return int(color.GrayModel.Convert(c).(color.Gray).Y) }

// colours counts those of every third pixel of every third row, which is enough
// to tell a page from a blank one.
func colours(img image.Image) int {
	const step = 3
	seen := map[color.Color]bool{}
	for y := 0; y < img.Bounds().Dy(); y += step {
		for x := 0; x < img.Bounds().Dx(); x += step {
			seen[img.At(x, y)] = true
		}
	}
	return len(seen)
}

// look is what look.js finds wrong.
type look struct{ Faint, Uneven, Cut []string }

func checkLook(t *testing.T, name string, l look) {
	t.Helper()
	if len(l.Faint) > 0 {
		t.Errorf("%s: hard to read (WCAG 2.2, 1.4.3 wants 4.5): %s", name, strings.Join(l.Faint, ", "))
	}
	if len(l.Uneven) > 0 {
		t.Errorf("%s: not in line: %s", name, strings.Join(l.Uneven, "; "))
	}
	if len(l.Cut) > 0 {
		t.Errorf("%s: text that does not fit: %s", name, strings.Join(l.Cut, ", "))
	}
}

func TestLooks(t *testing.T) {
	tab := open(t)
	tab.Do(lookScript)
	tab.Click("#connect")
	waitState(tab, "open")
	tab.Click("#send")
	waitLines(tab, "received", "1")
	tab.Click("#flood")
	tab.Wait(`document.querySelector("#rate-chart .curve").getAttribute("d").split("C").length > 15`)
	tab.Click("#flood")
	for _, tt := range []struct {
		name          string
		dark          bool
		width, height int
	}{
		{"light", false, 1280, 900}, {"dark", true, 1280, 900}, {"light phone", false, 390, 844}, {"dark phone", true, 320, 640},
	} {
		tab.Size(int64(tt.width), int64(tt.height))
		tab.Dark(tt.dark)
		tab.Do("scrollTo(0, 0)")
		img := picture(t, tab, tt.name)
		if b := img.Bounds(); b.Dx() != tt.width || b.Dy() != tt.height {
			t.Errorf("%s: the picture has %v", tt.name, b)
		}
		// Letters with smooth edges alone make dozens of colours.
		if n := colours(img); n < 60 {
			t.Errorf("%s: only %d colours: is it blank?", tt.name, n)
		}
		if b := brightness(img.At(2, 2)); tt.dark != (b < 60) || !tt.dark != (b > 200) {
			t.Errorf("%s: the background's brightness is %d", tt.name, b)
		}
		if over := chrome.Eval[int](tab, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			t.Errorf("%s: the page is %d pixels wider than the window", tt.name, over)
		}
		checkLook(t, tt.name, chrome.Eval[look](tab, "({faint: faint(), uneven: uneven(), cut: cut()})"))
	}
}

// Every control has a name that a screen reader says, and no two elements
// share an id.
func TestNames(t *testing.T) {
	tab := open(t)
	nameless := chrome.Eval[[]string](tab, `[...document.querySelectorAll("input, textarea, button, [role=log], [role=radiogroup], section")]
		.filter(e => !(e.labels?.length || e.ariaLabel || e.getAttribute("aria-labelledby") || e.tagName == "BUTTON" && e.textContent.trim()))
		.map(e => e.outerHTML)`)
	if len(nameless) > 0 {
		t.Errorf("without a name: %q", nameless)
	}
	missing := chrome.Eval[[]string](tab, `[...document.querySelectorAll("[aria-labelledby], [aria-describedby], label[for]")]
		.flatMap(e => ["aria-labelledby", "aria-describedby", "for"].flatMap(a => (e.getAttribute(a) ?? "").split(" ")))
		.filter(id => id && !document.getElementById(id))`)
	twice := chrome.Eval[[]string](tab, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) < i)`)
	if len(missing)+len(twice) > 0 {
		t.Errorf("ids that nothing has: %q; that two have: %q", missing, twice)
	}
}

// The page runs under a policy that lets neither eval nor inline scripts and
// styles through, and uses none.
func TestPolicy(t *testing.T) {
	tab := open(t)
	policy := chrome.Eval[string](tab, `document.querySelector("meta[http-equiv=Content-Security-Policy]").content`)
	if !strings.Contains(policy, "script-src 'self' 'wasm-unsafe-eval'") || strings.Contains(policy, "unsafe-inline") {
		t.Errorf("the policy is %q", policy)
	}
	// DevTools' own evaluation is not bound by the policy, what it sets off is.
	tab.Do(`const s = document.createElement("script"); s.textContent = "self.inline = true"; document.head.append(s);`)
	tab.WaitError("inline script")
	if chrome.Eval[bool](tab, "!!self.inline") {
		t.Error("an inline script was run")
	}
	inline := chrome.Eval[int](tab, `document.querySelectorAll("[style], style, script:not([src]), [onclick]").length`)
	if inline != 1 { // the one above
		t.Errorf("%d elements with inline scripts or styles", inline-1)
	}
}
