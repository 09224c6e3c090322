//go:build !js

// Command browser measures the cost of a message in headless Chrome: in
// hand-written JavaScript, with a plain syscall/js binding, with
// coder/websocket's js build, and with this library. Run it in the folder of
// the bench module:
//
//	go run ./browser                                 all cases; writes browser/results
//	go run ./browser -only 'window/binary/16/64'     some cases; prints them alone
//	go run ./browser -heap                           the JavaScript heap alone
//
// A case is place/data/size/flight: window or worker, binary or text, bytes of
// a message, messages in flight (1 is ping-pong). Elements of a pattern may be
// *.
//
// Machines are noisy: the reliable figure is the CPU time of the program's
// thread, as a ratio to that of JavaScript in the same round. Rounds of
// all contestants alternate, in one Chrome, each contestant in a process of its
// own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// runTime bounds a whole run.
const runTime = 15 * time.Minute

// options are the command's flags.
type options struct {
	only     string
	who      string
	rounds   int
	duration time.Duration
	warmUp   time.Duration
	heap     bool
	out      string
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "measure only cases that match one of these `patterns`, separated by commas")
	flag.StringVar(&o.who, "contestants", "", "measure only these `names`, separated by commas, and JavaScript")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of each case; the median counts")
	flag.DurationVar(&o.duration, "duration", 100*time.Millisecond, "traffic of one contestant in one round")
	flag.DurationVar(&o.warmUp, "warmup", 1500*time.Millisecond, "traffic of each contestant before its first case, until its code has been compiled for speed")
	flag.BoolVar(&o.heap, "heap", false, "measure the JavaScript heap of programs that write to a slow server, and nothing else")
	flag.StringVar(&o.out, "out", "", "write results to this `folder`; a run of everything writes to browser/results without it")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	everything := o.only == "" && o.who == "" && !o.heap
	if o.out == "" && everything {
		o.out = filepath.Join("browser", "results")
		if _, err := os.Stat("browser"); err != nil {
			return errors.New("run it in the folder bench, or name a folder for the results with -out")
		}
	}
	r, err := measure(ctx, o, everything)
	if err != nil {
		return err
	}
	if o.out == "" {
		fmt.Print("\n", r.markdown(false))
		return nil
	}
	return r.write(o.out)
}

// measure does what o asks for.
func measure(ctx context.Context, o options, everything bool) (*results, error) {
	cases, err := selectCases(o.only)
	if err != nil {
		return nil, err
	}
	names, err := selectContestants(o.who)
	if err != nil {
		return nil, err
	}
	b, err := newBench(ctx, names)
	if err != nil {
		return nil, err
	}
	defer b.close()
	r := &results{names: names}
	if !o.heap {
		if r.rows, err = b.speed(cases, o); err != nil {
			return nil, err
		}
	}
	if o.heap || everything {
		if r.heap, err = b.heap(heapMessages); err != nil {
			return nil, err
		}
	}
	r.about = b.about(o)
	return r, nil
}
