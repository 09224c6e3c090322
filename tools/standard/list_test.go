package standard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestListIsComplete compares the list of rules with the tests of this package.
func TestListIsComplete(t *testing.T) {
	p, err := os.ReadFile("../../wasm_test/STANDARD.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("`tools/standard\\.(\\w+)`").FindAllStringSubmatch(string(p), -1) {
		listed = append(listed, m[1])
	}
	have := tests(t)
	for _, name := range listed {
		if !slices.Contains(have, name) {
			t.Errorf("the list names %s, which is not here", name)
		}
	}
	for _, name := range have {
		if !slices.Contains(listed, name) && name != t.Name() {
			t.Errorf("%s is not in the list", name)
		}
	}
}

// tests are the names of this package's tests.
func tests(t *testing.T) []string {
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	var names []string
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") && fn.Name.Name != "TestMain" {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}
