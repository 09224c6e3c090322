package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// excerpt is a Go block of the README that says which file it is from.
var excerpt = regexp.MustCompile("(?s)<!-- from (\\S+) -->\n```go\n(.*?)```\n")

// The README's programs are compiled and tested, not ones that were once.
func TestExcerptsInReadme(t *testing.T) {
	readme := read(t, "README.md")
	whole := false
	for _, m := range excerpt.FindAllStringSubmatch(readme, -1) {
		file, text := m[1], m[2]
		source := read(t, filepath.FromSlash(file))
		if !strings.Contains("\n"+source, "\n"+text) {
			t.Errorf("README.md has an excerpt that is no longer in %s: copy it again\n%s", file, text)
		}
		whole = whole || file == "examples/echo/main.go" && text == source
	}
	if !whole {
		t.Error("README.md does not show examples/echo/main.go as it is")
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
