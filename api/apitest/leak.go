package apitest

import (
	"context"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// label marks the goroutine that runs a case, and all those started from it, so
// that cases that run in parallel can be distinguished.
type label string

// watch marks the calling goroutine.
func watch(name string) label {
	l := label(strconv.Quote(name))
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("case", name)))
	return l
}

// left removes the mark of the calling goroutine, waits until no other
// goroutine has it, at most for that long, and returns the stacks of those that
// are left.
func (l label) left(most time.Duration) string {
	pprof.SetGoroutineLabels(context.Background())
	stacks := l.stacks()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(most); stacks != "" && time.Now().Before(end); {
		<-tick.C
		stacks = l.stacks()
	}
	return stacks
}

// stacks returns the goroutines with the mark, as the profile prints them.
func (l label) stacks() string {
	var b strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		return err.Error()
	}
	var left []string
	for _, g := range strings.Split(b.String(), "\n\n") {
		if strings.Contains(g, `"case":`+string(l)) {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}
