package policy

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/twinws/ws"

// root is the module's folder, seen from this package's.
var root = filepath.Join("..", "..")

// home is one of the two builds that every rule is checked in.
type home struct{ name, goos, goarch string }

var (
	js     = home{"js", "js", "wasm"}
	native = home{"native", "linux", "amd64"}
	homes  = []home{js, native}
)

// pkg is what go list says of a package.
type pkg struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
	Module       *struct{ Path string }
}

// goList runs go list at the module's root for a home.
func goList(t *testing.T, h home, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,TestImports,XTestImports,Module"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+h.goos, "GOARCH="+h.goarch)
	out, err := cmd.Output()
	if err != nil {
		text := ""
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			text = string(e.Stderr)
		}
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	var pkgs []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) == 0 {
		t.Fatalf("%v lists nothing: the rule would hold of itself", cmd.Args)
	}
	return pkgs
}

// short is a package's path within the module, "ws" for its root, and "" for a
// package of another module.
func short(path string) string {
	if path == module {
		return "ws"
	}
	s, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	return s
}
