//go:build !js

package wasmtest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/api/apitest"
)

// standardList is the file that says which test tests which rule of the
// standard. The tests that it names must exist; tools/standard checks its own.
const standardList = "STANDARD.md"

// listed returns the names of the tests in the list that begin with prefix.
func listed(t *testing.T, prefix string) []string {
	t.Helper()
	p, err := os.ReadFile(standardList)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(string(p), -1) {
		if name, ok := strings.CutPrefix(m[1], prefix); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s names no test that begins with %s", standardList, prefix)
	}
	return names
}

// listedRules returns the names of the subtests of TestStandard in the js
// build.
func listedRules(t *testing.T) []string { return listed(t, "TestStandard/") }

// TestListNamesCasesOfTheSuite checks that the cases of package apitest in the
// list exist; those of TestStandard are checked where they run.
func TestListNamesCasesOfTheSuite(t *testing.T) {
	names := apitest.Names()
	for _, name := range listed(t, "TestConformance/page/") {
		if !slices.Contains(names, name) {
			t.Errorf("there is no case %s", name)
		}
	}
}
