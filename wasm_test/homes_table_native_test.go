//go:build !js

package wasmtest

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
)

// homesFile has the table of homes, between tableBegin and tableEnd.
const (
	homesFile  = "HOMES.md"
	tableBegin = "<!-- measured by make test-homes -->\n"
	tableEnd   = "<!-- end -->\n"
)

// homeRow is a line of the table.
type homeRow struct {
	home
	version      string
	cases, rules int
}

// checkHomes compares the table with what was measured, except for the
// versions, which may differ.
func checkHomes(t *testing.T, rows []homeRow) {
	t.Helper()
	p, err := os.ReadFile(homesFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(p), tableBegin)
	table, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no table between its marks", homesFile)
	}
	if *updateHomes {
		table = updated(table, rows)
		if err := os.WriteFile(homesFile, []byte(before+tableBegin+table+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range rows {
		if r.cases == 0 {
			continue
		}
		want := fmt.Sprintf(" | %d | %d | %s |", r.cases, r.rules, r.differences())
		if !slices.ContainsFunc(strings.Split(table, "\n"), func(line string) bool {
			return strings.HasPrefix(line, "| `"+r.name+"` |") && strings.HasSuffix(line, want)
		}) {
			t.Errorf("%s has no line of %s with %q: go test -run TestHomes ./wasm_test -update-homes", homesFile, r.name, want)
		}
	}
}

// updated is the table with rows in the place of what it says of those homes.
func updated(table string, rows []homeRow) string {
	out := "\n| home | version | cases | rules | differences |\n|---|---|---|---|---|\n"
	for _, h := range homes {
		mark := "| `" + h.name + "` |"
		i := slices.IndexFunc(rows, func(r homeRow) bool { return r.name == h.name && r.cases > 0 })
		if i >= 0 {
			r := rows[i]
			out += fmt.Sprintf("%s %s | %d | %d | %s |\n", mark, r.version, r.cases, r.rules, r.differences())
			continue
		}
		for line := range strings.Lines(table) {
			if strings.HasPrefix(line, mark) {
				out += line
			}
		}
	}
	return out + "\n"
}

// differences lists the differences of a home by their names in package
// apitest.
func (h home) differences() string {
	var names []string
	v := reflect.ValueOf(h.differs)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			names = append(names, v.Type().Field(i).Name+value(f))
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// value returns the text of a difference that is not a bool.
func value(f reflect.Value) string {
	switch v := f.Interface().(type) {
	case []api.StatusCode:
		s := ""
		for _, code := range v {
			s += fmt.Sprintf(" %d", int(code))
		}
		return s
	case map[string]apitest.Outcome:
		return fmt.Sprintf(" (%d)", len(v))
	case time.Duration:
		return " " + v.String()
	}
	return ""
}

// TestHomesAreDescribed checks that HOMES.md explains every difference.
func TestHomesAreDescribed(t *testing.T) {
	p, err := os.ReadFile(homesFile)
	if err != nil {
		t.Fatal(err)
	}
	differences := reflect.TypeFor[apitest.Differences]()
	for i := range differences.NumField() {
		if name := differences.Field(i).Name; !strings.Contains(string(p), "| `"+name+"` |") {
			t.Errorf("%s does not explain what %s means for a program", homesFile, name)
		}
	}
}
