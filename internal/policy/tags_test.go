package policy

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goFiles returns the paths of the module's Go files, relative to its root.
// Modules nested in it are their own.
func goFiles(t *testing.T) []string {
	t.Helper()
	files := goFilesBelow(t, root)
	if len(files) < 10 {
		t.Fatalf("only %d Go files found: the walk is wrong", len(files))
	}
	return files
}

// goFilesBelow returns the paths of the Go files of the module in dir, relative
// to root.
func goFilesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir:
			if strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin" {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir
			}
		case strings.HasSuffix(path, ".go"):
			rel, err := filepath.Rel(root, path)
			files = append(files, filepath.ToSlash(rel))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// buildLine returns the file's //go:build expression, nil when it has none.
func buildLine(file string, src []byte) (constraint.Expr, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return nil, err
	}
	for _, g := range f.Comments {
		if x, err := constraintOf(g); x != nil || err != nil {
			return x, err
		}
	}
	return nil, nil
}

func constraintOf(g *ast.CommentGroup) (constraint.Expr, error) {
	for _, c := range g.List {
		if constraint.IsGoBuild(c.Text) {
			return constraint.Parse(c.Text)
		}
	}
	return nil, nil
}

// A reader of a file list sees which home a file belongs to, and a reader of
// the file sees it again. Everything else is written once, for both homes.
func TestBuildTags(t *testing.T) {
	for _, file := range goFiles(t) {
		src, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		x, err := buildLine(file, src)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if why := wrongTags(file, x); why != "" {
			t.Errorf("%s: %s", file, why)
		}
	}
}

// wrongTags says what is wrong with a file's name and constraint together.
func wrongTags(file string, x constraint.Expr) string {
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".go"), "_test")
	if x == nil {
		x = &constraint.TagExpr{Tag: "anywhere"} // holds in every build below
	}
	inJS, inNative := holds(x, js), holds(x, native)
	switch {
	case strings.HasSuffix(name, "_js"):
		if !inJS || inNative {
			return "ends in _js: it needs a line //go:build js && wasm"
		}
	case strings.HasSuffix(name, "_native"):
		if inJS {
			return "ends in _native: it needs a line //go:build !js"
		}
	case inJS != inNative:
		return "is for one home alone: its name must end in _js or _native"
	case !inJS:
		return "is for neither home: no build that is checked here compiles it"
	}
	return ""
}

// holds reports whether a file with constraint x is in a home's build, with
// every tag that is not about the platform (race, say) taken as set.
func holds(x constraint.Expr, h home) bool {
	platform := map[string]bool{
		"js": false, "wasm": false, "wasip1": false, "linux": false, "amd64": false, "arm64": false, "darwin": false,
		"windows": false, "unix": false, "freebsd": false, "cgo": false,
	}
	platform[h.goos], platform[h.goarch] = true, true
	platform["unix"], platform["cgo"] = h == native, h == native
	return x.Eval(func(tag string) bool {
		v, known := platform[tag]
		return v || !known
	})
}

func TestWrongTags(t *testing.T) {
	for _, tt := range []struct {
		file, line string
		ok         bool
	}{
		{"ws.go", "", true},
		{"ws_js.go", "//go:build js && wasm", true},
		{"ws_js_test.go", "//go:build js && wasm", true},
		{"ws_native.go", "//go:build !js", true},
		{"park_native.go", "//go:build linux", true},
		{"park_native.go", "//go:build !js && !unix", true},
		{"ws_js.go", "", false},
		{"ws_native.go", "", false},
		{"ws_native_test.go", "//go:build js", false},
		{"ws.go", "//go:build js && wasm", false},
		{"ws.go", "//go:build !js", false},
		{"ws.go", "//go:build linux", false},
		{"race.go", "//go:build race", true},
		{"ws.go", "//go:build js && linux", false},
	} {
		src := []byte(tt.line + "\n\npackage x\n")
		x, err := buildLine(tt.file, src)
		if err != nil {
			t.Fatal(err)
		}
		if got := wrongTags(tt.file, x); (got == "") != tt.ok {
			t.Errorf("%s with %q: %q, want ok = %v", tt.file, tt.line, got, tt.ok)
		}
	}
}
