package main

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// loaded runs ws load --json, and returns its result.
func loaded(t *testing.T, status int, args ...string) result {
	t.Helper()
	r := text(t, "", append([]string{"load", "--json"}, args...)...)
	r.want(t, status, "*", "*")
	var got result
	if err := json.Unmarshal([]byte(r.out), &got); err != nil {
		t.Fatalf("%v\n%s\n%s", err, r.out, r.err)
	}
	return got
}

func TestLoad(t *testing.T) {
	url := testServer(t)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"one at a time", nil},
		{"several under way", []string{"--in-flight", "7"}},
		{"at a rate", []string{"--rate", "100000"}},
		{"binary and compressed", []string{"-b", "-z"}},
		{"without a time limit", []string{"-d", "0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := loaded(t, exitOK, append(c.args, "-c", "3", "-n", "20", "--size", "10", "-d", "1m", url+"/echo")...)
			if r.Connections != 3 || r.Sent != 60 || r.Received != 60 || r.Answered != 60 || r.BytesSent != 600 || r.BytesReceived != 600 ||
				r.Failed+r.Lost+r.Unanswered+r.Surplus != 0 || r.Seconds <= 0 || len(r.Errors) != 0 {
				t.Errorf("got %+v", r)
			}
			l := r.Latency
			if l == nil || l.Min <= 0 || l.Min > l.P50 || l.P50 > l.P90 || l.P90 > l.P99 || l.P99 > l.P999 || l.P999 > l.Max*1.001 || l.Max > r.Seconds*2+60 {
				t.Errorf("got the latencies %+v", l)
			}
		})
	}
}

func TestLoadSizes(t *testing.T) {
	r := loaded(t, exitOK, "-c", "2", "-n", "100", "--size", "5-9", testServer(t)+"/echo")
	if r.BytesSent < 200*5 || r.BytesSent > 200*9 || r.BytesSent == 200*5 || r.BytesSent == 200*9 {
		t.Errorf("200 messages of 5 to 9 bytes have %d", r.BytesSent)
	}
}

// The time is up, and what was sent was answered.
func TestLoadDuration(t *testing.T) {
	r := loaded(t, exitOK, "-c", "2", "-d", "50ms", testServer(t)+"/echo")
	if r.Sent == 0 || r.Answered != r.Sent {
		t.Errorf("got %+v", r)
	}
}

func TestLoadOneWay(t *testing.T) {
	r := loaded(t, exitOK, "-c", "2", "-n", "20", "--one-way", testServer(t)+"/count")
	if r.Sent != 40 || r.Answered != 0 || r.Latency != nil {
		t.Errorf("got %+v", r)
	}
}

// What goes wrong is counted, named, and the exit status.
func TestLoadFailures(t *testing.T) {
	url := testServer(t)
	r := loaded(t, exitDiffers, "-c", "2", "-d", "50ms", "-w", "50ms", url+"/count")
	if r.Sent != 2 || r.Unanswered != 2 || r.Lost != 0 {
		t.Errorf("a server that does not answer: %+v", r)
	}
	r = loaded(t, exitDiffers, "-c", "2", "-n", "5", url+"/close?after=1&code=4001&reason=full")
	if r.Lost != 2 || r.Errors[`read: the peer closed the connection: status 4001 "full"`] != 2 {
		t.Errorf("a server that closes: %+v", r)
	}
	text(t, "", "load", "-c", "2", url+"/refuse").want(t, exitNoHandshake, "", "*")
}

func TestLoadText(t *testing.T) {
	r := text(t, "", "load", "-c", "2", "-n", "3", "--size", "100", testServer(t)+"/echo")
	for _, want := range []string{
		"connections  2 opened, 0 failed, 0 ended early\n", "sent         6 messages, ", " a second, 600 bytes\n", "latency      min ", "p99.9 ",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the result lacks %q:\n%s", want, r.out)
		}
	}
}

