//go:build !js

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/bench/report"
)

// results is what a run found out in one browser.
type results struct {
	home  home
	about []string // with what, a line each
	names []contestant
	rows  []row
	heap  []heapRow
}

// preface says what the figures of messages are, whichever run they are of.
const preface = `Each contestant exchanges messages with the same native echo server, over one WebSocket, from a process of its own in
%s. Each really has the payload before it answers: JavaScript reads the last byte or
character of what the event carries, a Go program has the message as a []byte (or, of plain syscall/js, as a string when
it is text) in Go's memory, and sends that back. Text is ASCII. A Go program reads with Read and writes with Write; this
library's bounds for a message and for its queue are off, as 64 messages of 1 MiB are over both and no other has any.
`

// cpuPreface says what to look at where CPU time is measured.
const cpuPreface = `Machines are noisy: the reliable figure is the CPU time of the program's thread, divided by that of JavaScript in the
same round. Messages per second also depend on the machine, the server and the other threads of Chrome.
`

// ratePreface says it where it is not, and why the target is missed.
const ratePreface = `This library is judged by JavaScript's messages per second divided by its own in the same round. Messages per second
also depend on the machine, the server and the browser's other threads and processes. CPU time is that of the whole
browser per message, as a ratio to that of JavaScript in the same round.

The costs that JavaScript does not have: a call into Go takes 10 us when it is repeated at once. A message that arrives
alone takes 70 us more of the page's thread, with Go's scheduler, Read and Write and cold caches: in ping-pong every
message, with 64 in flight one of those that arrived together. A Go program has text as UTF-8: the conversion of 64 KiB from
a string and back to one takes 0.1 to 0.2 ms in both browsers. Go clears and garbage-collects the memory of each message.
In WebKit a task of a MessageChannel, with which Go is called for several messages at once, waits 0.1 to 0.2 ms.
`

// write writes the report and its charts into a folder. What the report says
// there of other browsers stays.
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
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(path, []byte(r.merge(string(before))), 0o666); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s\nwritten to %s\n", strings.Join(r.verdict(), "\n"), path)
	return nil
}

// merge puts r's section into a report: in the place of the one that it had,
// and in the order of homes.
func (r *results) merge(report string) string {
	sections := map[string]string{} // by title
	for section := range strings.SplitSeq("\n"+report, "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		sections[title] = strings.Trim(text, "\n")
	}
	sections[r.home.title] = strings.Trim(r.markdown(true), "\n")
	var b strings.Builder
	b.WriteString("# What a message costs in a browser\n")
	for _, h := range homes {
		if text := sections[h.title]; text != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", h.title, text)
		}
	}
	return b.String()
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

// markdown returns the report on this browser, which shows the charts if they
// stand beside it.
func (r *results) markdown(charts bool) string {
	var b strings.Builder
	for _, line := range slices.Concat(r.about, r.verdict()) {
		b.WriteString("- " + line + "\n")
	}
	b.WriteByte('\n')
	if r.rows != nil {
		fmt.Fprintf(&b, preface+"\n", r.home.own)
		if r.home.devTools {
			r.cpuSections(&b, charts)
		} else {
			fmt.Fprintf(&b, "%s\n%s\n", ratePreface, r.costTable())
		}
	}
	if r.heap != nil {
		fmt.Fprintf(&b, "%s\n%s", r.heapTable(), heapPreface)
	}
	return b.String()
}

// cpuSections are the tables where CPU time is measured.
func (r *results) cpuSections(b *strings.Builder, charts bool) {
	fmt.Fprintf(b, "%s\n%s\nThe last columns judge this library. Targets are for it alone.\n\n", cpuPreface, r.cpuTable())
	if charts {
		r.embed(b, "cpu-")
	}
	fmt.Fprintf(b, "%s\n", r.rateTable())
	if charts {
		r.embed(b, "rate-")
	}
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
		t.Add(append(cells, limit(r.home.target(row.traffic)), r.met(row).String(), row.ahead().String())...)
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

// costTable compares messages per second, and what they cost.
func (r *results) costTable() *report.Table {
	t := &report.Table{Title: "Messages per second", Columns: []string{"in", "data", "size", "mode"}}
	for _, c := range r.names {
		t.Columns = append(t.Columns, c.title)
	}
	for _, c := range r.names[1:] {
		t.Columns = append(t.Columns, "JavaScript / "+c.title, "CPU time")
	}
	t.Columns = append(t.Columns, "target", "met")
	for _, row := range r.rows {
		cells := row.cells()
		for _, c := range r.names {
			cells = append(cells, strconv.FormatFloat(row.rate(c.name), 'f', 0, 64))
		}
		for _, c := range r.names[1:] {
			cells = append(cells, report.Factor(row.slower(c.name)), report.Factor(row.ratio(c.name)))
		}
		t.Add(append(cells, limit(r.home.target(row.traffic)), r.met(row).String())...)
	}
	return t
}

// limit writes a target.
func limit(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return "at most " + strconv.FormatFloat(x, 'f', 1, 64) + "x"
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
func (r *results) met(row row) judgement {
	got, limit := r.home.factor(row, ours), r.home.target(row.traffic)
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
	if yes, all := count(r.met); all > 0 {
		lines = append(lines, fmt.Sprintf("targets met: %d of %d", yes, all))
	}
	if !r.home.devTools && len(r.rows) > 0 {
		worst := slices.MaxFunc(r.rows, func(a, b row) int { return cmp.Compare(r.home.factor(a, ours), r.home.factor(b, ours)) })
		if factor := r.home.factor(worst, ours); !math.IsNaN(factor) {
			lines = append(lines, fmt.Sprintf("the furthest from it: %s in %s", report.Factor(factor), worst.traffic))
		}
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
