package policy

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the lists api/*.txt from the source")

// The public packages, by folder.
var public = []string{".", "api"}

const (
	portableHead = "# What a program may use in both homes, on a machine and in a page.\n"
	nativeHead   = "# What a program may use natively alone: in a js build it does not compile.\n"
	legacyHead   = "# What a program may use of package legacy, natively.\n"
	wsjsonHead   = "# What a program may use of package wsjson, in both homes.\n"
	wstestHead   = "# What a test may use of package wstest, natively.\n"
	wsnetHead    = "# What a program may use of package wsnet natively. In a page all but what begins with or belongs to\n# Listener, ListenerOptions, NewListener and DefaultBacklog.\n"
	howHead      = "# Checked, and with -update written, by go test ./internal/policy\n\n"
)

// Both homes declare the same, from the same files; what only one has is the
// native home's, and stands in a list of its own.
func TestPortable(t *testing.T) {
	inJS, inNative := exported(t, js), exported(t, native)
	for d, file := range inJS {
		switch other, ok := inNative[d]; {
		case !ok:
			t.Errorf("%s: %q is in the js build alone: a program that uses it is not portable", file, d)
		case other != file:
			t.Errorf("%q stands in %s and in %s: say it once, in a file of both", d, file, other)
		}
	}
	maps.DeleteFunc(inNative, func(d, _ string) bool { return inJS[d] != "" })
	golden(t, "portable.txt", portableHead, inJS)
	golden(t, "native.txt", nativeHead, inNative)
}

// A package that a program imports besides the root has a list of its own.
func TestAPIOfPackages(t *testing.T) {
	for pkg, head := range map[string]string{"legacy": legacyHead, "wsjson": wsjsonHead, "wstest": wstestHead} {
		decls, err := declarations(filepath.Join(root, pkg), native)
		if err != nil {
			t.Fatal(err)
		}
		if len(decls) < 10 {
			t.Fatalf("%s: only %d exported declarations found", pkg, len(decls))
		}
		golden(t, pkg+".txt", head, decls)
	}
}

// What a page and a machine share of wsjson is all of it.
func TestWsjsonIsPortable(t *testing.T) {
	inJS, err := declarations(filepath.Join(root, "wsjson"), js)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "wsjson.txt", wsjsonHead, inJS)
}

// Package wsnet has a list of its own. A page has the same, from the same
// files, without the Listener.
func TestWsnetAPI(t *testing.T) {
	inNative, err := declarations(filepath.Join(root, "wsnet"), native)
	if err != nil {
		t.Fatal(err)
	}
	inJS, err := declarations(filepath.Join(root, "wsnet"), js)
	if err != nil {
		t.Fatal(err)
	}
	for d, file := range inNative {
		if here := strings.HasSuffix(file, "listener_native.go"); here == (inJS[d] != "") {
			t.Errorf("%s: %q: is it of the native home alone? %v", file, d, inJS[d] == "")
		}
	}
	for d, file := range inJS {
		if inNative[d] != file {
			t.Errorf("%s: %q is not in the native build", file, d)
		}
	}
	golden(t, "wsnet.txt", wsnetHead, inNative)
}

// exported returns the exported declarations of the public packages in a home,
// each with the file it stands in.
func exported(t *testing.T, h home) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range public {
		decls, err := declarations(filepath.Join(root, dir), h)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, decls)
	}
	if len(all) < 50 {
		t.Fatalf("%s: only %d exported declarations found", h.name, len(all))
	}
	return all
}

// golden compares declarations with a file of api, or writes it.
func golden(t *testing.T, name, head string, decls map[string]string) {
	t.Helper()
	got := head + howHead
	for _, d := range slices.Sorted(maps.Keys(decls)) {
		got += d + "\n"
	}
	path := filepath.Join(root, "api", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := read(t, "api", name)
	if got == want {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, l := range gotLines {
		if !slices.Contains(wantLines, l) {
			t.Errorf("api/%s lacks: %s", name, l)
		}
	}
	for _, l := range wantLines {
		if !slices.Contains(gotLines, l) {
			t.Errorf("api/%s has what the source lacks: %s", name, l)
		}
	}
	t.Errorf("api/%s is not what the source declares: if that is meant, run go test ./internal/policy -update", name)
}
