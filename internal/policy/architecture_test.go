package policy

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// others are names in ARCHITECTURE.md that no Go file declares: those of
// JavaScript, of build constraints, of other modules.
var others = []string{
	"GOOS=js GOARCH=wasm", "bufferedAmount", "safejs", "klauspost/compress", "//go:build", "_js.go", "_native.go",
	"wasm_exec_node.js", "go.sum", "map[string][]string", "constant", "protected by mu", "protected by reading", "homes run HOME PROGRAM",
	"AppendX(dst, x)", "ParseX(src)",
}

// span is a code span of Markdown, block a fenced block.
var (
	fenced = regexp.MustCompile("(?ms)^```.*?^```\n")
	span   = regexp.MustCompile("`([^`\n]+)`")
)

// What ARCHITECTURE.md names between backquotes exists: a file or folder of the
// repository, a package of the standard library, a target of make, or an
// identifier that a Go file declares. A qualified one, engine.Conn.mu, is the
// member of that type of that package. In code blocks only qualified names,
// such as frame.ParseHeader, are looked at. Every package of this module is
// named.
func TestArchitectureIsTrue(t *testing.T) {
	known := declared(t)
	text := read(t, "ARCHITECTURE.md")
	for pkg := range layers {
		if !strings.Contains(text, "`"+pkg+"`") {
			t.Errorf("ARCHITECTURE.md does not name the package %s: give it a row in the table of layers", pkg)
		}
	}
	prose := fenced.ReplaceAllString(text, "")
	spans := span.FindAllStringSubmatch(prose, -1)
	if len(spans) < 200 {
		t.Fatalf("only %d code spans found: the expression is wrong", len(spans))
	}
	for _, m := range spans {
		if !slices.Contains(others, m[1]) && !known.exists(m[1]) {
			t.Errorf("ARCHITECTURE.md names `%s`, which does not exist", m[1])
		}
	}
	for _, name := range others {
		if !strings.Contains(prose, "`"+name+"`") {
			t.Errorf("ARCHITECTURE.md does not name `%s` any more: take it off the list", name)
		}
	}
	qualified := regexp.MustCompile(`\b(engine|frame|browser)\.[A-Z]\w+(\.\w+)?`)
	calls := qualified.FindAllString(strings.Join(fenced.FindAllString(text, -1), ""), -1)
	if len(calls) == 0 {
		t.Fatal("no code block names a function")
	}
	for _, name := range calls {
		if !known.exists(name) {
			t.Errorf("a code block of ARCHITECTURE.md names %s, which does not exist", name)
		}
	}
}

// names are the identifiers that the repository's Go files declare, tests
// included: "Conn", "engine.Conn", "Conn.mu", "engine.Conn.mu". imports are the
// packages that they import.
type names struct {
	declared map[string]bool
	imports  map[string]bool
	targets  []string // of make
}

func declared(t *testing.T) names {
	t.Helper()
	n := names{map[string]bool{}, map[string]bool{}, nil}
	for _, file := range slices.Concat(goFiles(t), nestedGoFiles(t)) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		n.add(f)
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		n.targets = append(n.targets, m[1])
	}
	return n
}

// add adds what a file declares at its top level, and the fields of its types.
func (n names) add(f *ast.File) {
	pkg := strings.TrimSuffix(f.Name.Name, "_test")
	n.declared[pkg] = true
	for _, i := range f.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			n.imports[p] = true
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			n.function(pkg, d)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				n.spec(pkg, s)
			}
		}
	}
}

func (n names) function(pkg string, d *ast.FuncDecl) {
	if d.Recv == nil {
		n.name(pkg, "", d.Name)
		return
	}
	n.name(pkg, strings.TrimPrefix(text(d.Recv.List[0].Type), "*"), d.Name)
}

func (n names) spec(pkg string, s ast.Spec) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, id := range s.Names {
			n.name(pkg, "", id)
		}
	case *ast.TypeSpec:
		n.name(pkg, "", s.Name)
		switch x := s.Type.(type) {
		case *ast.StructType:
			n.members(pkg, s.Name.Name, x.Fields)
		case *ast.InterfaceType:
			n.members(pkg, s.Name.Name, x.Methods)
		}
	}
}

func (n names) members(pkg, of string, list *ast.FieldList) {
	for _, f := range list.List {
		for _, id := range f.Names {
			n.name(pkg, of, id)
		}
		if len(f.Names) == 0 { // embedded: named like its type
			typ := strings.TrimPrefix(text(f.Type), "*")
			n.name(pkg, of, ast.NewIdent(typ[strings.LastIndex(typ, ".")+1:]))
		}
	}
}

// name adds an identifier, a member of the type of unless that is "".
func (n names) name(pkg, of string, id *ast.Ident) {
	n.declared[id.Name] = true
	full := id.Name
	if of != "" {
		full = of + "." + id.Name
	}
	n.declared[full] = true
	n.declared[pkg+"."+full] = true
}

// exists reports whether s, a code span, is the name of something.
func (n names) exists(s string) bool {
	if target, ok := strings.CutPrefix(s, "make "); ok {
		return slices.Contains(n.targets, target)
	}
	if args, ok := strings.CutPrefix(s, "go test ./"); ok {
		dir, _, _ := strings.Cut(args, " ")
		return isFile(dir)
	}
	name := strings.TrimPrefix(s, "*")
	name = regexp.MustCompile(`\([a-z, ]*\)$`).ReplaceAllString(name, "")
	name = strings.TrimPrefix(name, module+"/")
	return isFile(name) || n.declared[name] || name == module || n.standard(name)
}

// standard reports whether s is a package of the standard library, or an
// identifier of one that the repository's files import.
func (n names) standard(s string) bool {
	if pkg, _, ok := strings.Cut(s, "."); ok {
		for p := range n.imports {
			if path.Base(p) == pkg && inStd(p) {
				return true
			}
		}
		return false
	}
	return inStd(s)
}

func inStd(p string) bool {
	found, err := build.Import(p, "", build.FindOnly)
	if err != nil || !found.Goroot {
		return false
	}
	_, err = os.Stat(found.Dir)
	return err == nil
}

func isFile(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

func TestNamesExist(t *testing.T) {
	known := declared(t)
	for s, want := range map[string]bool{
		"internal/engine": true, "internal/engines": false,
		"internal/engine/close.go": true, "internal/engine/closed.go": false,
		"engine.Conn.mu": true, "engine.Conn.nu": false, "Conn.mu": true, "Clock.wire": false,
		"endOnce": true, "endTwice": false, "*CloseError": true,
		"net/http": true, "net/https": false, "net.Conn": true, "not.Conn": false,
		"make size": true, "make sizes": false, "go test ./internal/policy -update": true, "go test ./policy": false,
	} {
		if got := known.exists(s); got != want {
			t.Errorf("%s exists: %v, want %v", s, got, want)
		}
	}
}
