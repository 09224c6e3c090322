//go:build !js

package conformance

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// scale is that of a run that is not short. The race detector takes it down.
var scale = Full

// table is made once; cases are not changed.
var table = sync.OnceValue(func() []Case {
	if testing.Short() {
		return Cases(Short)
	}
	return Cases(scale)
})

// TestConformance plays every case against every target.
func TestConformance(t *testing.T) {
	for _, g := range targets {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, class := range Classes {
				t.Run(class.Name, func(t *testing.T) {
					t.Parallel()
					for i := range table() {
						if c := &table()[i]; c.Class == class.Class && g.plays(c) {
							t.Run(c.Name, func(t *testing.T) { g.run(t, c) })
						}
					}
				})
			}
		})
	}
}

// run plays one case.
func (g *target) run(t *testing.T, c *Case) {
	if g.bubble {
		synctest.Test(t, func(t *testing.T) { g.play(t, c) })
		return
	}
	g.play(t, c)
}

func (g *target) play(t *testing.T, c *Case) {
	raw, done := g.open(t, c)
	limit := patience
	if g.bubble {
		limit = hour
	}
	err := NewPeer(raw, !g.client, limit).Play(c)
	o := <-done // the peer has ended the stream, so the program ends
	if err != nil {
		t.Fatalf("%v\n  the target's program saw: %v", err, o)
	}
	if err := o.wrong(c.End); err != nil {
		t.Fatalf("%v\n  rule: %s: %s", err, c.Section, c.Why)
	}
}

// TestTable counts the cases of each class, and checks that each is told apart
// and says why it is there.
func TestTable(t *testing.T) {
	var report strings.Builder
	fmt.Fprintf(&report, "%-28s %6s", "class", "cases")
	for _, g := range targets {
		fmt.Fprintf(&report, " %12s", g.name)
	}
	counted := 0
	for _, class := range Classes {
		cases, played := 0, make([]int, len(targets))
		for i := range table() {
			c := &table()[i]
			if c.Class != class.Class {
				continue
			}
			cases++
			for j := range targets {
				if targets[j].plays(c) {
					played[j]++
				}
			}
		}
		fmt.Fprintf(&report, "\n%-28s %6d", class.Name, cases)
		for j, n := range played {
			fmt.Fprintf(&report, " %12d", n)
			if n == 0 && len(targets[j].without) == 0 {
				t.Errorf("%s has no case for %s", class.Name, targets[j].name)
			}
		}
		if cases == 0 {
			t.Errorf("%s is empty", class.Name)
		}
		counted += cases
	}
	t.Logf("%d cases\n%s", counted, &report)
	if counted != len(table()) {
		t.Errorf("%d of %d cases belong to no class that is listed", len(table())-counted, len(table()))
	}
	names := map[string]bool{}
	for _, c := range table() {
		name := fmt.Sprint(c.Class, c.Name)
		switch {
		case c.Name == "" || c.Section == "" || strings.HasSuffix(c.Section, " ") || c.Why == "":
			t.Errorf("case %q lacks a name, a section or a reason", name)
		case names[name]:
			t.Errorf("case %q is there twice", name)
		}
		names[name] = true
	}
}
