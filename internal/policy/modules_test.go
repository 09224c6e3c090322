package policy

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"testing"
)

// requirements are all modules that the root go.mod requires, and what for. A
// user's go.sum lists each.
var requirements = map[string]string{
	"github.com/hack-pad/safejs":    "run-time, in a page: JavaScript's values",
	"github.com/klauspost/compress": "run-time, natively: deflate, for permessage-deflate",
	"golang.org/x/net":              "run-time, natively: idna, so that both homes dial the same name",
	"golang.org/x/text":             "run-time, natively: what idna is made of",
	"nhooyr.io/websocket":           "tests: the independent peer",
}

// runtime are the modules of requirements that a program which imports the
// library really gets, in each home.
var runtime = map[home][]string{
	js:     {"github.com/hack-pad/safejs", module},
	native: {"github.com/klauspost/compress", module, "golang.org/x/net", "golang.org/x/text"},
}

func TestRequirements(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct{ Path string }
		Replace []struct{ Old struct{ Path string } }
		Tool    []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range mod.Require {
		got = append(got, r.Path)
	}
	slices.Sort(got)
	if want := slices.Sorted(maps.Keys(requirements)); !slices.Equal(got, want) {
		t.Errorf("go.mod requires %q, want exactly %q", got, want)
	}
	if len(mod.Replace)+len(mod.Tool) > 0 {
		t.Errorf("go.mod replaces %v and names tools %v: neither belongs into a library's", mod.Replace, mod.Tool)
	}
}

func TestRuntimeModules(t *testing.T) {
	for _, h := range homes {
		mods := map[string]bool{}
		for _, p := range goList(t, h, "-deps", ".") {
			if p.Module != nil {
				mods[p.Module.Path] = true
			}
		}
		if got := slices.Sorted(maps.Keys(mods)); !slices.Equal(got, runtime[h]) {
			t.Errorf("%s: a program gets the modules %q, want exactly %q", h.name, got, runtime[h])
		}
	}
}
