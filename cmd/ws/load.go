package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
)

// load is a run of ws load.
type load struct {
	console
	client
	connections int
	opening     int
	rate        float64
	size        string
	duration    time.Duration
	messages    int
	inFlight    int
	binary      bool
	oneWay      bool
	wait        time.Duration
	svg         string
	json        bool

	least, most int // bytes of a message
	stats       *stats
}

func loadCommand(c console) *cobra.Command {
	l := &load{console: c}
	cmd := &cobra.Command{
		Use:   "load URL",
		Short: "Measure how a server answers many messages over many connections",
		Long: `Load opens connections, sends messages over all of them and measures how long
the answers take. The server must answer each message with one, in order, as an
echo does; with --one-way nothing is awaited.

Without --rate each connection sends its next message when one was answered,
with --in-flight messages under way. With --rate messages are sent at that rate
over all connections together, and their latency counts from when they should
have been sent: a server that stalls delays all that would have been sent
meanwhile, and none of that is left out (no coordinated omission).`,
		Example: `  ws load ws://localhost:8080/echo
  ws load --connections 1000 --rate 20000 --size 100-2000 --duration 1m ws://localhost:8080/echo
  ws load --messages 1000 --svg latency.svg wss://staging.example.com/echo`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args[0]) },
	}
	fs := cmd.Flags()
	l.client.add(cmd)
	fs.IntVarP(&l.connections, "connections", "c", 10, "how many connections")
	fs.IntVar(&l.opening, "opening", 50, "how many handshakes at a time")
	fs.Float64VarP(&l.rate, "rate", "r", 0, "messages a second, over all connections; 0 for as many as are answered")
	fs.StringVar(&l.size, "size", "125", "bytes of a message, or a range such as 100-2000")
	fs.DurationVarP(&l.duration, "duration", "d", 10*time.Second, "for how long to send; 0 for until --messages")
	fs.IntVarP(&l.messages, "messages", "n", 0, "how many messages each connection sends; 0 for until --duration")
	fs.IntVar(&l.inFlight, "in-flight", 1, "without --rate: how many messages of a connection are under way at a time")
	fs.BoolVarP(&l.binary, "binary", "b", false, "send binary messages")
	fs.BoolVar(&l.oneWay, "one-way", false, "await no answers")
	fs.DurationVarP(&l.wait, "wait", "w", 5*time.Second, "how long to wait for the answers to the last messages")
	fs.StringVar(&l.svg, "svg", "", "write a histogram of the latencies to this SVG file")
	fs.BoolVarP(&l.json, "json", "j", false, "print the result as JSON")
	return cmd
}

// run opens the connections, sends, and prints the result.
func (l *load) run(ctx context.Context, url string) error {
	if err := l.check(); err != nil {
		return err
	}
	d, err := l.dialer()
	if err != nil {
		return err
	}
	l.stats = newStats()
	show := l.progress()
	conns, err := l.open(ctx, d, url)
	if err != nil {
		show.stop()
		return err
	}
	l.stats.begin(l.now())
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() { l.drive(ctx, c, i) })
	}
	all.Wait()
	show.stop()
	result := l.stats.result(l)
	if err := l.print(result); err != nil {
		return err
	}
	if l.svg != "" && result.Answered > 0 {
		if err := writeHistogram(l.svg, url, l.stats); err != nil {
			return fmt.Errorf("load: %s: %w", l.svg, err)
		}
	}
	return l.verdict(ctx, result)
}

func (l *load) check() error {
	bad := func(format string, args ...any) error { return fail(exitUsage, fmt.Sprintf(format, args...)) }
	low, high, ranged := strings.Cut(l.size, "-")
	if !ranged {
		high = low
	}
	var errLow, errHigh error
	l.least, errLow = strconv.Atoi(low)
	l.most, errHigh = strconv.Atoi(high)
	switch {
	case errLow != nil || errHigh != nil || l.least < 0 || l.most < l.least || l.most > 1<<30:
		return bad("--size: %q is no size: want bytes, such as 125 or 100-2000", l.size)
	case l.connections < 1 || l.opening < 1:
		return bad("--connections and --opening: want at least 1")
	case l.rate < 0 || l.messages < 0 || l.duration < 0:
		return bad("--rate, --messages and --duration: want 0 or more")
	case l.inFlight < 1 || l.inFlight > maxPending:
		return bad("--in-flight: want 1 to %d", maxPending)
	case l.duration == 0 && l.messages == 0:
		return bad("--duration and --messages are both 0: the test would not end")
	}
	return nil
}

// open opens the connections, some at a time. Some may fail; if all do, their
// first error is returned.
func (l *load) open(ctx context.Context, d *ws.Dialer, url string) ([]*ws.Conn, error) {
	var mu sync.Mutex
	var conns []*ws.Conn // protected by mu
	var first error      // protected by mu
	slots := make(chan struct{}, l.opening)
	var all sync.WaitGroup
	for range l.connections {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			c, err := d.Dial(ctx, url)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				l.stats.failed(err)
				if first == nil {
					first = err
				}
				return
			}
			l.stats.opened()
			conns = append(conns, c)
		})
	}
	all.Wait()
	if len(conns) == 0 {
		return nil, first
	}
	return conns, nil
}

// verdict is the error of a test in which something went wrong.
func (l *load) verdict(ctx context.Context, r result) error {
	var problems []string
	if r.Failed > 0 {
		problems = append(problems, fmt.Sprintf("%d of %s could not be opened", r.Failed, count(l.connections, "connection")))
	}
	if r.Lost > 0 {
		problems = append(problems, count(r.Lost, "connection")+" ended early")
	}
	if r.Unanswered > 0 {
		problems = append(problems, count(r.Unanswered, "message")+" without an answer")
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fail(exitInterrupted, "")
	case len(problems) > 0:
		return fail(exitDiffers, "load: "+strings.Join(problems, ", "))
	}
	return nil
}

// message makes messages of random sizes out of one text, so that making them
// costs nothing.
func (l *load) message(text []byte) []byte {
	return text[:l.least+rand.IntN(l.most-l.least+1)]
}

// text is what messages are cut from: digits, which are valid as text, and of
// which the cut ends in no character.
func (l *load) text() []byte {
	const digits = "0123456789"
	return []byte(strings.Repeat(digits, l.most/len(digits)+1))
}

// print prints the result.
func (l *load) print(r result) error {
	if l.json {
		e := json.NewEncoder(l.out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err := fmt.Fprint(l.out, r.String())
	return err
}
