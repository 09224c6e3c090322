package policy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoBinaries looks for files that were committed by mistake, such as what
// go build writes: the only binary file is the glue.
func TestNoBinaries(t *testing.T) {
	cmd := exec.Command("git", "ls-files", "-z")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		p, err := os.ReadFile(filepath.Join(cmd.Dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		if bytes.IndexByte(p, 0) >= 0 && name != "glue.wasm" {
			t.Errorf("%s is a binary file of %d bytes", name, len(p))
		}
	}
}
