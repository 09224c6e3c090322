//go:build !js

package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/bench/report"
)

// results is what a run found out.
type results struct {
	about []string // with what, a line each
	names []contestant
	rows  []row
	heap  []heapRow
}

// preface says what the figures of messages are, whichever run they are of.
const preface = `Each contestant exchanges messages with the same native echo server, over one WebSocket, from a process of its own in
one headless Chrome. Each really has the payload before it answers: JavaScript reads the last byte or
character of what the event carries, a Go program has the message as a []byte (or, of plain syscall/js, as a string when
it is text) in Go's memory, and sends that back. Text is ASCII. A Go program reads with Read and writes with Write; this
library's bounds for a message and for its queue are off, as 64 messages of 1 MiB are over both and no other has any.

Machines are noisy: the reliable figure is the CPU time of the program's thread, divided by that of JavaScript in the
same round. Messages per second also depend on the machine, the server and the other threads of Chrome.
`

// write writes the report and its charts into a folder.
func (r *results) write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, chart := range r.charts() {
		if err := writeFile(filepath.Join(dir, name), chart.WriteSVG); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, "README.md")
	if err := os.WriteFile(path, []byte(r.markdown(true)), 0o666); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s\nwritten to %s\n", strings.Join(r.verdict(), "\n"), path)
	return nil
}

func writeFile(path string, content func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := content(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// markdown returns the report, which shows the charts if they stand beside it.
func (r *results) markdown(charts bool) string {
	var b strings.Builder
	b.WriteString("# What a message costs in a browser\n\n")
	for _, line := range slices.Concat(r.about, r.verdict()) {
		b.WriteString("- " + line + "\n")
	}
	b.WriteByte('\n')
	if r.rows != nil {
		fmt.Fprintf(&b, "%s\n%s\nThe last columns judge this library. Targets are for it alone.\n\n", preface, r.cpuTable())
		if charts {
			r.embed(&b, "cpu-")
		}
		fmt.Fprintf(&b, "%s\n", r.rateTable())
		if charts {
			r.embed(&b, "rate-")
		}
	}
	if r.heap != nil {
		fmt.Fprintf(&b, "%s\n%s", r.heapTable(), heapPreface)
	}
	return b.String()
}

// embed shows the charts whose names begin with prefix.
func (r *results) embed(b *strings.Builder, prefix string) {
	for _, g := range r.groups() {
		fmt.Fprintf(b, "![%s](%s%s.svg)\n", g.title(), prefix, g.file())
	}
	b.WriteByte('\n')
}

// cpuTable compares CPU times per message.
func (r *results) cpuTable() *report.Table {
	t := &report.Table{Title: "CPU time per message", Columns: []string{"in", "data", "size", "mode", "JavaScript (us)"}}
	for _, c := range r.names[1:] {
		t.Columns = append(t.Columns, c.title)
	}
	t.Columns = append(t.Columns, "target", "met", "ahead of coder")
	for _, row := range r.rows {
		cells := append(row.cells(), report.Number(row.cpu(javaScript)))
		for _, c := range r.names[1:] {
			cells = append(cells, report.Factor(row.ratio(c.name)))
		}
		target := "-"
		if limit := row.target(); !math.IsNaN(limit) {
			target = "at most " + strconv.FormatFloat(limit, 'f', 1, 64) + "x"
		}
		t.Add(append(cells, target, row.met().String(), row.ahead().String())...)
	}
	return t
}

// rateTable compares messages per second.
func (r *results) rateTable() *report.Table {
	t := &report.Table{Title: "Messages per second", Columns: []string{"in", "data", "size", "mode"}}
	for _, c := range r.names {
		t.Columns = append(t.Columns, c.title)
	}
	for _, row := range r.rows {
		cells := row.cells()
		for _, c := range r.names {
			cells = append(cells, strconv.FormatFloat(row.rate(c.name), 'f', 0, 64))
		}
		t.Add(cells...)
	}
	return t
}

const heapPreface = `The heap is the most that JavaScript's objects and ArrayBuffers held, garbage included, looked at every 20 ms through
the DevTools protocol (Runtime.getHeapUsage). What a WebSocket object has accepted and not sent is outside of it, in the process.
`

// heapTable compares the memory of programs that write to a slow server.
func (r *results) heapTable() *report.Table {
	t := &report.Table{
		Title: fmt.Sprintf("Memory: %d writes of one %s buffer to a server that reads one each %v",
			heapMessages, report.Size(heapSize), sinkPause),
		Columns: []string{"contestant", "JavaScript heap (MiB)", "process (MiB)", "Writes returned after (s)"},
	}
	for _, h := range r.heap {
		process := "?"
		if h.process > 0 {
			process = mebi(float64(h.process))
		}
		t.Add(h.title, mebi(h.heap), process, report.Number(h.time.Seconds()))
	}
	return t
}

// cells are the first columns of a case.
func (t traffic) cells() []string {
	return []string{string(t.place), t.data(), report.Size(t.size), t.mode()}
}

// judgement is whether something is as it should be.
type judgement int

const (
	notJudged judgement = iota
	missed
	met
)

func (j judgement) String() string { return [...]string{"-", "NO", "yes"}[j] }

func judge(ok bool) judgement {
	if ok {
		return met
	}
	return missed
}

// met judges this library by its target.
func (r row) met() judgement {
	got, limit := r.ratio(ours), r.target()
	if math.IsNaN(got) || math.IsNaN(limit) {
		return notJudged
	}
	return judge(got <= limit)
}

// ahead judges whether this library needs less than coder/websocket.
func (r row) ahead() judgement {
	got, other := r.ratio(ours), r.ratio(coder)
	if math.IsNaN(got) || math.IsNaN(other) {
		return notJudged
	}
	return judge(got < other)
}

// verdict counts what was met.
func (r *results) verdict() (lines []string) {
	count := func(f func(row) judgement) (yes, all int) {
		for _, row := range r.rows {
			switch f(row) {
			case met:
				yes, all = yes+1, all+1
			case missed:
				all++
			}
		}
		return yes, all
	}
	if yes, all := count(row.met); all > 0 {
		lines = append(lines, fmt.Sprintf("targets met: %d of %d", yes, all))
	}
	if yes, all := count(row.ahead); all > 0 {
		lines = append(lines, fmt.Sprintf("rows ahead of coder/websocket: %d of %d", yes, all))
	}
	for _, h := range r.heap {
		if h.name == ours {
			lines = append(lines, fmt.Sprintf("JavaScript heap while writing to a slow server: %s MiB, at most %d asked for: %s",
				mebi(h.heap), heapBudget>>20, judge(h.heap <= heapBudget)))
		}
	}
	return lines
}
