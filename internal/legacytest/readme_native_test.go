//go:build !js

package legacytest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/twinws/ws/legacy"
)

// The table of README.md names every version, and the peers that TestPeers has
// for it.
func TestReadmeTable(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []legacy.Draft{rfc6455, hybi10, hybi07, hixie76, hixie75} {
		row := fmt.Sprintf("| %s | %s |", named(d, "client"), named(d, "server"))
		found := false
		for line := range strings.Lines(string(readme)) {
			found = found || strings.HasPrefix(line, "| "+d.String()+" ") && strings.HasSuffix(line, row+"\n")
		}
		if !found {
			t.Errorf("README.md has no row of %v that ends with\n%s", d, row)
		}
	}
}

// named are the peers that speak d in a role, with their versions.
func named(d legacy.Draft, role string) string {
	var names []string
	for _, p := range peers {
		if p.speaks(d, role) {
			names = append(names, p.name+" "+p.version)
		}
	}
	return strings.Join(names, ", ")
}
