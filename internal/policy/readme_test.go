package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The README's example is a program that is compiled and run, not one that was once.
func TestExampleInReadme(t *testing.T) {
	readme := read(t, "README.md")
	example := read(t, "examples", "echo", "main.go")
	if !strings.Contains(readme, "\n```go\n"+example+"```\n") {
		t.Error("README.md does not show examples/echo/main.go as it is: copy it there between ```go and ```")
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
