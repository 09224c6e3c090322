package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// texts parses an SVG file and returns its texts and the number of its shapes.
func texts(t *testing.T, svg []byte) (found map[string]bool, shapes int) {
	t.Helper()
	found = map[string]bool{}
	d := xml.NewDecoder(bytes.NewReader(svg))
	inText := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found, shapes
		}
		if err != nil {
			t.Fatalf("the SVG is not XML: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			inText = x.Name.Local == "text"
			if x.Name.Local == "path" {
				shapes++
			}
		case xml.CharData:
			if inText {
				found[strings.TrimSpace(string(x))] = true
			}
		case xml.EndElement:
			inText = false
		}
	}
}

func TestBars(t *testing.T) {
	b := Bars{
		Title: "CPU per message", YLabel: "times JavaScript", Groups: []string{"16 B", "1 KiB"},
		Series: []Series{{"JavaScript", []float64{1, 1}}, {"this library", []float64{1.5, nan}}},
		Marks:  []float64{1.7, nan}, MarkName: "target",
	}
	var svg bytes.Buffer
	if err := b.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	found, with := texts(t, svg.Bytes())
	for _, want := range []string{b.Title, b.YLabel, "16 B", "1 KiB", "JavaScript", "this library", "target"} {
		if !found[want] {
			t.Errorf("no text %q in the chart", want)
		}
	}
	b.Marks = nil
	svg.Reset()
	if err := b.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	if found, without := texts(t, svg.Bytes()); found["target"] || without >= with {
		t.Errorf("%d shapes without marks, %d with one; their name in the legend: %v", without, with, found["target"])
	}
}

// Bars that are all missing, or of no height, leave an empty chart.
func TestBarsOfNothing(t *testing.T) {
	b := Bars{Title: "nothing", Groups: []string{"a", "b"}, Series: []Series{{"s", []float64{0, nan}}}}
	var svg bytes.Buffer
	if err := b.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	if found, _ := texts(t, svg.Bytes()); !found["nothing"] || !found["1"] {
		t.Errorf("the chart has the texts %v, want its title and an axis up to 1", found)
	}
}

func TestLines(t *testing.T) {
	l := Lines{
		Title: "Throughput", XLabel: "size", YLabel: "messages/s", X: []float64{16, 1024, 65536},
		Series: []Series{{"one", []float64{20e3, 10e3, 1e3}}, {"two", []float64{10e3, nan, 900}}},
		XName:  func(x float64) string { return Size(int(x)) },
	}
	var svg bytes.Buffer
	if err := l.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	found, _ := texts(t, svg.Bytes())
	for _, want := range []string{l.Title, l.XLabel, l.YLabel, "16 B", "1 KiB", "64 KiB", "100", "1k", "10k", "100k", "one", "two"} {
		if !found[want] {
			t.Errorf("no text %q in the chart", want)
		}
	}
}

func TestChartErrors(t *testing.T) {
	one := []Series{{"s", []float64{1}}}
	for _, tt := range []struct {
		name  string
		chart interface{ WriteSVG(io.Writer) error }
		want  string
	}{
		{"bars without groups", &Bars{Series: one}, "needs a series"},
		{"bars without series", &Bars{Groups: []string{"a"}}, "needs a series"},
		{"too few values", &Bars{Groups: []string{"a", "b"}, Series: one}, `"s" has 1 values, want 2`},
		{"infinite", &Bars{Groups: []string{"a"}, Series: []Series{{"s", []float64{math.Inf(1)}}}}, "cannot be drawn"},
		{"zero has no logarithm", &Lines{X: []float64{1}, Series: []Series{{"s", []float64{0}}}}, "cannot be drawn"},
		{"nor has x", &Lines{X: []float64{0}, Series: one}, "positive and rising"},
		{"x falls", &Lines{X: []float64{2, 1}, Series: []Series{{"s", []float64{1, 1}}}}, "positive and rising"},
	} {
		var svg bytes.Buffer
		err := tt.chart.WriteSVG(&svg)
		if err == nil || !strings.Contains(err.Error(), tt.want) || svg.Len() > 0 {
			t.Errorf("%s: error %v and %d bytes, want %q and none", tt.name, err, svg.Len(), tt.want)
		}
	}
}

func TestRuns(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5}
	got := runs(x, []float64{nan, 20, 30, nan, 50})
	want := []plotter.XYs{{{X: 2, Y: 20}, {X: 3, Y: 30}}, {{X: 5, Y: 50}}}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if len(got[i]) != len(want[i]) || got[i][0] != want[i][0] || got[i][len(got[i])-1] != want[i][len(want[i])-1] {
			t.Errorf("run %d: %v, want %v", i, got[i], want[i])
		}
	}
}

func TestDecadeRange(t *testing.T) {
	for _, tt := range []struct{ low, high, wantLow, wantHigh float64 }{
		{20, 300, 10, 1000},
		{100, 100, 100, 1000},
		{0.5, 9, 0.1, 10},
	} {
		low, high := decadeRange(tt.low, tt.high)
		if math.Abs(low-tt.wantLow) > 1e-9 || math.Abs(high-tt.wantHigh) > 1e-9 {
			t.Errorf("decadeRange(%v, %v) = %v, %v, want %v, %v", tt.low, tt.high, low, high, tt.wantLow, tt.wantHigh)
		}
	}
}

func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		high float64
		want string
	}{
		{4.9, "0 1 2 3 4"},
		{11, "0 2 4 6 8 10"},
		{3.1, "0 0.5 1 1.5 2 2.5 3"},
		{45000, "0 10000 20000 30000 40000"},
	} {
		var labels []string
		for _, tick := range steps(0, tt.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != tt.want {
			t.Errorf("up to %v: %s, want %s", tt.high, got, tt.want)
		}
	}
}
