//go:build !js

package main

import (
	"io"
	"slices"

	"github.com/twinws/ws/bench/report"
)

// group is the cases of one place and kind of data: a chart's worth.
type group struct {
	place place
	data  string
	rows  []row
}

func (g group) title() string { return g.data + ", in a " + string(g.place) }
func (g group) file() string  { return string(g.place) + "-" + g.data }

// groups splits the rows, in their order.
func (r *results) groups() (all []group) {
	for _, row := range r.rows {
		i := slices.IndexFunc(all, func(g group) bool { return g.place == row.place && g.data == row.data() })
		if i < 0 {
			i = len(all)
			all = append(all, group{place: row.place, data: row.data()})
		}
		all[i].rows = append(all[i].rows, row)
	}
	return all
}

// chart is what can be drawn.
type chart interface{ WriteSVG(io.Writer) error }

// charts returns the charts by the names of their files. They show CPU time,
// and rates beside it.
func (r *results) charts() map[string]chart {
	all := map[string]chart{}
	if !r.home.devTools {
		return all
	}
	for _, g := range r.groups() {
		all["cpu-"+g.file()+".svg"] = r.cpuChart(g)
		all["rate-"+g.file()+".svg"] = r.rateChart(g)
	}
	return all
}

// cpuChart shows CPU time per message as multiples of JavaScript's.
func (r *results) cpuChart(g group) chart {
	b := &report.Bars{
		Title:    "CPU time per message: " + g.title(),
		YLabel:   "times hand-written JavaScript",
		MarkName: "target of this library",
	}
	for _, row := range g.rows {
		b.Groups = append(b.Groups, report.Size(row.size)+"\n"+row.mode())
		b.Marks = append(b.Marks, row.target())
	}
	for _, c := range r.names {
		s := report.Series{Name: c.title}
		for _, row := range g.rows {
			s.Values = append(s.Values, row.ratio(c.name))
		}
		b.Series = append(b.Series, s)
	}
	return b
}

// rateChart shows messages per second by their size, for the most in flight
// that was measured.
func (r *results) rateChart(g group) chart {
	flight := 0
	for _, row := range g.rows {
		flight = max(flight, row.flight)
	}
	var rows []row
	for _, row := range g.rows {
		if row.flight == flight {
			rows = append(rows, row)
		}
	}
	l := &report.Lines{
		Title:  "Messages per second, " + rows[0].mode() + ": " + g.title(),
		XLabel: "size of a message",
		YLabel: "messages per second",
		XName:  func(x float64) string { return report.Size(int(x)) },
	}
	for _, row := range rows {
		l.X = append(l.X, float64(row.size))
	}
	for _, c := range r.names {
		s := report.Series{Name: c.title}
		for _, row := range rows {
			s.Values = append(s.Values, row.rate(c.name))
		}
		l.Series = append(l.Series, s)
	}
	return l
}
