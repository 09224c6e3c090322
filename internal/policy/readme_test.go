package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// excerpt is a block of the README that says which file it is from.
var excerpt = regexp.MustCompile("(?s)<!-- from (\\S+) -->\n```\\w+\n(.*?)```\n")

// The README's programs and configurations are tested, not ones that were once.
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

// A block that is not checked says that it is from a file, and is not: the
// pattern has to find each.
func TestExcerptsAreFound(t *testing.T) {
	readme := read(t, "README.md")
	if said, found := strings.Count(readme, "<!-- from "), len(excerpt.FindAllString(readme, -1)); said != found {
		t.Errorf("README.md has %d blocks from files, of which %d are checked", said, found)
	}
}

// What is tested in front of a server is what the README shows: something of
// each configuration that a user writes.
func TestProxiesInReadme(t *testing.T) {
	const dir = "internal/roads/testdata/front"
	shown := map[string]bool{}
	for _, m := range excerpt.FindAllStringSubmatch(read(t, "README.md"), -1) {
		shown[m[1]] = true
	}
	files, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := dir + "/" + f.Name(); !strings.Contains(name, ".main") && !shown[name] {
			t.Errorf("README.md shows nothing of %s", name)
		}
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
