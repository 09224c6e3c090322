package policy

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// declarations returns the exported declarations of the package in dir as a
// home compiles it, one line each as in Go's own api folder, with the file of
// each.
func declarations(dir string, h home) (map[string]string, error) {
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = h.goos, h.goarch, false
	p, err := ctx.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	lines := map[string]string{}
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, l := range fileDeclarations(f) {
			lines["pkg "+f.Name.Name+", "+l] = name
		}
	}
	return lines, nil
}

// fileDeclarations returns the exported declarations of one file.
func fileDeclarations(f *ast.File) []string {
	var lines []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			lines = append(lines, function(d)...)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					lines = append(lines, typeSpec(s)...)
				case *ast.ValueSpec:
					lines = append(lines, values(d.Tok, s)...)
				}
			}
		}
	}
	return lines
}

func function(d *ast.FuncDecl) []string {
	sig := strings.TrimPrefix(text(d.Type), "func")
	switch {
	case !d.Name.IsExported():
		return nil
	case d.Recv == nil:
		return []string{"func " + d.Name.Name + sig}
	}
	recv := text(d.Recv.List[0].Type)
	if !token.IsExported(strings.TrimPrefix(recv, "*")) {
		return nil
	}
	return []string{"method (" + recv + ") " + d.Name.Name + sig}
}

// typeSpec returns a line for the type, and one for each exported field or
// method.
func typeSpec(s *ast.TypeSpec) []string {
	if !s.Name.IsExported() {
		return nil
	}
	head := "type " + s.Name.Name
	if s.Assign.IsValid() {
		return []string{head + " = " + text(s.Type)}
	}
	switch x := s.Type.(type) {
	case *ast.StructType:
		return append([]string{head + " struct"}, fields(head+" struct, ", x.Fields)...)
	case *ast.InterfaceType:
		return append([]string{head + " interface"}, fields(head+" interface, ", x.Methods)...)
	}
	return []string{head + " " + text(s.Type)}
}

func fields(head string, list *ast.FieldList) []string {
	var lines []string
	for _, f := range list.List {
		if len(f.Names) == 0 {
			lines = append(lines, head+"embeds "+text(f.Type))
		}
		for _, n := range f.Names {
			if !n.IsExported() {
				continue
			}
			if sig, ok := f.Type.(*ast.FuncType); ok && strings.Contains(head, " interface, ") {
				lines = append(lines, head+n.Name+strings.TrimPrefix(text(sig), "func"))
				continue
			}
			lines = append(lines, head+n.Name+" "+text(f.Type))
		}
	}
	return lines
}

// values returns constants with their values, and variables without theirs,
// which are no promise.
func values(tok token.Token, s *ast.ValueSpec) []string {
	var lines []string
	for i, n := range s.Names {
		if !n.IsExported() {
			continue
		}
		l := tok.String() + " " + n.Name
		if s.Type != nil {
			l += " " + text(s.Type)
		}
		if tok == token.CONST && i < len(s.Values) {
			l += " = " + text(s.Values[i])
		}
		lines = append(lines, l)
	}
	return lines
}

// text prints a node on one line.
func text(n ast.Node) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), n); err != nil {
		return fmt.Sprintf("%T: %v", n, err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestFileDeclarations(t *testing.T) {
	const src = `package p
type T struct { A, b int; C string; embedded.X }
type I interface { M(x int) error; hidden() }
type A = other.A
type N int
type hidden struct { Seen int }
const X, y N = 1, 2
var V = compute()
func F(a int, b ...string) (n int, err error) { return 0, nil }
func f() {}
func (t *T) M(x int) {}
func (t T) m() {}
func (h hidden) M() {}
`
	want := []string{
		"type T struct", "type T struct, A int", "type T struct, C string", "type T struct, embeds embedded.X",
		"type I interface", "type I interface, M(x int) error",
		"type A = other.A", "type N int",
		"const X N = 1", "var V",
		"func F(a int, b ...string) (n int, err error)",
		"method (*T) M(x int)",
	}
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := fileDeclarations(f)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
