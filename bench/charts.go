package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/twinws/ws/bench/report"
)

// chart is a picture of one mode.
type chart struct {
	mode, file, title, y string
	figure               func(*Result) float64
	all                  bool
}

// aside are contestants that most charts leave out, lest nobody sees the
// others.
var aside = []string{"ours-accept", "ours-handler", "coder-stream", "gobwas"}

func cpu(r *Result) float64 {
	if r == nil || len(r.CPU) == 0 {
		return math.NaN()
	}
	return report.Median(r.CPU)
}

// Over sizes and numbers of connections the axes are logarithmic; the other
// modes have bars.
var chartNames = []chart{
	{modePingpong, "pingpong", "One message under way", "CPU per message, us", cpu, false},
	{modeInflight, "inflight", "64 messages under way on a connection", "CPU per message, us", cpu, false},
	{modeIdle, "idle", "Connections that wait", "resident bytes per connection", heldValue, false},
	{modeIdle, "growth", "A message among many connections", "CPU per message, us", cpu, false},
	{modeHandshake, "handshake", "Opening handshakes", "CPU per handshake, us", cpu, false},
	{modeDeflate, "deflate", "Compression without context takeover", "CPU per message, us", cpu, false},
	{modeTakeover, "takeover", "Compression with context takeover", "CPU per message, us", cpu, false},
	{modeBroadcast, "broadcast", "A message to 1,000 connections", "CPU per delivery, us", cpu, false},
	{modeClient, "client", "Clients", "CPU per message, us", cpu, true},
}

// charts writes the charts of the modes that were run.
func (rs Results) charts(dir string) error {
	for _, c := range chartNames {
		if len(rs.cases(c.mode)) == 0 {
			continue
		}
		f, err := os.Create(filepath.Join(dir, c.file+".svg"))
		if err != nil {
			return err
		}
		err = rs.chart(c, f)
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (rs Results) chart(c chart, f *os.File) error {
	names := rs.cases(c.mode)
	series := rs.series(c, names)
	if len(names) < 3 {
		return (&report.Bars{Title: c.title, YLabel: c.y, Groups: names, Series: series}).WriteSVG(f)
	}
	lines := &report.Lines{Title: c.title, XLabel: "bytes of a message", YLabel: c.y, Series: series,
		XName: func(x float64) string { return sizeName(int(x)) }}
	if c.mode == modeIdle {
		lines.XLabel, lines.XName = "connections", func(x float64) string { return connsName(int(x)) }
	}
	for _, name := range names {
		lines.X = append(lines.X, float64(rs.cell(c.mode, name)[0].X))
	}
	return lines.WriteSVG(f)
}

func (rs Results) series(c chart, names []string) (all []report.Series) {
	for _, who := range rs.contestants() {
		if !c.all && slices.Contains(aside, who) {
			continue
		}
		s, some := report.Series{Name: who}, false
		for _, name := range names {
			v := c.figure(rs.find(c.mode, name, who))
			some = some || !math.IsNaN(v)
			s.Values = append(s.Values, v)
		}
		if some {
			all = append(all, s)
		}
	}
	return all
}