// The histogram is XML, and shows every message.
func TestLoadSVG(t *testing.T) {
	file := filepath.Join(t.TempDir(), "latency.svg")
	text(t, "", "load", "-n", "20", "--svg", file, testServer(t)+"/echo").want(t, exitOK, "*", "")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, all := map[string]int{}, strings.Builder{}
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			names[x.Name.Local]++
		case xml.CharData:
			all.Write(x)
		}
	}
	if names["svg"] != 1 || names["path"] < 10 || !strings.Contains(all.String(), "latency, ms") || !strings.Contains(all.String(), "p99.9") {
		t.Errorf("the file has %v and the text %q", names, all.String())
	}
}

func TestBins(t *testing.T) {
	s := newStats()
	for ms, n := range map[float64]int{0.0001: 1, 0.05: 2, 1: 3, 1.01: 4, 80: 5} {
		for range n {
			s.answered(1, time.Duration(ms*1e6))
		}
	}
	all := bins(s)
	total := 0.0
	for i, b := range all {
		total += b.Weight
		if i > 0 && b.Min != all[i-1].Max {
			t.Errorf("bar %d begins at %v, not where the one before ends", i, b.Min)
		}
	}
	first, last := all[0], all[len(all)-1]
	if total != 15 || first.Weight != 1 || last.Weight != 5 || first.Min > 0.0011 || last.Max < 80 || math.IsInf(first.Min, 0) {
		t.Errorf("bars for %v messages, the first %+v, the last %+v", total, first, last)
	}
}

// A server that stalls once delays all that would have been sent meanwhile
// (coordinated omission): 20 messages at 10 a second, and the answer to the
// fifth comes 1 s late. Its latency is 1 s, those of the next 900 ms, 800 ms...
func TestLoadCountsStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connected(t)
		go func() {
			for i := 0; ; i++ {
				typ, p, err := server.Read(t.Context())
				if err != nil {
					return
				}
				if i == 4 {
					time.Sleep(time.Second)
				}
				server.Write(t.Context(), typ, p)
			}
		}()
		l := &load{console: console{now: time.Now}, connections: 1, rate: 10, messages: 20, inFlight: 1, wait: time.Minute, stats: newStats(), least: 5, most: 5}
		l.stats.begin(time.Now())
		l.drive(t.Context(), client, 0)
		r := l.stats.result(l)
		late := 0
		for _, b := range l.stats.latencies.Distribution() {
			if b.From >= int64(95*time.Millisecond) {
				late += int(b.Count)
			}
		}
		if r.Answered != 20 || late != 10 || math.Abs(r.Latency.Max-1) > 0.01 {
			t.Errorf("%d answered, %d of them late, at most by %v s: want 20, 10 and 1", r.Answered, late, r.Latency.Max)
		}
		// The connection is busy for 2 s, as if nothing had been late.
		if math.Abs(r.Seconds-1.9) > 0.01 {
			t.Errorf("it took %v s, want 1.9", r.Seconds)
		}
	})
}

func TestLine(t *testing.T) {
	s := newStats()
	now := time.Now()
	s.opened()
	if got := s.line(now); got != "1 connection opened" {
		t.Errorf("while connections are opened: %q", got)
	}
	s.begin(now)
	s.sent(10)
	s.answered(10, 2*time.Millisecond)
	s.failed(ws.ErrClosed)
	if got := s.line(now.Add(2 * time.Second)); got != "2 s  1 open  1 sent (0/s)  p50 2 ms  p99 2 ms  1 failed" {
		t.Errorf("the line is %q", got)
	}
}

func TestShort(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0 µs", 12.3456e-6: "12.3 µs", 1.5e-3: "1.5 ms", 0.25: "250 ms", 3: "3 s"} {
		if got := short(seconds); got != want {
			t.Errorf("short(%v) = %q, want %q", seconds, got, want)
		}
	}
	for n, want := range map[int64]string{5: "5 bytes", 20_000: "20.0 kB", 15_400_000: "15.4 MB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}
