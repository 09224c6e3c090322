package policy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// locking are the packages whose mutexes are looked at.
var locking = []string{"internal/engine", "internal/browser"}

// A function that locks a mutex unlocks it: none travels through a return value
// or a call. What has to be called while one is locked ends in Locked, and is
// called by functions that lock one, or end in Locked too.
func TestMutexes(t *testing.T) {
	found := 0
	for _, file := range goFiles(t) {
		if !slices.Contains(locking, path.Dir(file)) || strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				found++
				for _, problem := range lockProblems(fn) {
					t.Errorf("%s: %s %s", fset.Position(fn.Pos()), fn.Name.Name, problem)
				}
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d functions were found", found)
	}
}

// lockProblems returns what a function does wrong with mutexes.
func lockProblems(fn *ast.FuncDecl) (problems []string) {
	locks, unlocks := map[string]bool{}, map[string]bool{}
	var needs []string // the names of functions that need a lock
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch f := call.Fun.(type) {
		case *ast.Ident:
			if strings.HasSuffix(f.Name, "Locked") {
				needs = append(needs, f.Name)
			}
		case *ast.SelectorExpr:
			of := lastName(f.X)
			switch {
			case f.Sel.Name != "Locked" && strings.HasSuffix(f.Sel.Name, "Locked"):
				needs = append(needs, f.Sel.Name)
			case of != "mu":
			case f.Sel.Name == "Lock" || f.Sel.Name == "TryLock":
				locks[text(f.X)] = true
			case f.Sel.Name == "Unlock":
				unlocks[text(f.X)] = true
			}
		}
		return true
	})
	for mu := range locks {
		if !unlocks[mu] {
			problems = append(problems, "returns with "+mu+" locked")
		}
	}
	for mu := range unlocks {
		if !locks[mu] {
			problems = append(problems, "unlocks "+mu+", which it has not locked")
		}
	}
	if len(locks) == 0 && !strings.HasSuffix(fn.Name.Name, "Locked") {
		for _, name := range needs {
			problems = append(problems, "calls "+name+" and locks no mutex")
		}
	}
	return problems
}

// lastName is the last name of a selector: mu of c.cfg.clock.mu.
func lastName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

func TestLockProblems(t *testing.T) {
	for _, tt := range []struct {
		body string
		want []string
	}{
		{"c.mu.Lock(); defer c.mu.Unlock(); c.takeLocked()", nil},
		{"if c.mu.TryLock() { c.takeLocked(); c.mu.Unlock() }", nil},
		{"go func() { c.mu.Lock(); takeLocked(); c.mu.Unlock() }()", nil},
		{"c.mu.Lock(); return", []string{"returns with c.mu locked"}},
		{"c.mu.Unlock()", []string{"unlocks c.mu, which it has not locked"}},
		{"c.mu.Lock(); d.mu.Unlock()", []string{"returns with c.mu locked", "unlocks d.mu, which it has not locked"}},
		{"c.takeLocked()", []string{"calls takeLocked and locks no mutex"}},
		{"c.reading.Lock(ctx)", nil},
		{"return c.wire.Locked()", nil},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() {"+tt.body+"}", 0)
		if err != nil {
			t.Fatal(err)
		}
		got := lockProblems(f.Decls[0].(*ast.FuncDecl))
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.body, got, tt.want)
		}
	}
}

// withoutInput are the functions of the engine that use what reading protects
// and are no methods of input.
var withoutInput = map[string]string{
	"Init":         "nobody else has the Conn",
	"wake":         "called by lockReading, and by readers after a wait",
	"wakeAny":      "called by wake",
	"wakeOld":      "called by wakeAny and ready",
	"ready":        "called by tryRead",
	"tryRead":      "called by the RawConn, on behalf of a reader that may have no input",
	"ReadBuffered": "tries the lock, and makes no input",
}

// What engine.Conn.reading protects is used by methods of input alone, since
// only its holder has one.
func TestReadingHasTheInput(t *testing.T) {
	dir := filepath.Join(root, "internal", "engine")
	fields, used := map[string]bool{}, map[string]bool{}
	var fns []*ast.FuncDecl
	for _, file := range goFiles(t) {
		if path.Dir(file) != "internal/engine" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, path.Base(file)), nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				fns = append(fns, fn)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == "Conn" {
				for _, field := range spec.Type.(*ast.StructType).Fields.List {
					if strings.HasPrefix(strings.TrimSpace(field.Comment.Text()), "protected by reading") {
						fields[field.Names[0].Name] = true
					}
				}
			}
			return true
		})
	}
	if len(fields) < 7 {
		t.Fatalf("only these fields are protected by reading: %v", fields)
	}
	for _, fn := range fns {
		name := fn.Name.Name
		if fn.Recv != nil && text(fn.Recv.List[0].Type) == "*input" {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && lastName(s.X) == "c" && fields[s.Sel.Name] {
				if used[name] = true; withoutInput[name] == "" {
					t.Errorf("%s uses c.%s, which reading protects, and is no method of input", name, s.Sel.Name)
				}
			}
			return true
		})
	}
	for name := range withoutInput {
		if !used[name] {
			t.Errorf("%s does not use what reading protects any more: take it off the list", name)
		}
	}
}
